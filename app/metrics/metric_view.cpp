#include "metrics/metric_view.h"

#include <QCheckBox>
#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QJsonArray>
#include <QLabel>
#include <QLineEdit>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "runs/run_book.h"
#include "views/exportable.h"

namespace ternion::app {
namespace {

constexpr const char* runProperty = "run";

QJsonArray toJson(const QCPRange& range) { return {range.lower, range.upper}; }

/// Nothing where it is none.
std::optional<QCPRange> rangeFrom(const QJsonValue& json) {
    const QJsonArray ends = json.toArray();
    const QCPRange range(ends.at(0).toDouble(), ends.at(1).toDouble());
    if (ends.size() != 2 || !(range.lower < range.upper) || !QCPRange::validRange(range)) return std::nullopt;
    return range;
}

}  // namespace

MetricView::MetricView(const QString& id, const MetricContext& context)
    : id_(id),
      context_(context),
      controls_(new QHBoxLayout),
      column_(new QVBoxLayout(this)),
      reading_(new QWidget),
      cursors_(makeLabel({}, "small", false)),
      annotation_(new QLineEdit),
      said_(makeLabel({}, "small", true)) {
    setObjectName("metrics." + id);
    controls_->setContentsMargins(grid, 0, grid, 0);
    controls_->setSpacing(grid);
    controls_->addStretch(1);
    column_->setContentsMargins(0, 0, 0, 0);
    column_->setSpacing(0);
    column_->addLayout(controls_);
    auto* row = new QHBoxLayout(reading_);
    row->setContentsMargins(grid, grid / 2, grid, grid / 2);
    row->setSpacing(grid);
    row->addWidget(cursors_, 1);
    row->addWidget(annotation_);
    column_->addWidget(reading_);
    column_->addWidget(said_);
    cursors_->setObjectName(objectName() + ".cursors");
    cursors_->setWordWrap(true);
    cursors_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    annotation_->setObjectName(objectName() + ".annotation");
    annotation_->setPlaceholderText(tr("Note at A, then Return"));
    annotation_->setAccessibleName(tr("Note at cursor A"));
    annotation_->setFixedWidth(annotation_->fontMetrics().horizontalAdvance(annotation_->placeholderText()) + 4 * grid);
    said_->setObjectName(objectName() + ".notes");
    said_->setWordWrap(true);
    said_->setContentsMargins(grid, 0, grid, grid / 2);
    said_->hide();
    reading_->hide();
    connect(annotation_, &QLineEdit::returnPressed, this, &MetricView::annotate);
}

void MetricView::runsChanged() { schedule(); }

void MetricView::othersShown() {
    for (const Plot& plot : plots_) plot.fit->forget();
    schedule();
}

void MetricView::setNormalised(bool on) {
    if (std::exchange(normalised_, on) != on) othersShown();
}

QJsonObject MetricView::state() const {
    QJsonObject state;
    for (const auto* box : findChildren<QComboBox*>()) state[box->objectName()] = box->currentData().toString();
    for (const auto* box : findChildren<QCheckBox*>()) state[box->objectName()] = box->isChecked();
    for (const Plot& plot : plots_)
        if (!plot.fit->untouched())
            state[plot.plot->objectName()] =
                QJsonObject{{"x", toJson(plot.plot->xAxis->range())}, {"y", toJson(plot.plot->yAxis->range())}};
    return state;
}

void MetricView::restore(const QJsonObject& state) {
    for (auto* box : findChildren<QComboBox*>()) {
        const int index = box->findData(state[box->objectName()].toString());
        if (index >= 0) box->setCurrentIndex(index);
    }
    for (auto* box : findChildren<QCheckBox*>()) box->setChecked(state[box->objectName()].toBool(box->isChecked()));
    for (const Plot& plot : plots_) {
        const QJsonObject ranges = state[plot.plot->objectName()].toObject();
        const auto x = rangeFrom(ranges["x"]);
        const auto y = rangeFrom(ranges["y"]);
        plot.fit->forget();
        if (x && y) plot.fit->keep(*x, *y);
    }
    schedule();
}

std::vector<ShownRun> MetricView::shownRuns() const {
    std::vector<ShownRun> all;
    for (const std::int64_t id : runs().shown())
        if (const RunSummary* run = runs().find(id))
            all.push_back({id, nameOf(*run), PlotView::seriesColor(static_cast<int>(all.size()))});
    return all;
}

std::int64_t MetricView::baseline() const {
    const RunSummary* run = normalised_ ? runs().baseline() : nullptr;
    return run != nullptr ? run->id : 0;
}

QString MetricView::titleOf(const QString& quantity, const QString& unit) const {
    if (baseline() != 0) return tr("%1 (relative to the median of baseline #%2)").arg(quantity).arg(baseline());
    return QStringLiteral("%1 (%2)").arg(quantity, unit);
}

QComboBox* MetricView::addChoice(const QString& name, const QString& title,
                                 const std::vector<std::pair<QString, QString>>& choices) {
    auto* box = new QComboBox;
    box->setObjectName(objectName() + '.' + name);
    box->setAccessibleName(title);
    box->setToolTip(title);
    for (const auto& [key, shown] : choices) box->addItem(shown, key);
    controls_->insertWidget(controls_->count() - 1, box);
    controls_->setContentsMargins(grid, grid / 2, grid, grid / 2);
    connect(box, &QComboBox::currentIndexChanged, this, &MetricView::othersShown);
    return box;
}

QCheckBox* MetricView::addCheck(const QString& name, const QString& title, const QString& toolTip) {
    auto* box = new QCheckBox(title);
    box->setObjectName(objectName() + '.' + name);
    box->setToolTip(toolTip);
    controls_->insertWidget(controls_->count() - 1, box);
    connect(box, &QCheckBox::toggled, this, &MetricView::othersShown);
    return box;
}

QString MetricView::choice(const QString& name) const {
    return findChild<QComboBox*>(objectName() + '.' + name)->currentData().toString();
}

bool MetricView::checked(const QString& name) const { return findChild<QCheckBox*>(objectName() + '.' + name)->isChecked(); }

void MetricView::setContent(QWidget* content) { column_->insertWidget(1, content, 1); }

PlotView* MetricView::addPlot(const QString& name) {
    auto* plot = new PlotView(objectName() + '.' + name);
    plot->setLegendFrom(1);
    plot->setLegendBelow(1);
    plot->legend->setIconSize(2 * grid, 3 * grid / 2);
    auto* cursors = new PlotCursors(*plot);
    plots_.push_back({plot, std::make_unique<PlotFit>(*plot), cursors});
    connect(cursors, &PlotCursors::changed, this, [this, cursors] { cursorsChanged(cursors); });
    connect(plot->xAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), this, &MetricView::rangeChanged);
    return plot;
}

