#include "metrics/kernels_view.h"

#include <QComboBox>
#include <QScrollArea>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "metrics/flame_view.h"
#include "metrics/run_kernels.h"
#include "runs/run_book.h"

namespace ternion::app {
namespace {

constexpr double widthOfLayer = 0.8;
constexpr int ticksAtMost = 16;

QString kernelsViewText(const char* source) { return QCoreApplication::translate("KernelsView", source); }

class KernelsView : public MetricView {
public:
    explicit KernelsView(const MetricContext& context)
        : MetricView("kernels", context), reading_(new StoreReading(runs().store(), this)) {
        addChoice("pass", kernelsViewText("Which passes"),
                  {{"decode", kernelsViewText("Decode")}, {"prefill", kernelsViewText("Prefill")}});
        auto* look = addChoice("look", kernelsViewText("How it is drawn"),
                               {{"bars", kernelsViewText("By layer")}, {"flame", kernelsViewText("As a flame")}});
        plot_ = addPlot("plot");
        flame_ = new FlameView("metrics.kernels.flame");
        back_ = makeToolButton("metrics.kernels.back", "back", kernelsViewText("All layers"));
        back_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        auto* scroll = new QScrollArea;
        scroll->setWidgetResizable(true);
        scroll->setProperty("flat", true);
        scroll->setFocusPolicy(Qt::NoFocus);
        scroll->setWidget(framed(kernelsViewText("Pass, layers and kernels, as wide as they take time"), *flame_, flame_));
        auto* flame = new QWidget;
        auto* column = new QVBoxLayout(flame);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addWidget(back_, 0, Qt::AlignLeft);
        column->addWidget(scroll, 1);
        auto* pages = new QStackedWidget;
        pages->addWidget(framed(kernelsViewText("Time of one pass by layer"), *plot_, plot_));
        pages->addWidget(flame);
        setContent(pages);
        back_->hide();
        connect(back_, &QToolButton::clicked, flame_, [this] { flame_->showLayer(std::nullopt); });
        connect(flame_, &FlameView::layerChanged, this, [this] { back_->setVisible(flame_->layer().has_value()); });
        connect(look, &QComboBox::currentIndexChanged, pages, &QStackedWidget::setCurrentIndex);
        connect(reading_, &StoreReading::failed, this, [this](const QString& why) { setNotes({why}); });
    }

protected:
    void read() override {
        auto ids = runs().shown();
        const std::int64_t relative = baseline();
        if (relative != 0) ids.push_back(relative);
        reading_->run([ids, prefill = choice("pass") ==
                                      "prefill"](StoreConnection& connection) { return readKernels(connection, ids, prefill); },
                      [this, relative](std::vector<RunKernels> read) {
                          relativeTo_ = 0;
                          if (relative != 0 && !read.empty() && read.back().run == relative) {
                              relativeTo_ = read.back().seconds();
                              read.pop_back();
                          }
                          read_ = std::move(read);
                          draw();
                      });
    }

    void draw() override {
        plot_->clearAll();
        QStringList problems;
        const bool relative = baseline() != 0;
        if (relative && relativeTo_ == 0)
            problems << kernelsViewText("The kernels of the baseline, run #%1, were not timed.").arg(baseline());
        const auto names = namesByTime(read_);
        std::map<std::string, QColor> colors;
        for (std::size_t k = 0; k < names.size(); ++k) colors[names[k]] = kernelColor(k);
        std::vector<FlameView::Pass> passes;
        std::vector<std::pair<ShownRun, const RunKernels*>> timed;
        for (const ShownRun& run : shownRuns())
            for (const RunKernels& read : read_) {
                if (read.run != run.id) continue;
                if (read.kernels.empty()) {
                    problems << kernelsViewText(
                                    "The kernels of %1 were not timed in these passes. A benchmark times them where that is "
                                    "chosen for it.")
                                    .arg(run.name);
                    continue;
                }
                passes.push_back({run.name, read.kernels});
                timed.emplace_back(run, &read);
            }
        flame_->setPasses(std::move(passes), colors);
        if (!relative || relativeTo_ > 0) drawBars(timed, names, colors);
        if (timed.size() > 1) {
            QStringList order;
            for (const auto& [run, read] : timed) order << run.name;
            problems << kernelsViewText("In each layer from left to right: %1.").arg(order.join(QStringLiteral(", ")));
        }
        setNotes(problems);
        fit(plot_);
    }

private:
    using Timed = std::vector<std::pair<ShownRun, const RunKernels*>>;

