#include "compare/cell_gates.h"

#include <QHBoxLayout>
#include <QLocale>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "chat/labels.h"
#include "compare/comparison_job.h"
#include "inspect/channel_map.h"
#include "inspect/weights/trits_view.h"
#include "inspect/weights/view_row.h"
#include "views/map_view.h"

namespace ternion::app {
namespace {

/// Two series as one: the second less the first, where both are there.
class SeriesDifference {
public:
    SeriesDifference(TraceSeries first, TraceSeries other) : first_(std::move(first)), other_(std::move(other)) {}
    int width() const { return first_.width(); }
    int firstToken() const { return std::max(first_.firstToken(), other_.firstToken()); }
    int endToken() const { return std::min(first_.endToken(), other_.endToken()); }
    std::vector<float> row(int token) const {
        const auto a = first_.row(token);
        const auto b = other_.row(token);
        std::vector<float> apart(a.size());
        std::transform(b.begin(), b.end(), a.begin(), apart.begin(), std::minus<>());
        return apart;
    }

private:
    TraceSeries first_, other_;
};

struct Gates {
    TraceSeries first, other;
    float reach = 0.0F;  ///< of the difference
};

Gates readGates(const ComparisonFeed& feed, const CellPlace& place, const std::stop_token& stop) {
    const TraceRequest::Item item{TraceTensor::ForgetGate, place.item.layer};
    Gates gates{feed.series(0, item), feed.series(place.side, item)};
    const SeriesDifference apart(gates.first, gates.other);
    for (int token = apart.firstToken(); token < apart.endToken() && !stop.stop_requested(); ++token)
        for (const float value : apart.row(token))
            if (std::isfinite(value)) gates.reach = std::max(gates.reach, std::abs(value));
    return gates;
}

}  // namespace

CellGates::CellGates(ActionRegistry& actions, QWidget* parent)
    : QWidget(parent), note_(makeLabel({}, "small", true)), row_(new ViewRow) {
    note_->setObjectName("compareGatesNote");
    for (const char* name : {"compareGateFirst", "compareGateOther", "compareGateDifference"}) {
        maps_.push_back(row_->add(new MapView(QString::fromLatin1(name))));
        maps_.back()->setAxes(tr("Channel"), tr("Token"));
    }
    linked_ = new LinkedMaps(maps_, this);
    connect(linked_, &LinkedMaps::rowActivated, linked_, &LinkedMaps::markRow);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(grid, 0, grid / 2, 0);
    head->addWidget(note_, 1);
    head->addWidget(makeExportButton("compare.gates", tr("Forget gates"), *row_, *row_, actions));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, grid / 2, 0, 0);
    column->setSpacing(0);
    column->addLayout(head);
    column->addWidget(row_, 1);
    clear();
}

void CellGates::clear() {
    task_.stop();
    note_->setText(tr("Click a cell of the map to see the forget gates of its layer here."));
    for (MapView* map : maps_) map->setSource(nullptr, {});
    row_->setTitles({}, false);
}

void CellGates::show(const std::shared_ptr<ComparisonFeed>& feed, const CellPlace& place, const QStringList& tokens) {
    task_.run([feed, place](const std::stop_token& stop) { return readGates(*feed, place, stop); },
              [this, place, tokens](const Gates& gates) {
                  const SeriesDifference apart(gates.first, gates.other);
                  if (apart.endToken() <= apart.firstToken()) {
                      clear();
                      return note_->setText(tr("The forget gates of layer %1 were not kept.").arg(place.item.layer));
                  }
                  const QString other = sideLetter(place.side);
                  const ColorScale gate{ColorScale::Map::Sequential, 0.0F, 1.0F, {}};
                  maps_[0]->setSource(
                      std::make_shared<ChannelMap<TraceSeries>>(gates.first, std::vector<int>(), tokens, tr("f of A:")), gate);
                  maps_[1]->setSource(std::make_shared<ChannelMap<TraceSeries>>(gates.other, std::vector<int>(), tokens,
                                                                                tr("f of %1:").arg(other)),
                                      gate);
                  maps_[2]->setSource(std::make_shared<ChannelMap<SeriesDifference>>(apart, std::vector<int>(), tokens,
                                                                                     tr("%1 − A:").arg(other)),
                                      ColorScale::diverging(-gates.reach, gates.reach));
                  row_->setTitles({QStringLiteral("A"), other, tr("%1 − A").arg(other)}, true);
                  note_->setText(tr("Forget gate of layer %1; largest difference %2")
                                     .arg(place.item.layer)
                                     .arg(QLocale().toString(gates.reach, 'g', 4)));
                  const int channel = place.channel < gates.first.width() ? place.channel : -1;
                  for (MapView* map : maps_) map->setMarked(channel, place.token);
              });
}

}  // namespace ternion::app
