#include "metrics/series_view.h"

#include <QScopedValueRollback>
#include <QTimer>
#include <cmath>

#include "chat/labels.h"
#include "runs/run_book.h"

namespace ternion::app {
namespace {

constexpr int zoomMilliseconds = 30;  // after which a zoom is read: a turn of the wheel is several
constexpr int leastWidth = 400;       // pixels, before the plot has its place
constexpr int smoothUpTo = 1000;      // smoothed, a line of thousands of points takes tens of milliseconds
constexpr int bandAlpha = 56;
constexpr int flagCharacters = 24;
constexpr int flagRows = 3;

QVector<double> scaled(const std::vector<SeriesPoint>& points, const auto& value, const auto& scale) {
    QVector<double> values;
    values.reserve(static_cast<qsizetype>(points.size()));
    for (const SeriesPoint& point : points) values << scale(value(point));
    return values;
}

}  // namespace

SeriesView::SeriesView(const QString& id, const MetricContext& context)
    : MetricView(id, context), reading_(makeReading()), zoomed_(new QTimer(this)) {
    zoomed_->setSingleShot(true);
    zoomed_->setInterval(zoomMilliseconds);
    connect(zoomed_, &QTimer::timeout, this, [this] {
        // Whoever shows all in one plot sees all in the others.
        if (std::any_of(plots_.begin(), plots_.end(), [this](PlotView* plot) { return fitted(plot); }))
            for (PlotView* plot : plots_)
                if (!fitted(plot)) refit(plot);
        schedule();
    });
}

StoreReading* SeriesView::makeReading() {
    auto* reading = new StoreReading(runs().store(), this);
    connect(reading, &StoreReading::failed, this, [this](const QString& why) {
        failure_ = why;
        setNotes({why});
    });
    return reading;
}

PlotView* SeriesView::addSeriesPlot(const QString& name) {
    PlotView* plot = addPlot(name);
    if (!plots_.empty()) {
        const auto follow = [this](PlotView* one, PlotView* other) {
            connect(one->xAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), other,
                    [this, other](const QCPRange& range) {
                        if (drawing_) return;
                        other->xAxis->setRange(range);
                        other->replot(QCustomPlot::rpQueuedReplot);
                    });
        };
        follow(plots_.front(), plot);
        follow(plot, plots_.front());
    }
    plots_.push_back(plot);
    return plot;
}

void SeriesView::read() {
    LinesRequest request = wanted();
    request.runs = runs().shown();
    request.baseline = baseline();
    PlotView* plot = plots_.front();
    request.most = 2 * static_cast<std::size_t>(std::max(plot->axisRect()->width(), leastWidth));
    if (!fitted(plot)) {
        request.from = plot->xAxis->range().lower;
        request.to = plot->xAxis->range().upper;
    }
    reading_->run([request](StoreConnection& connection) { return readLines(connection, request); },
                  [this](LinesReading reading) {
                      lines_ = std::move(reading);
                      read_ = true;
                      failure_.clear();
                      draw();
                  });
}

void SeriesView::draw() {
    if (!read_) return;
    const QScopedValueRollback guard(drawing_, true);
    for (PlotView* plot : plots_) plot->clearAll();
    QStringList problems;
    drawLines(problems);
    for (const ShownRun& run : shownRuns()) {
        const RunLines* read = linesOf(run.id);
        if (read == nullptr) continue;
        if (overTime()) addFlags(*plots_.front(), *read, run.color);
        for (const Annotation& annotation : read->annotations)
            if (!annotation.seconds)
                problems << QStringLiteral("%1: %2").arg(run.name, QString::fromStdString(annotation.text));
    }
    if (!failure_.isEmpty()) problems << failure_;
    problems.removeDuplicates();
    setNotes(problems);
    for (PlotView* plot : plots_) fit(plot);
}

void SeriesView::rangeChanged() {
    if (!drawing_) zoomed_->start();
}

double SeriesView::secondsAt(std::int64_t run, double x) const {
    const RunLines* read = linesOf(run);
    return read == nullptr || read->lines.empty() ? x : app::secondsAt(x, read->lines.front(), wanted().along);
}

const RunLines* SeriesView::linesOf(std::int64_t run) const {
    const auto found =
        std::find_if(lines_.runs.begin(), lines_.runs.end(), [run](const RunLines& read) { return read.run == run; });
    return found == lines_.runs.end() ? nullptr : &*found;
}

std::optional<SeriesView::Scale> SeriesView::scaleOf(const RunLine& line, double factor, QStringList& problems) const {
    if (baseline() == 0) return Scale{factor, 0.0};
    const auto found = lines_.baseline.find(line.facts.name);
    if (found != lines_.baseline.end() && found->second.p50 > 0) return Scale{1.0 / found->second.p50, 0.0};
    tellNoBaseline(line, problems);
    return std::nullopt;
}

