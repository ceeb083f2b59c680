#include "compare/history_view.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QTextBrowser>
#include <QVBoxLayout>
#include <algorithm>
#include <array>

#include "base/log.h"
#include "chat/labels.h"
#include "compare/comparison_job.h"
#include "compare/history_table.h"
#include "compare/outline_html.h"
#include "inspect/growing_views.h"
#include "metrics/store_reading.h"
#include "runs/run_book.h"
#include "shell/message_bar.h"

namespace ternion::app {
namespace {

struct Quantity {
    const char* title;
    std::optional<double> TrendPoint::*value;
};
constexpr std::array quantities{
    Quantity{QT_TRANSLATE_NOOP("HistoryView", "Largest difference"), &TrendPoint::maxAbs},
    Quantity{QT_TRANSLATE_NOOP("HistoryView", "KL of the next token (nats)"), &TrendPoint::kl},
    Quantity{QT_TRANSLATE_NOOP("HistoryView", "Same most probable token (share)"), &TrendPoint::top1},
    Quantity{QT_TRANSLATE_NOOP("HistoryView", "Wall time a token, ratio to A"), &TrendPoint::wallRatio},
    Quantity{QT_TRANSLATE_NOOP("HistoryView", "Time by the devices' clocks, ratio to A"), &TrendPoint::clockRatio},
    Quantity{QT_TRANSLATE_NOOP("HistoryView", "Energy a token, ratio to A"), &TrendPoint::energyRatio},
};

Result<std::vector<ComparisonOutline>> readOutlines(const RunReader& reader) {
    TERNION_TRY(const auto records, reader.comparisons());
    std::vector<ComparisonOutline> outlines;
    outlines.reserve(records.size());
    for (const ComparisonRecord& record : records) {
        auto outline = ComparisonOutline::of(record);
        if (outline)
            outlines.push_back(std::move(outline).value());
        else
            log(LogLevel::Warning, outline.error().text());  // by a version that wrote something else
    }
    return outlines;
}

}  // namespace

HistoryView::HistoryView(RunBook& runs, ActionRegistry& actions, MessageArea& messages, QWidget* parent)
    : QWidget(parent),
      runs_(runs),
      messages_(messages),
      reading_(new StoreReading(runs.store(), this)),
      pages_(new QStackedWidget),
      table_(new HistoryTable),
      report_(new QTextBrowser),
      quantity_(new QComboBox),
      trendNote_(makeLabel({}, "small", true)),
      trend_(new PlotView("compareTrend")),
      trendFit_(*trend_),
      baseline_(new QPushButton(tr("Make it the baseline"))),
      clear_(new QPushButton(tr("No baseline"))),
      runsOf_(new QPushButton(tr("Show its runs"))),
      delete_(new QPushButton(tr("Delete"))) {
    report_->setObjectName("compareOutline");
    report_->setFrameShape(QFrame::NoFrame);
    quantity_->setObjectName("compareQuantity");
    quantity_->setAccessibleName(tr("What the trend shows"));
    for (const Quantity& quantity : quantities) quantity_->addItem(tr(quantity.title));
    trendNote_->setObjectName("compareTrendNote");
    trend_->setLegendFrom(2);
    auto* below = new QSplitter(Qt::Horizontal);
    below->setChildrenCollapsible(false);
    below->addWidget(report_);
    below->addWidget(underTitle(inARow({quantity_, trendNote_}),
                                makeExportButton("compare.trend", tr("Trend"), *trend_, *trend_, actions), trend_));
    for (int k = 0; k < 2; ++k) below->setStretchFactor(k, 1);
    auto* split = new QSplitter(Qt::Vertical);
    split->setChildrenCollapsible(false);
    split->addWidget(
        underTitle(makeControls(), makeExportButton("compare.history", tr("Comparisons"), *table_, *table_, actions), table_));
    split->addWidget(below);
    split->setStretchFactor(0, 1);
    split->setStretchFactor(1, 1);
    auto* empty = makeLabel(tr("No comparison has been kept yet: make one, and it is listed here with its report."), "", true);
    empty->setObjectName("compareHistoryEmpty");
    empty->setAlignment(Qt::AlignCenter);
    empty->setWordWrap(true);
    pages_->addWidget(empty);
    pages_->addWidget(split);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, grid / 2, 0, 0);
    column->addWidget(pages_);

    connect(table_, &HistoryTable::chosen, this, &HistoryView::showChosen);
    connect(quantity_, &QComboBox::currentIndexChanged, this, [this] {
        trendFit_.forget();
        drawTrend(table_->current());
    });
    connect(reading_, &StoreReading::failed, this, [this](const QString& why) { messages_.post(MessageKind::Error, why); });
    connect(&runs_, &RunBook::changed, this, [this] {
        if (isVisible()) read();
    });
    runs_.watch(this);
    showChosen();
}

