#include "inspect/weights/trits_view.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "inspect/weights/matrix_sources.h"
#include "inspect/weights/view_row.h"
#include "views/map_view.h"

namespace ternion::app {

LinkedMaps::LinkedMaps(const std::vector<MapView*>& maps, QObject* parent) : QObject(parent), maps_(maps) {
    for (MapView* map : maps_) {
        connect(map, &MapView::cellActivated, this, [this](int row, int) { emit rowActivated(row); });
        connect(map, &MapView::regionChanged, this, [this, map] {
            if (following_ || !map->isVisible()) return;
            following_ = true;
            for (MapView* other : maps_)
                if (other != map) other->showRegion(map->region());
            following_ = false;
        });
    }
}

void LinkedMaps::markRow(int row) {
    for (MapView* map : maps_)
        if (map->markedRow() != row) map->setMarked(row, map->markedColumn());
}

TritsView::TritsView(ActionRegistry& actions, QWidget* parent) : QWidget(parent), value_(new QComboBox), row_(new ViewRow) {
    value_->setObjectName("tritValue");
    value_->setAccessibleName(tr("What the map shows"));
    value_->addItems({tr("Trits"), tr("Share of zeros")});
    for (const char* name : {"tritMap", "tritMapCompared"}) {
        maps_.push_back(row_->add(new MapView(QString::fromLatin1(name))));
        maps_.back()->setAxes(tr("output"), tr("input"));
        maps_.back()->setAccessibleName(tr("Map of the trits of a matrix"));
        maps_.back()->setAccessibleDescription(
            tr("Plus and minus zoom, arrow keys move, 0 shows all, Return selects the output"));
    }
    linked_ = new LinkedMaps(maps_, this);
    auto* row = new QHBoxLayout;
    row->setSpacing(grid);
    row->addWidget(value_);
    row->addWidget(makeLabel(tr("Wheel or + and − zoom to single trits; 0 shows all."), "small", true), 1);
    row->addWidget(makeExportButton(QStringLiteral("weights.trits"), tr("Trit map"), *row_, *row_, actions));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(grid, grid, grid, grid);
    column->setSpacing(grid);
    column->addLayout(row);
    column->addWidget(row_, 1);
    connect(value_, &QComboBox::currentIndexChanged, this, &TritsView::setSources);
    connect(linked_, &LinkedMaps::rowActivated, this, &TritsView::channelActivated);
}

void TritsView::setMatrices(const std::vector<ShownMatrix>& matrices, int channel) {
    if (matrices != matrices_) {
        matrices_ = matrices;
        QStringList titles;
        for (const ShownMatrix& matrix : matrices_) titles << matrix.title;
        row_->setTitles(titles, titles.size() > 1);
        setSources();
    }
    linked_->markRow(channel);
}

void TritsView::setSources() {
    const auto value = static_cast<TritValue>(value_->currentIndex());
    for (std::size_t k = 0; k < maps_.size(); ++k) {
        if (k >= matrices_.size()) {
            maps_[k]->setSource(nullptr, {});
            continue;
        }
        // Shares of zeros are nowhere near 1, except where a pixel is a trit: twice the mean shows what varies.
        const WeightStatistics& matrix = matrices_[k].statistics();
        const auto high = static_cast<float>(std::min(1.0, 2 * matrix.share(matrix.counts.zero)));
        maps_[k]->setSource(tritSource(matrices_[k], value),
                            value == TritValue::Mean ? ColorScale{ColorScale::Map::Trits, -1, 1, tr("mean trit")}
                                                     : ColorScale{ColorScale::Map::Sequential, 0, high, tr("share of zeros")});
    }
}

}  // namespace ternion::app