QWidget* MetricView::framed(const QString& title, Exportable& exported, QWidget* widget) {
    const QString panel = widget->objectName();
    auto* frame = new QWidget;
    auto* row = new QHBoxLayout;
    row->setContentsMargins(grid, 0, grid / 2, 0);
    row->setSpacing(grid);
    auto* column = new QVBoxLayout(frame);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(row);
    column->addWidget(widget, 1);
    row->addWidget(makeLabel(title, "small", true), 1);
    row->addWidget(makeExportButton(panel, title, exported, *widget, context_.actions));
    return frame;
}

void MetricView::fit(PlotView* plot) {
    const Plot* found = find(plot);
    wrapLegend(*plot);
    found->fit->update();
    found->cursors->update();
}

/// As many entries a row as there is room for.
void MetricView::wrapLegend(PlotView& plot) {
    int widest = 1;
    for (int k = 0; k < plot.legend->itemCount(); ++k)
        if (const auto* entry = plot.legend->item(k))  // a last row may have room left
            widest = std::max(widest, entry->minimumOuterSizeHint().width() + plot.legend->columnSpacing());
    plot.legend->setWrap(std::max(1, (plot.width() - 2 * grid) / widest));
    // Rows and columns are given when an entry is added.
    plot.legend->setFillOrder(plot.legend->fillOrder(), true);
}

bool MetricView::fitted(PlotView* plot) const { return find(plot)->fit->untouched(); }

void MetricView::refit(PlotView* plot) { find(plot)->fit->forget(); }

void MetricView::setNotes(const QStringList& notes) {
    notes_ = notes;
    said_->setText(notes.join(QLatin1Char('\n')));
    said_->setVisible(!notes.isEmpty());
}

void MetricView::setRun(QCPAbstractPlottable* series, std::int64_t run) {
    series->setProperty(runProperty, QVariant::fromValue(qlonglong{run}));
}

void MetricView::schedule() {
    if (scheduled_ || !isVisible()) return;
    scheduled_ = true;
    QMetaObject::invokeMethod(
        this,
        [this] {
            scheduled_ = false;
            if (isVisible()) read();
        },
        Qt::QueuedConnection);
}

void MetricView::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    schedule();
}

void MetricView::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    for (const Plot& plot : plots_) wrapLegend(*plot.plot);
}

void MetricView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && isVisible()) draw();
}

const MetricView::Plot* MetricView::find(const PlotView* plot) const {
    return &*std::find_if(plots_.begin(), plots_.end(), [plot](const Plot& known) { return known.plot == plot; });
}

void MetricView::cursorsChanged(PlotCursors* cursors) {
    active_ = cursors;
    const QString text = cursors->text();
    cursors_->setText(text);
    reading_->setVisible(!text.isEmpty());
    const QCPAbstractPlottable* series = cursors->seriesOf(PlotCursors::A);
    annotation_->setVisible(series != nullptr && series->property(runProperty).isValid());
}

void MetricView::annotate() {
    const QString text = annotation_->text().trimmed();
    const QCPAbstractPlottable* series = active_->seriesOf(PlotCursors::A);
    if (text.isEmpty() || series == nullptr) return;
    const auto run = series->property(runProperty).toLongLong();
    const double seconds = secondsAt(run, active_->cursor(PlotCursors::A)->x);
    runs().write([run, seconds, note = text.toStdString()](RunStore& store) -> Status {
        TERNION_TRY([[maybe_unused]] const auto made, store.annotate(run, seconds, note));
        return {};
    });
    annotation_->clear();
}

QString nameOf(const RunSummary& run) {
    return QStringLiteral("#%1 %2 · %3")
        .arg(run.id)
        .arg(QString::fromStdString(run.facts.model.name), QString::fromStdString(run.facts.device.id()));
}

QString seriesName(const SeriesFacts& facts, const QString& run) {
    QString name = QString::fromStdString(facts.name);
    if (facts.source != Source::Measured)
        name +=
            QStringLiteral(" (%1)").arg(QString::fromUtf8(nameOf(facts.source).data(), qsizetype(nameOf(facts.source).size())));
    return run.isEmpty() ? name : QStringLiteral("%1 · %2").arg(run, name);
}

QPen penOf(const SeriesFacts& facts, const QColor& color, double width) {
    return {color, width, facts.source == Source::Measured ? Qt::SolidLine : Qt::DashLine};
}

}  // namespace ternion::app