    /// The runs beside each other in every layer; what is in no layer stands after the last one.
    void drawBars(const Timed& timed, const std::vector<std::string>& names, std::map<std::string, QColor>& colors) {
        int layers = 0;
        for (const auto& [run, read] : timed)
            for (const KernelTime& kernel : read->kernels) layers = std::max(layers, kernel.layer + 1);
        std::vector<std::vector<std::vector<double>>> times(
            timed.size(), {names.size(), std::vector<double>(static_cast<std::size_t>(layers) + 1, 0.0)});
        double most = 0;
        for (std::size_t r = 0; r < timed.size(); ++r)
            for (const KernelTime& kernel : timed[r].second->kernels) {
                const auto name =
                    static_cast<std::size_t>(std::find(names.begin(), names.end(), kernel.kernel) - names.begin());
                double& sum = times[r][name][static_cast<std::size_t>(kernel.layer < 0 ? layers : kernel.layer)];
                sum += kernel.seconds;
                most = std::max(most, sum);
            }
        const TimeUnit unit = timeUnitFor(most);
        const double factor = baseline() != 0 ? 1 / relativeTo_ : unit.factor;
        plot_->setTitles(kernelsViewText("Layer"),
                         baseline() != 0 ? kernelsViewText("Time (relative to the whole pass of baseline #%1)").arg(baseline())
                                         : kernelsViewText("Time (%1)").arg(unit.name));
        setLayerTicks(layers);
        auto* group = new QCPBarsGroup(plot_);
        group->setSpacing(timed.size() > 1 ? 1 : 0);
        for (std::size_t r = 0; r < timed.size(); ++r) {
            QCPBars* below = nullptr;
            for (std::size_t n = 0; n < names.size(); ++n) {
                auto* bars = new QCPBars(plot_->xAxis, plot_->yAxis);
                const QString name = QString::fromStdString(names[n]);
                bars->setName(timed.size() > 1 ? QStringLiteral("%1 · %2").arg(timed[r].first.name, name) : name);
                if (r > 0) bars->removeFromLegend();  // the same colours
                bars->setPen(Qt::NoPen);
                bars->setBrush(colors[names[n]]);
                bars->setWidth(widthOfLayer / static_cast<double>(timed.size()));
                bars->setBarsGroup(group);
                QVector<double> x;
                QVector<double> y;
                for (std::size_t layer = 0; layer < times[r][n].size(); ++layer) {
                    if (times[r][n][layer] == 0) continue;  // it does not run there
                    x << static_cast<double>(layer);
                    y << times[r][n][layer] * factor;
                }
                bars->setData(x, y, true);
                if (below != nullptr) bars->moveAbove(below);
                below = bars;
            }
        }
    }

    void setLayerTicks(int layers) {
        const QSharedPointer<QCPAxisTickerText> ticks(new QCPAxisTickerText);
        const int step = layers / ticksAtMost + 1;
        for (int layer = 0; layer < layers; layer += step) ticks->addTick(layer, QString::number(layer));
        ticks->addTick(layers, layerName(-1));
        plot_->xAxis->setTicker(ticks);
    }

    StoreReading* reading_;
    std::vector<RunKernels> read_;
    double relativeTo_ = 0.0;  // seconds of the baseline's pass; 0: not timed
    PlotView* plot_;
    FlameView* flame_;
    QToolButton* back_;
};

}  // namespace

MetricViewDefinition kernelsView() {
    return {"kernels", kernelsViewText("Kernels"), kernelsViewText("Where the time of one pass goes: by layer and kernel."),
            [](const MetricContext& context) -> MetricView* { return new KernelsView(context); }};
}

}  // namespace ternion::app
