#include "compare/cell_weights.h"

#include <QHBoxLayout>
#include <QLocale>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "compare/comparison_job.h"
#include "inspect/weights/matrix_sources.h"
#include "inspect/weights/trits_view.h"
#include "inspect/weights/view_row.h"
#include "views/map_view.h"

namespace ternion::app {
namespace {

constexpr float tritReach = 2.0F;  // from -1 to +1

}  // namespace

CellWeights::CellWeights(ActionRegistry& actions, QWidget* parent)
    : QWidget(parent), note_(makeLabel({}, "small", true)), row_(new ViewRow) {
    note_->setObjectName("compareWeightsNote");
    note_->setWordWrap(true);
    for (const char* name : {"compareTritsFirst", "compareTritsOther", "compareTritsDifference"}) {
        maps_.push_back(row_->add(new MapView(QString::fromLatin1(name))));
        maps_.back()->setAxes(tr("Output"), tr("Input"));
    }
    linked_ = new LinkedMaps(maps_, this);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(grid, 0, grid / 2, 0);
    head->addWidget(note_, 1);
    head->addWidget(makeExportButton("compare.weights", tr("Weights"), *row_, *row_, actions));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, grid / 2, 0, 0);
    column->setSpacing(0);
    column->addLayout(head);
    column->addWidget(row_, 1);
    clear();
}

void CellWeights::clear() {
    task_.stop();
    note_->setText(tr("Click a cell of the map to see the weights behind it here."));
    for (MapView* map : maps_) map->setSource(nullptr, {});
    row_->setTitles({}, false);
}

void CellWeights::show(const std::shared_ptr<const Model>& first, const std::shared_ptr<const Model>& other,
                       const CellPlace& place) {
    const auto matrix = matrixBehind(place.item);
    if (!matrix) {
        clear();
        return note_->setText(tr("No matrix stands behind what enters the first layer: it is the token's embedding."));
    }
    task_.run(
        [first, other, matrix = *matrix](const std::stop_token& stop) { return compareWeights(first, other, matrix, stop); },
        [this, place](const WeightDifference& difference) { draw(difference, place); });
}

void CellWeights::draw(const WeightDifference& difference, const CellPlace& place) {
    const QString other = sideLetter(place.side);
    const QLocale locale;
    const ColorScale trits{ColorScale::Map::Trits, -1, 1, {}};
    maps_[0]->setSource(tritSource(difference.first, difference.firstLinear->weight, TritValue::Mean), trits);
    QString note = tr("%1, output %2 feeds channel %2").arg(titleOf(difference.place)).arg(place.channel);
    if (difference.sameModel()) {
        for (std::size_t k = 1; k < maps_.size(); ++k) maps_[k]->setSource(nullptr, {});
        row_->setTitles({tr("both sides: the same model")}, true);
    } else {
        maps_[1]->setSource(tritSource(difference.other, difference.otherLinear->weight, TritValue::Mean), trits);
        maps_[2]->setSource(differenceSource(difference), ColorScale::diverging(-tritReach, tritReach));
        row_->setTitles({QStringLiteral("A"), other, tr("%1 − A").arg(other)}, true);
        if (difference.firstOfAll)
            note += tr(". Trits that differ: %1, the first at output %2, input %3: %4 became %5")
                        .arg(locale.toString(static_cast<qlonglong>(difference.differing)))
                        .arg(difference.firstOfAll->row)
                        .arg(difference.firstOfAll->column)
                        .arg(tritText(difference.firstOfAll->first), tritText(difference.firstOfAll->other));
        else
            note += tr(". All trits are equal");
        const float a = difference.firstLinear->weight.gamma();
        const float b = difference.otherLinear->weight.gamma();
        if (a != b) note += tr("; the scale %1 became %2").arg(locale.toString(a, 'g', 6), locale.toString(b, 'g', 6));
        if (difference.differingNorms > 0) note += tr("; %1 weights of its norm differ").arg(difference.differingNorms);
    }
    note_->setText(note + QLatin1Char('.'));
    const int row = place.channel < difference.firstLinear->weight.rows() ? place.channel : -1;
    for (std::size_t k = 0; k + 1 < maps_.size(); ++k) maps_[k]->setMarked(row, -1);
    if (difference.firstOfAll)
        maps_[2]->setMarked(difference.firstOfAll->row, difference.firstOfAll->column);
    else
        maps_[2]->setMarked(row, -1);
}

}  // namespace ternion::app