QWidget* HistoryView::makeControls() {
    struct Button {
        QPushButton* button;
        const char* name;
        const char* icon;
    };
    for (const Button& each : {Button{baseline_, "compareBaseline", "star"}, Button{clear_, "compareClearBaseline", "close"},
                               Button{runsOf_, "compareRunsOf", "measure"}, Button{delete_, "compareDelete", "delete"}}) {
        each.button->setObjectName(QString::fromLatin1(each.name));
        each.button->setIcon(themedIcon(QString::fromLatin1(each.icon)));
    }
    runsOf_->setToolTip(tr("In the Runs and Metrics docks of the main window"));
    connect(baseline_, &QPushButton::clicked, this,
            [this] { runs_.write([id = table_->current()->id](RunStore& store) { return store.setComparisonBaseline(id); }); });
    connect(clear_, &QPushButton::clicked, this,
            [this] { runs_.write([](RunStore& store) { return store.setComparisonBaseline(0); }); });
    connect(runsOf_, &QPushButton::clicked, this, [this] {
        std::vector<std::int64_t> shown;
        for (const std::int64_t run : table_->current()->runs)
            if (run != 0) shown.push_back(run);
        runs_.show(std::move(shown));
    });
    connect(delete_, &QPushButton::clicked, this, &HistoryView::askToRemove);
    return inARow({baseline_, clear_, runsOf_, delete_});
}

void HistoryView::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    read();
}

void HistoryView::read() {
    reading_->run([](StoreConnection& connection) { return readOutlines(*connection.reader); },
                  [this](std::vector<ComparisonOutline> outlines) {
                      const bool none = outlines.empty();
                      table_->setOutlines(std::move(outlines));
                      if (!none && table_->current() == nullptr) table_->selectRow(0);
                      pages_->setCurrentIndex(none ? 0 : 1);
                  });
}

void HistoryView::showChosen() {
    const ComparisonOutline* of = table_->current();
    const auto& all = table_->outlines();
    const auto baseline = std::find_if(all.begin(), all.end(), [](const auto& outline) { return outline.baseline; });
    for (QPushButton* button : {baseline_, runsOf_, delete_}) button->setEnabled(of != nullptr);
    baseline_->setEnabled(of != nullptr && !of->baseline);
    clear_->setEnabled(baseline != all.end());
    report_->setHtml(of == nullptr ? QString() : outlineHtml(*of, baseline == all.end() ? nullptr : &*baseline));
    trendFit_.forget();
    drawTrend(of);
}

/// Of comparisons with the sides of `of`: one after the other, named by their numbers and versions.
void HistoryView::drawTrend(const ComparisonOutline* of) {
    trend_->clearAll();
    trendNote_->clear();
    if (of == nullptr) return trend_->replot(QCustomPlot::rpQueuedReplot);
    std::vector<ComparisonOutline> same;
    std::copy_if(table_->outlines().begin(), table_->outlines().end(), std::back_inserter(same),
                 [&](const ComparisonOutline& outline) { return outline.sameSides(*of); });
    const auto trends = trendsOf(same);
    if (trends.empty()) return;
    const Quantity& quantity = quantities[static_cast<std::size_t>(quantity_->currentIndex())];
    const auto ticker = QSharedPointer<QCPAxisTickerText>::create();
    int known = 0;
    for (std::size_t k = 0; k < trends.front().against.size(); ++k) {
        QVector<double> x, y;
        const auto& points = trends.front().against[k];
        for (std::size_t n = 0; n < points.size(); ++n) {
            const TrendPoint& point = points[n];
            ticker->addTick(static_cast<double>(n),
                            QStringLiteral("#%1%2\n%3")
                                .arg(point.comparison)
                                .arg(point.baseline ? QStringLiteral(" ★") : QString(), QString::fromStdString(point.program)));
            if (!(point.*quantity.value)) continue;
            x << static_cast<double>(n);
            y << *(point.*quantity.value);
        }
        known += static_cast<int>(x.size());
        auto* line = trend_->addGraph();
        line->setName(tr("%1 against A").arg(sideLetter(static_cast<int>(k) + 1)));
        line->setPen(QPen(PlotView::seriesColor(static_cast<int>(k) + 1), 1));
        line->setScatterStyle({QCPScatterStyle::ssDisc, static_cast<double>(grid)});
        line->setData(x, y, true);
    }
    trendNote_->setText(known == 0 ? tr("not known of these comparisons")
                                   : tr("%1 comparisons of these sides").arg(same.size()));
    trend_->xAxis->setTicker(ticker);
    trend_->setTitles(tr("Comparison and version"), tr(quantity.title));
    trendFit_.update();
    constexpr double aside = 0.5;  // room for the first and the last name
    trend_->xAxis->setRange(-aside, static_cast<double>(same.size()) - aside);
}

void HistoryView::askToRemove() {
    const std::int64_t id = table_->current()->id;
    messages_.clear();
    messages_.post(MessageKind::Warning, tr("Delete comparison %1 and its report? Its runs stay.").arg(id),
                   MessageAction{tr("Delete it"), [this, id] {
                                     messages_.clear();
                                     runs_.write([id](RunStore& store) { return store.removeComparison(id); });
                                 }});
}

}  // namespace ternion::app
