#include "runs/run_comparison_view.h"

#include <QAbstractTableModel>
#include <QHeaderView>
#include <QLocale>
#include <algorithm>
#include <set>

#include "runs/run_book.h"
#include "runs/run_text.h"

namespace ternion::app {
namespace {

constexpr int widestFigureColumn = 280;

QString runComparisonViewText(const char* source) { return QCoreApplication::translate("RunComparison", source); }

QString signedPercent(double ratio) {
    const double percent = 100 * (ratio - 1);
    return QStringLiteral("%1%2 %").arg(percent > 0 ? QStringLiteral("+") : QString(), QLocale().toString(percent, 'f', 1));
}

QString latencyText(const Difference& difference) {
    const QLocale locale;
    return runComparisonViewText("× %1 (95 %: %2 to %3), %4")
        .arg(locale.toString(difference.ratio, 'f', 3), locale.toString(difference.confidence.low, 'f', 3),
             locale.toString(difference.confidence.high, 'f', 3),
             difference.certain() ? runComparisonViewText("certain") : runComparisonViewText("not certain"));
}

Result<std::vector<double>> latenciesOf(const RunReader& reader, std::int64_t run) {
    TERNION_TRY(const auto all, reader.series(run));
    const auto found =
        std::find_if(all.begin(), all.end(), [](const SeriesFacts& series) { return series.name == "token_latency"; });
    if (found == all.end()) return Error{ErrorCode::NotFound, "this run has no latencies of tokens", {}};
    TERNION_TRY(const auto samples, reader.samples(found->id));
    std::vector<double> values;
    values.reserve(samples.size());
    for (const Sample& sample : samples) values.push_back(sample.value);
    return values;
}

RunComparisonView::Latencies compareAll(const RunReader& reader, const std::vector<std::int64_t>& runs,
                                        const std::stop_token& stop) {
    RunComparisonView::Latencies all;
    const auto reference = latenciesOf(reader, runs.front());
    for (std::size_t k = 1; k < runs.size() && !stop.stop_requested(); ++k) {
        const auto values = latenciesOf(reader, runs[k]);
        if (!reference || !values)
            all.emplace(runs[k], reference ? values.error() : reference.error());
        else
            all.emplace(runs[k], compareMeans(*reference, *values));
    }
    return all;
}

}  // namespace

/// Rows: the mean latency, then each figure that some run has. Columns: its name, the reference, and of each other run the
/// value and the difference.
class RunComparisonView::Model : public QAbstractTableModel {
public:
    using QAbstractTableModel::QAbstractTableModel;

    void setRuns(std::vector<RunSummary> runs) {
        beginResetModel();
        runs_ = std::move(runs);
        figures_.clear();
        std::set<std::string> seen;
        for (const RunSummary& run : runs_)
            for (const Figure& figure : run.figures)
                if (seen.insert(figure.name).second) figures_.push_back(figure.name);
        endResetModel();
    }
    void setLatencies(std::optional<Latencies> latencies) {
        latencies_ = std::move(latencies);
        if (rowCount() > 0) emit dataChanged(index(0, 0), index(0, columnCount() - 1));
    }

    int rowCount(const QModelIndex& = {}) const override {
        return runs_.size() < 2 ? 0 : 1 + static_cast<int>(figures_.size());
    }
    int columnCount(const QModelIndex& = {}) const override { return runs_.empty() ? 0 : 2 * static_cast<int>(runs_.size()); }

    QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
        if (orientation == Qt::Vertical) return {};
        if (role == Qt::TextAlignmentRole) return alignment(section);
        if (section == 0) {
            if (role == Qt::DisplayRole) return runComparisonViewText("Figure");
            return role == valueRole ? QVariant(QStringLiteral("figure")) : QVariant();
        }
        const RunSummary& run = runs_[runOf(section)];
        if (role == valueRole)
            return isDifference(section) ? QStringLiteral("run_%1_difference").arg(run.id)
                                         : QStringLiteral("run_%1").arg(run.id);
        if (role == Qt::ToolTipRole) return runTitle(run);
        if (role != Qt::DisplayRole) return {};
        if (isDifference(section)) return runComparisonViewText("against #%1").arg(runs_.front().id);
        return run.baseline ? runComparisonViewText("#%1 (baseline)").arg(run.id) : QStringLiteral("#%1").arg(run.id);
    }

    QVariant data(const QModelIndex& at, int role) const override {
        if (role == Qt::TextAlignmentRole) return alignment(at.column());
        if (at.column() == 0) {
            if (role != Qt::DisplayRole && role != valueRole) return {};
            if (at.row() == 0)
                return role == valueRole ? QStringLiteral("token_latency_mean") : runComparisonViewText("Token latency, mean");
            const std::string& name = figures_[static_cast<std::size_t>(at.row()) - 1];
            return role == valueRole ? QString::fromStdString(name) : figureTitle(name);
        }
        if (at.row() == 0) return latency(at.column(), role);
        return isDifference(at.column()) ? difference(at, role) : value(at, role);
    }

private:
    static std::size_t runOf(int column) { return static_cast<std::size_t>(column) / 2; }
    static int alignment(int column) {
        return int(Qt::AlignVCenter | (column == 0 || isDifference(column) ? Qt::AlignLeft : Qt::AlignRight));
    }
    static bool isDifference(int column) { return column >= 3 && column % 2 == 1; }
    const Figure* figure(const QModelIndex& at, std::size_t run) const { return runs_[run].figure(nameIn(at)); }
    const std::string& nameIn(const QModelIndex& at) const { return figures_[static_cast<std::size_t>(at.row()) - 1]; }

