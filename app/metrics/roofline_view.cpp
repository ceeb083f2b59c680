#include "metrics/roofline_view.h"

#include <QLocale>
#include <array>

#include "chat/labels.h"
#include "metrics/run_kernels.h"
#include "runs/run_book.h"

namespace ternion::app {
namespace {

constexpr auto ceilingFigure = "read_bandwidth_Bps";
constexpr double giga = 1e9;
constexpr double emptyFrom = 1e3;  // bytes, where there are ceilings but no kernels
constexpr double emptyTo = 1e9;

QString rooflineViewText(const char* source) { return QCoreApplication::translate("RooflineView", source); }

class RooflineView : public MetricView {
public:
    explicit RooflineView(const MetricContext& context)
        : MetricView("roofline", context), reading_(new StoreReading(runs().store(), this)) {
        addChoice("pass", rooflineViewText("Which passes"),
                  {{"decode", rooflineViewText("Decode")}, {"prefill", rooflineViewText("Prefill")}});
        plot_ = addPlot("plot");
        for (QCPAxis* axis : {plot_->xAxis, plot_->yAxis}) {
            axis->setScaleType(QCPAxis::stLogarithmic);
            axis->setTicker(QSharedPointer<QCPAxisTickerLog>::create());
        }
        plot_->xAxis->setNumberFormat("eb");
        plot_->xAxis->setNumberPrecision(0);
        setContent(framed(rooflineViewText("Achieved read rate against the device's ceiling"), *plot_, plot_));
        connect(reading_, &StoreReading::failed, this, [this](const QString& why) { setNotes({why}); });
    }

protected:
    void read() override {
        auto ids = runs().shown();
        if (baseline() != 0) ids.push_back(baseline());
        reading_->run(
            [ids, prefill = this->prefill()](StoreConnection& connection) { return readKernels(connection, ids, prefill); },
            [this](std::vector<RunKernels> read) {
                read_ = std::move(read);
                draw();
            });
    }

    void draw() override {
        plot_->clearAll();
        QStringList problems;
        const auto unit = unitOf(problems);
        plot_->setTitles(rooflineViewText("Weights that a kernel reads at a time (B)"),
                         baseline() != 0
                             ? rooflineViewText("Read rate (relative to the whole pass of baseline #%1)").arg(baseline())
                             : rooflineViewText("Read rate (GB/s)"));
        const auto names = namesByTime(read_);
        if (unit)
            for (const ShownRun& run : shownRuns()) drawRun(run, names, *unit, problems);
        if (unit) drawCeilings(*unit, problems);
        setNotes(problems);
        fit(plot_);
    }

private:
    bool prefill() const { return choice("pass") == "prefill"; }

    const RunKernels* kernelsOf(std::int64_t run) const {
        const auto found = std::find_if(read_.begin(), read_.end(), [run](const RunKernels& read) { return read.run == run; });
        return found == read_.end() ? nullptr : &*found;
    }

    static std::uint64_t weightsOf(const RunKernels& read) {
        std::uint64_t bytes = 0;
        for (const KernelTime& kernel : read.kernels) bytes += kernel.weightBytes;
        return bytes;
    }

    /// Bytes a second that are drawn as 1; nullopt: the baseline has none.
    std::optional<double> unitOf(QStringList& problems) const {
        if (baseline() == 0) return giga;
        const RunKernels* read = kernelsOf(baseline());
        if (read != nullptr && weightsOf(*read) > 0) return static_cast<double>(weightsOf(*read)) / read->seconds();
        problems << rooflineViewText("The kernels of the baseline, run #%1, were not timed.").arg(baseline());
        return std::nullopt;
    }

