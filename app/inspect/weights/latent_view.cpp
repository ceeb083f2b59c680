#include "inspect/weights/latent_view.h"
#include "shell/format.h"

#include <QComboBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "inspect/weights/matrix_sources.h"
#include "inspect/weights/trits_view.h"
#include "inspect/weights/view_row.h"
#include "shell/colors.h"
#include "views/map_view.h"
#include "views/plot_view.h"

namespace ternion::app {

LatentView::LatentView(ActionRegistry& actions, QWidget* parent)
    : QWidget(parent),
      pages_(new QStackedWidget),
      note_(makeLabel({}, "", true)),
      value_(new QComboBox),
      plots_(new ViewRow),
      maps_(new ViewRow) {
    note_->setObjectName("latentNote");
    note_->setWordWrap(true);
    note_->setAlignment(Qt::AlignCenter);
    note_->setMargin(2 * grid);
    value_->setObjectName("errorValue");
    value_->setAccessibleName(tr("Which error the map shows"));
    value_->addItems({tr("Error with its sign"), tr("Root mean square error")});
    auto* summaryRow = new QHBoxLayout;
    for (const char* name : {"", "Compared"}) {
        summaries_.push_back(makeLabel({}, "small", true));
        summaries_.back()->setObjectName(QStringLiteral("latentSummary") + QLatin1String(name));
        summaries_.back()->setWordWrap(true);
        summaryRow->addWidget(summaries_.back(), 1);
        plotViews_.push_back(plots_->add(new PlotView(QStringLiteral("latentHistogram") + QLatin1String(name))));
        plotViews_.back()->setAccessibleName(tr("Histogram of the latent weights"));
        plotViews_.back()->setTitles(tr("W / γ"), tr("weights"));
        mapViews_.push_back(maps_->add(new MapView(QStringLiteral("errorMap") + QLatin1String(name))));
        mapViews_.back()->setAccessibleName(tr("Map of the rounding error of a matrix"));
        mapViews_.back()->setAxes(tr("output"), tr("input"));
    }
    linked_ = new LinkedMaps(mapViews_, this);
    connect(linked_, &LinkedMaps::rowActivated, this, &LatentView::channelActivated);

    const auto heading = [](const QString& title, QWidget* extra, QWidget* button) {
        auto* row = new QHBoxLayout;
        row->setSpacing(grid);
        row->addWidget(makeLabel(title, "", false), 1);
        if (extra != nullptr) row->addWidget(extra);
        row->addWidget(button);
        return row;
    };
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(grid, grid, grid, grid);
    column->setSpacing(grid);
    column->addLayout(
        heading(tr("Weights before rounding"), nullptr,
                makeExportButton(QStringLiteral("weights.latent"), tr("Latent weights"), *plots_, *plots_, actions)));
    column->addWidget(plots_, 1);
    column->addLayout(summaryRow);
    column->addLayout(
        heading(tr("Rounding error W − γ·trit"), value_,
                makeExportButton(QStringLiteral("weights.error"), tr("Rounding error"), *maps_, *maps_, actions)));
    column->addWidget(maps_, 1);
    pages_->addWidget(note_);
    pages_->addWidget(content);
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(pages_);
    connect(value_, &QComboBox::currentIndexChanged, this, &LatentView::setSources);
}

void LatentView::setMatrices(const std::vector<ShownMatrix>& matrices, int channel) {
    linked_->markRow(channel);
    if (matrices == matrices_) return;
    matrices_ = matrices;
    due_ = true;
    if (isVisible()) read();
}

void LatentView::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (due_) read();
}

void LatentView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange)
        for (std::size_t k = 0; k < read_.size(); ++k) plot(*plotViews_[k], read_[k]);
}

Result<LatentView::Read> LatentView::readOne(const ShownMatrix& matrix, const std::stop_token& stop) {
    TERNION_TRY(auto opened, LatentWeights::open(matrix.of->path.toStdString(), matrix.of->model, matrix.place()));
    Read read{std::make_shared<const LatentWeights>(std::move(opened)), {}};
    TERNION_TRY(read.statistics, read.weights->statistics({{}, stop}));
    return read;
}