std::optional<SeriesView::Scale> SeriesView::counterScaleOf(const RunLine& line, double factor, QStringList& problems) const {
    if (line.points.empty()) return std::nullopt;
    // It only grows, so the least of its first samples is the first one.
    const double first = line.points.front().least;
    if (baseline() == 0) return Scale{factor, first};
    const auto found = lines_.baseline.find(line.facts.name);
    if (found != lines_.baseline.end() && found->second.p50 > found->second.least)
        return Scale{1.0 / (found->second.p50 - found->second.least), first};
    tellNoBaseline(line, problems);
    return std::nullopt;
}

void SeriesView::tellNoBaseline(const RunLine& line, QStringList& problems) const {
    problems << tr("The baseline, run #%1, has no values of %2 to be relative to.")
                    .arg(baseline())
                    .arg(QString::fromStdString(line.facts.name));
}

QCPGraph* SeriesView::addLine(PlotView& plot, const RunLine& line, const ShownRun& run, const QString& name, const QPen& pen,
                              const Scale& scale) const {
    return addLine(plot, line, run, name, pen,
                   {scaled(
                        line.points, [](const SeriesPoint& point) { return point.mean(); }, scale),
                    scaled(
                        line.points, [](const SeriesPoint& point) { return point.least; }, scale),
                    scaled(
                        line.points, [](const SeriesPoint& point) { return point.most; }, scale)});
}

QCPGraph* SeriesView::addLine(PlotView& plot, const RunLine& line, const ShownRun& run, const QString& name, const QPen& pen,
                              const Values& values) const {
    const QVector<double> x(line.x.begin(), line.x.end());
    const auto add = [&](const QString& title, const QVector<double>& y) {
        auto* graph = plot.addGraph();
        graph->setName(title);
        graph->setData(x, y, true);
        graph->setAntialiased(x.size() <= smoothUpTo);
        return graph;
    };
    if (std::any_of(line.points.begin(), line.points.end(), [](const SeriesPoint& point) { return point.count > 1; })) {
        auto* least = add(tr("%1: least").arg(name), values.least);
        auto* most = add(tr("%1: most").arg(name), values.most);
        QColor faint = pen.color();
        faint.setAlpha(bandAlpha);
        most->setBrush(faint);
        most->setChannelFillGraph(least);
        for (auto* graph : {least, most}) {
            graph->setPen(Qt::NoPen);
            graph->setAntialiasedFill(false);
            graph->setSelectable(QCP::stNone);
            graph->removeFromLegend();
        }
    }
    auto* graph = add(name, values.mean);
    graph->setPen(pen);
    if (x.size() == 1) graph->setScatterStyle({QCPScatterStyle::ssDisc, grid / 2.0});
    setRun(graph, run.id);
    return graph;
}

void SeriesView::tellMissing(const RunLine& line, const ShownRun& run, QStringList& problems) {
    const QString name = QString::fromStdString(line.facts.name);
    if (!line.facts.missing.empty())
        problems << tr("%1 of %2 is missing: %3").arg(name, run.name, QString::fromStdString(line.facts.missing));
    else if (line.points.empty())
        problems << tr("%1 of %2 has no values yet.").arg(name, run.name);
}

void SeriesView::addFlags(PlotView& plot, const RunLines& run, const QColor& color) {
    int row = 0;
    for (const Annotation& annotation : run.annotations) {
        if (!annotation.seconds) continue;
        const Along along = wanted().along;
        if (along == Along::Tokens && run.lines.empty()) continue;
        const double x = along == Along::Time ? *annotation.seconds : placeOf(*annotation.seconds, run.lines.front(), along);
        if (std::isnan(x)) continue;
        auto* pole = new QCPItemStraightLine(&plot);
        for (QCPItemPosition* end : {pole->point1, pole->point2}) end->setTypeY(QCPItemPosition::ptAxisRectRatio);
        pole->point1->setCoords(x, 0);
        pole->point2->setCoords(x, 1);
        pole->setPen(QPen(color, 1, Qt::DotLine));
        auto* flag = new QCPItemText(&plot);
        QString text = QString::fromStdString(annotation.text);
        if (text.size() > flagCharacters) text = text.left(flagCharacters - 1) + QChar(0x2026);
        flag->setText(text);
        flag->setFont(plot.font());
        flag->setColor(plot.palette().color(QPalette::Base));
        flag->setBrush(color);
        flag->setPadding({grid / 2, 0, grid / 2, 0});
        flag->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
        flag->position->setTypeY(QCPItemPosition::ptAxisRectRatio);
        // In a few rows, so that flags close to each other can be read.
        const double height = (plot.fontMetrics().height() + grid / 4.0) / std::max(plot.axisRect()->height(), 1);
        flag->position->setCoords(x, height * (row++ % flagRows));
        for (QCPAbstractItem* item : {static_cast<QCPAbstractItem*>(pole), static_cast<QCPAbstractItem*>(flag)})
            item->setSelectable(false);
    }
}

}  // namespace ternion::app