    void drawRun(const ShownRun& run, const std::vector<std::string>& names, double unit, QStringList& problems) {
        const RunKernels* read = kernelsOf(run.id);
        if (read == nullptr) return;
        if (read->kernels.empty()) {
            problems << rooflineViewText(
                            "The kernels of %1 were not timed in these passes. A benchmark times them where that is chosen for "
                            "it.")
                            .arg(run.name);
            return;
        }
        for (std::size_t n = 0; n < names.size(); ++n) {
            double bytes = 0;
            double seconds = 0;
            int times = 0;
            for (const KernelTime& kernel : read->kernels) {
                if (kernel.kernel != names[n] || kernel.weightBytes == 0) continue;
                bytes += static_cast<double>(kernel.weightBytes);
                seconds += kernel.seconds;
                ++times;
            }
            if (times > 0) addPoint(QString::fromStdString(names[n]), shapeOf(n), run, bytes / times, bytes / seconds / unit);
        }
        const auto bytes = static_cast<double>(weightsOf(*read));
        if (bytes == 0) return;
        addPoint(rooflineViewText("whole pass"), QCPScatterStyle::ssStar, run, bytes, bytes / read->seconds() / unit);
        if (!prefill() && read->tokens)
            addPoint(rooflineViewText("median token"), QCPScatterStyle::ssPlusCircle, run, bytes,
                     bytes / read->tokens->p50 / unit);
    }

    static QCPScatterStyle::ScatterShape shapeOf(std::size_t kernel) {
        constexpr std::array shapes{QCPScatterStyle::ssCircle,           QCPScatterStyle::ssSquare,
                                    QCPScatterStyle::ssDiamond,          QCPScatterStyle::ssTriangle,
                                    QCPScatterStyle::ssTriangleInverted, QCPScatterStyle::ssCross};
        return shapes[kernel % shapes.size()];
    }

    void addPoint(const QString& what, QCPScatterStyle::ScatterShape shape, const ShownRun& run, double bytes, double rate) {
        auto* graph = plot_->addGraph();
        graph->setName(runs().shown().size() > 1 ? QStringLiteral("%1 · %2").arg(run.name, what) : what);
        graph->addData(bytes, rate);
        graph->setLineStyle(QCPGraph::lsNone);
        graph->setPen(QPen(run.color, 2));
        graph->setScatterStyle({shape, 1.25 * grid});
    }

    /// As wide as there are points.
    void drawCeilings(double unit, QStringList& problems) {
        constexpr double aside = 2;
        bool found = false;
        QCPRange wide = plot_->graphCount() > 0 ? plot_->graph(0)->getKeyRange(found) : QCPRange(emptyFrom, emptyTo);
        for (int k = 1; k < plot_->graphCount(); ++k) wide.expand(plot_->graph(k)->getKeyRange(found));
        for (const ShownRun& run : shownRuns()) {
            const RunSummary* summary = runs().find(run.id);
            if (const Figure* ceiling = summary->figure(ceilingFigure))
                drawCeiling(*ceiling, run, {wide.lower / aside, wide.upper * aside}, unit);
            else
                problems << rooflineViewText(
                                "The read bandwidth of the device was not measured in %1, so it has no ceiling here. A "
                                "benchmark measures it.")
                                .arg(run.name);
        }
    }

    void drawCeiling(const Figure& ceiling, const ShownRun& run, const QCPRange& wide, double unit) {
        auto* line = plot_->addGraph();
        line->setName(rooflineViewText("Ceiling of %1").arg(run.name));
        line->setData({wide.lower, wide.upper}, {ceiling.value / unit, ceiling.value / unit}, true);
        line->setPen(QPen(run.color, 2, ceiling.source == Source::Measured ? Qt::SolidLine : Qt::DashLine));
        line->removeFromLegend();
        auto* label = new QCPItemText(plot_);
        label->position->setCoords(wide.lower, ceiling.value / unit);
        label->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
        label->setPadding({grid / 2, 0, 0, 0});
        label->setText(rooflineViewText("Ceiling of %1: %2 GB/s, %3")
                           .arg(run.name, QLocale().toString(ceiling.value / giga, 'g', 4),
                                QString::fromUtf8(nameOf(ceiling.source).data(), qsizetype(nameOf(ceiling.source).size()))));
        label->setFont(plot_->font());
        label->setColor(plot_->palette().color(QPalette::Text));
        label->setSelectable(false);
    }

    StoreReading* reading_;
    std::vector<RunKernels> read_;
    PlotView* plot_;
};

}  // namespace

MetricViewDefinition rooflineView() {
    return {"roofline", rooflineViewText("Roofline"),
            rooflineViewText("How near kernels come to what the device's memory can deliver."),
            [](const MetricContext& context) -> MetricView* { return new RooflineView(context); }};
}

}  // namespace ternion::app
