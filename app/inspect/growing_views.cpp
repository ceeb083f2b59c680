#include "inspect/growing_views.h"

#include <QHBoxLayout>
#include <QVBoxLayout>
#include <numeric>

#include "chat/labels.h"
#include "inspect/inspector.h"

namespace ternion::app {
namespace {

QString growingViewsText(const char* source) { return QCoreApplication::translate("GrowingViews", source); }

}  // namespace

void showGrown(MapView& map, const MapSource* before, std::shared_ptr<const MapSource> source, const ColorScale& scale) {
    const MapRegion shown = map.region();
    const bool part =
        before != nullptr && shown != MapRegion{0, before->rows(), 0, before->columns()} && before->rows() == source->rows();
    map.setSource(std::move(source), scale);
    if (part) map.showRegion(shown);
}

void addLine(PlotView& plot, const QString& name, const QPen& pen, int first, const QVector<double>& values) {
    constexpr int smoothUpTo = 1000;  // smoothed, a line of thousands of points takes tens of milliseconds
    QVector<double> tokens(values.size());
    std::iota(tokens.begin(), tokens.end(), first);
    auto* graph = plot.addGraph();
    graph->setName(name);
    graph->setPen(pen);
    graph->setAntialiased(values.size() <= smoothUpTo);
    graph->setData(tokens, values, true);
}

QStringList tokenTexts(const Inspector& inspector) {
    QStringList texts;
    texts.reserve(static_cast<qsizetype>(inspector.timeline().size()));
    for (const TimelineToken& token : inspector.timeline()) texts << token.text;
    return texts;
}

QString whatToDo(const Inspector& inspector, const QString& answer) {
    if (!inspector.model())
        return growingViewsText("No model is open. Open one from the Model menu, then ask something in the chat.");
    if (inspector.timeline().empty()) return growingViewsText("Ask something in the chat: %1").arg(answer);
    return {};
}

QWidget* inARow(std::initializer_list<QWidget*> widgets) {
    auto* all = new QWidget;
    auto* row = new QHBoxLayout(all);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(grid);
    for (QWidget* widget : widgets) row->addWidget(widget);
    row->addStretch(1);
    return all;
}

QWidget* underTitle(QWidget* title, QWidget* button, QWidget* view) {
    auto* frame = new QWidget;
    auto* row = new QHBoxLayout;
    row->setContentsMargins(grid, 0, grid / 2, 0);
    row->setSpacing(grid);
    row->addWidget(title, 1);
    row->addWidget(button);
    auto* column = new QVBoxLayout(frame);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(row);
    column->addWidget(view, 1);
    return frame;
}

}  // namespace ternion::app
