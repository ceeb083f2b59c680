#include "metrics/run_kernels.h"

#include <algorithm>
#include <numeric>

#include "views/plot_view.h"

namespace ternion::app {
namespace {

Result<RunKernels> readRun(StoreConnection& connection, std::int64_t run, bool prefill) {
    RunKernels read{run, {}, std::nullopt};
    TERNION_TRY(auto kernels, connection.reader->kernels(run));
    for (KernelRecord& kernel : kernels)
        if (kernel.prefill == prefill) read.kernels.push_back(std::move(kernel.time));
    TERNION_TRY(const auto series, connection.reader->series(run));
    for (const SeriesFacts& facts : series) {
        if (facts.name != "token_latency") continue;
        TERNION_TRY(const auto newest, connection.reader->points(facts.id, {}, 1));
        if (newest.empty()) continue;
        TERNION_TRY(read.tokens, connection.summary(facts.id, newest.back().last));
    }
    return read;
}

}  // namespace

double RunKernels::seconds() const {
    return std::accumulate(kernels.begin(), kernels.end(), 0.0,
                           [](double sum, const KernelTime& kernel) { return sum + kernel.seconds; });
}

Result<std::vector<RunKernels>> readKernels(StoreConnection& connection, const std::vector<std::int64_t>& runs, bool prefill) {
    std::vector<RunKernels> all;
    for (const std::int64_t run : runs) {
        auto read = readRun(connection, run, prefill);
        if (read)
            all.push_back(std::move(read).value());
        else if (read.error().code != ErrorCode::NotFound)  // deleted meanwhile
            return read.error();
    }
    return all;
}

std::vector<std::string> namesByTime(const std::vector<RunKernels>& runs) {
    std::map<std::string, double> seconds;
    for (const RunKernels& run : runs)
        for (const KernelTime& kernel : run.kernels) seconds[kernel.kernel] += kernel.seconds;
    std::vector<std::string> names;
    names.reserve(seconds.size());
    for (const auto& [name, time] : seconds) names.push_back(name);
    std::stable_sort(names.begin(), names.end(),
                     [&](const std::string& a, const std::string& b) { return seconds[a] > seconds[b]; });
    return names;
}

QColor kernelColor(std::size_t index) {
    constexpr std::size_t colors = 6;  // of PlotView::seriesColor
    constexpr int lighterBy = 45;      // per cent, each time round
    return PlotView::seriesColor(static_cast<int>(index)).lighter(100 + lighterBy * static_cast<int>(index / colors));
}

TimeUnit timeUnitFor(double most) {
    constexpr double milli = 1e-3;
    if (most >= 1) return {QStringLiteral("s"), 1};
    if (most >= milli) return {QStringLiteral("ms"), 1e3};
    return {QStringLiteral("µs"), 1e6};
}

}  // namespace ternion::app