    QVariant value(const QModelIndex& at, int role) const {
        const Figure* found = figure(at, runOf(at.column()));
        if (found == nullptr) return role == Qt::ToolTipRole ? whyMissing(runs_[runOf(at.column())], nameIn(at)) : QVariant();
        switch (role) {
            case Qt::DisplayRole:
                return figureText(*found);
            case valueRole:
                return found->value;
            case Qt::BackgroundRole:
                return found->source == Source::Measured ? QVariant() : QVariant(sourceBrush(found->source));
            default:
                return {};
        }
    }

    QVariant difference(const QModelIndex& at, int role) const {
        const Figure* reference = figure(at, 0);
        const Figure* found = figure(at, runOf(at.column()));
        if (reference == nullptr || found == nullptr || reference->value == 0)
            return role == Qt::ToolTipRole
                       ? runComparisonViewText("not known: one of both is missing, or the reference is zero")
                       : QVariant();
        const double ratio = found->value / reference->value;
        if (role == Qt::DisplayRole) return signedPercent(ratio);
        return role == valueRole ? QVariant(ratio - 1) : QVariant();
    }

    /// The means come with the comparison: those of the reference from any of them.
    QVariant latency(int column, int role) const {
        const RunSummary& run = runs_[runOf(column)];
        if (!latencies_ || latencies_->empty()) {
            if (role == Qt::DisplayRole) return column == 1 ? QVariant() : QVariant(runComparisonViewText("…"));
            return role == Qt::ToolTipRole ? runComparisonViewText("compared when all of these runs have ended") : QVariant();
        }
        const auto found = runOf(column) == 0 ? std::find_if(latencies_->begin(), latencies_->end(),
                                                             [](const auto& other) { return other.second.ok(); })
                                              : latencies_->find(run.id);
        if (found == latencies_->end() || !found->second) {
            if (role != Qt::ToolTipRole) return {};
            return found == latencies_->end()
                       ? runComparisonViewText("not known: nothing here compares")
                       : runComparisonViewText("not known: %1").arg(QString::fromStdString(found->second.error().text()));
        }
        const Difference& is = *found->second;
        if (isDifference(column)) {
            if (role == Qt::DisplayRole) return latencyText(is);
            if (role == Qt::ToolTipRole)
                return is.certain() ? runComparisonViewText("The interval does not hold 1: the means differ")
                                    : runComparisonViewText("The interval holds 1: the means may be equal");
            return role == valueRole ? QVariant(is.ratio - 1) : QVariant();
        }
        const double mean = runOf(column) == 0 ? is.meanA : is.meanB;
        if (role == Qt::DisplayRole) return valueText(1e3 * mean, "ms");
        return role == valueRole ? QVariant(mean) : QVariant();
    }

    std::vector<RunSummary> runs_;
    std::vector<std::string> figures_;
    std::optional<Latencies> latencies_;
};

RunComparisonView::RunComparisonView(RunBook& book, QWidget* parent)
    : ModelTable("runs.comparison", tr("Comparison of the chosen runs"), parent), book_(book), model_(new Model(this)) {
    setModel(model_);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    connect(&book, &RunBook::changed, this, &RunComparisonView::refresh);
    connect(&book, &RunBook::shownChanged, this, &RunComparisonView::refresh);
    refresh();
}

void RunComparisonView::refresh() {
    std::vector<std::int64_t> ids;
    const RunSummary* baseline = book_.baseline();
    if (baseline != nullptr && book_.shown().size() > 1) ids.push_back(baseline->id);
    for (const std::int64_t id : book_.shown())
        if (baseline == nullptr || id != baseline->id) ids.push_back(id);
    std::vector<RunSummary> runs;
    for (const std::int64_t id : ids)
        if (const RunSummary* run = book_.find(id)) runs.push_back(*run);
    if (runs.size() < 2) runs.clear();
    std::vector<std::int64_t> there;
    there.reserve(runs.size());
    for (const RunSummary& run : runs) there.push_back(run.id);
    const bool ended = std::none_of(runs.begin(), runs.end(), [](const auto& run) { return run.state == RunState::Running; });
    const bool same = there == compared_ && ended == compares_;
    compared_ = std::move(there);
    compares_ = ended;
    model_->setRuns(std::move(runs));
    if (!same) compareLatencies();
    fitColumns(widestFigureColumn);
}

void RunComparisonView::compareLatencies() {
    comparing_.stop();
    model_->setLatencies(std::nullopt);
    if (compared_.size() < 2 || !compares_) return;
    auto opened = book_.store().reader();
    if (!opened) return;  // the book tells
    comparing_.run([reader = std::shared_ptr<RunReader>(std::move(opened).value()),
                    runs = compared_](const std::stop_token& stop) { return compareAll(*reader, runs, stop); },
                   [this](Latencies latencies) {
                       model_->setLatencies(std::move(latencies));
                       fitColumns(widestFigureColumn);
                   });
}

}  // namespace ternion::app
