#include "inspect/hidden/hidden_page.h"

#include <QSignalBlocker>

namespace ternion::app {

QString nameOfDepth(int depth) {
    return depth == 0 ? DepthChoice::tr("embedding") : DepthChoice::tr("layer %1").arg(depth - 1);
}

DepthChoice::DepthChoice(Inspector& inspector, QWidget* parent) : QComboBox(parent), inspector_(inspector) {
    setObjectName("hidden.depth");
    setAccessibleName(tr("Depth"));
    setToolTip(tr("Which states are looked at: the embeddings, or what leaves a layer"));
    connect(&inspector, &Inspector::modelChanged, this, &DepthChoice::fill);
    connect(&inspector, &Inspector::selectionChanged, this, [this, layer = inspector.selection().layer]() mutable {
        // The embedding stays chosen while only tokens and channels change.
        if (std::exchange(layer, inspector_.selection().layer) != layer) setCurrentIndex(layer + 1);
    });
    connect(this, &QComboBox::activated, this, &DepthChoice::choose);
    connect(this, &QComboBox::currentIndexChanged, this, &DepthChoice::depthChanged);
    fill();
}

void DepthChoice::fill() {
    const QSignalBlocker quiet(this);
    clear();
    const auto open = inspector_.model();
    if (!open) return;
    for (int depth = 0; depth <= open->checkpoint.model->config.numLayers; ++depth) addItem(nameOfDepth(depth));
    setCurrentIndex(inspector_.selection().layer + 1);
}

void DepthChoice::choose(int depth) {
    setCurrentIndex(depth);
    if (depth == 0) return;
    Selection selection = inspector_.selection();
    selection.layer = depth - 1;
    inspector_.select(selection);
}

std::vector<TraceSeries> HiddenPage::allSeries() const {
    std::vector<TraceSeries> all;
    for (int depth = 0; depth < depth_.depths(); ++depth) all.push_back(series(depth));
    return all;
}

std::vector<TraceRequest::Item> HiddenPage::allStates() const {
    std::vector<TraceRequest::Item> all;
    for (int depth = 0; depth < depth_.depths(); ++depth) all.push_back(stateAt(depth));
    return all;
}

QString HiddenPage::nameOfToken(int token) const {
    const auto& timeline = inspector_.timeline();
    const auto at = static_cast<std::size_t>(token);
    return at < timeline.size() ? tr("token %1 “%2”").arg(token).arg(timeline[at].text) : QString();
}

void HiddenPage::selectToken(int token) {
    Selection selection = inspector_.selection();
    selection.token = token;
    inspector_.select(selection);
}

}  // namespace ternion::app