void LatentView::read() {
    due_ = false;
    constexpr int soon = 300;  // milliseconds; what is quicker needs no word
    const auto tell = [this] {
        if (!task_.running()) return;
        note_->setText(tr("Reading the weights…"));
        pages_->setCurrentIndex(0);
    };
    QTimer::singleShot(soon, this, tell);
    task_.run(
        [matrices = matrices_](const std::stop_token& stop) {
            std::vector<Result<Read>> all;
            all.reserve(matrices.size());
            for (const ShownMatrix& matrix : matrices) all.push_back(readOne(matrix, stop));
            return all;
        },
        [this](const std::vector<Result<Read>>& all) { take(all); });
}

/// What cannot be read is said below the title of its matrix; where nothing can, instead of everything.
void LatentView::take(const std::vector<Result<Read>>& all) {
    read_.clear();
    QStringList titles, notes;
    for (auto* summary : summaries_) summary->clear();
    for (std::size_t k = 0; k < all.size(); ++k)
        if (all[k]) {
            const LatentStatistics& statistics = all[k]->statistics;
            const QLocale locale;
            summaries_[read_.size()]->setText(
                tr("Mean error %1 γ, root mean square %2 γ. %3 of the weights are within %4 γ of a threshold. "
                   "Beyond the picture: %5 below, %6 above.")
                    .arg(locale.toString(statistics.meanAbsoluteError, 'f', 4),
                         locale.toString(statistics.rootMeanSquareError, 'f', 4), formatPercent(statistics.nearThreshold),
                         locale.toString(LatentStatistics::near), locale.toString(qlonglong{statistics.histogram.below}),
                         locale.toString(qlonglong{statistics.histogram.above})));
            titles << matrices_[k].title;
            plot(*plotViews_[read_.size()], *all[k]);
            read_.push_back(*all[k]);
        } else {
            notes << QString::fromStdString(all[k].error().text());
        }
    if (read_.empty())
        note_->setText(notes.join(QStringLiteral("\n\n")));
    else if (!notes.empty())
        summaries_[read_.size()]->setText(notes.join(QLatin1Char('\n')));
    plots_->setTitles(titles, matrices_.size() > 1);
    maps_->setTitles(titles, matrices_.size() > 1);
    for (auto* summary : summaries_) summary->setVisible(!summary->text().isEmpty());
    pages_->setCurrentIndex(read_.empty() ? 0 : 1);
    setSources();
}

void LatentView::plot(PlotView& plot, const Read& read) const {
    plot.clearAll();
    const LatentHistogram& histogram = read.statistics.histogram;
    std::vector<QCPBars*> bars;  // -1, 0, +1
    for (const int trit : {-1, 0, 1}) {
        auto* one = bars.emplace_back(new QCPBars(plot.xAxis, plot.yAxis));
        one->setName(tr("becomes %1").arg(tritText(trit)));
        one->setWidth(LatentHistogram::width);
        one->setPen(Qt::NoPen);
        one->setBrush(tritColor(trit));
    }
    for (int bin = 0; bin < LatentHistogram::bins; ++bin) {
        const double from = LatentHistogram::edge(bin);
        const std::size_t trit = from < -LatentHistogram::threshold ? 0 : from < LatentHistogram::threshold ? 1 : 2;
        bars[trit]->addData(from + LatentHistogram::width / 2, double(histogram.counts[static_cast<std::size_t>(bin)]));
    }
    for (const double threshold : {-LatentHistogram::threshold, LatentHistogram::threshold}) {
        auto* line = new QCPItemStraightLine(&plot);
        line->point1->setCoords(threshold, 0);
        line->point2->setCoords(threshold, 1);
        line->setPen(QPen(palette().color(QPalette::Text), 1, Qt::DashLine));
        line->setSelectable(false);
    }
    plot.showAll();
}

void LatentView::setSources() {
    const auto value = static_cast<ErrorValue>(value_->currentIndex());
    for (std::size_t k = 0; k < mapViews_.size(); ++k)
        if (k >= read_.size())
            mapViews_[k]->setSource(nullptr, {});
        else
            mapViews_[k]->setSource(errorSource(read_[k].weights, value),
                                    value == ErrorValue::Mean ? ColorScale::diverging(-0.5F, 0.5F, tr("γ"))
                                                              : ColorScale{ColorScale::Map::Sequential, 0, 1, tr("γ")});
}

}  // namespace ternion::app
