#include "runs/missing_reasons.h"

#include <algorithm>

namespace ternion::app {
namespace {

using Missing = std::map<std::int64_t, std::vector<SeriesFacts>>;

Missing readMissing(const RunReader& reader, const std::vector<std::int64_t>& runs, const std::stop_token& stop) {
    Missing all;
    for (const std::int64_t run : runs) {
        if (stop.stop_requested()) break;
        auto series = reader.series(run);
        if (!series) continue;
        std::erase_if(*series, [](const SeriesFacts& facts) { return facts.missing.empty(); });
        all.emplace(run, std::move(*series));
    }
    return all;
}

}  // namespace

void MissingReasons::look(const std::vector<RunSummary>& runs) {
    if (reading_.running()) return;  // the next change asks again
    std::vector<std::int64_t> wanted;
    for (const RunSummary& run : runs)
        if (run.state != RunState::Running && missing_.count(run.id) == 0) wanted.push_back(run.id);
    if (wanted.empty()) return;
    auto opened = store_.reader();
    if (!opened) return;  // the book tells
    reading_.run([reader = std::shared_ptr<RunReader>(std::move(opened).value()),
                  wanted](const std::stop_token& stop) { return readMissing(*reader, wanted, stop); },
                 [this](Missing found) { missing_.merge(found); });
}

QString MissingReasons::of(const RunSummary& run, std::string_view series) const {
    if (const auto known = missing_.find(run.id); known != missing_.end())
        for (const SeriesFacts& facts : known->second)
            if (facts.name.starts_with(series)) return tr("not measured: %1").arg(QString::fromStdString(facts.missing));
    switch (run.state) {
        case RunState::Running:
            return tr("not measured yet: the run goes on");
        case RunState::Failed:
            return tr("not measured: the run failed (%1)").arg(QString::fromStdString(run.error));
        case RunState::Stopped:
            return tr("not measured: the run was stopped before");
        case RunState::Interrupted:
            return tr("not measured: the program ended during the run");
        case RunState::Finished:
            break;
    }
    return tr("not measured: this kind of run does not do it");
}

}  // namespace ternion::app
