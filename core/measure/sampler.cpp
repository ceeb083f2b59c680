#include "measure/sampler.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace ternion {
namespace {

using Clock = ProbeSampler::Clock;
using Seconds = std::chrono::duration<double>;

/// Probes that are read one after the other, and when.
struct Group {
    std::vector<std::size_t> probes;
    double period = 0.0;  ///< seconds, as the sensor and the options allow
    double cost = 0.0;    ///< seconds that the last reading took
    double share = 0.0;   ///< of the time that its readings may take
    Clock::time_point due;
};

/// Those that can be read, all due now.
std::vector<Group> groupsOf(const Probes& probes, const SamplerOptions& options) {
    std::map<std::string, Group> groups;
    for (std::size_t i = 0; i < probes.size(); ++i) {
        const ProbeFacts& facts = probes[i]->facts();
        if (!facts.missing.empty()) continue;
        auto& group = groups[facts.together.empty() ? std::to_string(i) : facts.together];
        group.probes.push_back(i);
        group.period = std::max({group.period, options.leastPeriod, std::min(facts.period, options.mostPeriod)});
        group.due = Clock::now();
    }
    std::vector<Group> all;
    all.reserve(groups.size());
    for (auto& [name, group] : groups) all.push_back(std::move(group));
    return all;
}

/// Divides `share` among the groups: each gets what it needs for its period, those that need more than their part get what the
/// others leave.
void divide(std::vector<Group>& groups, double share) {
    std::vector<Group*> byNeed;
    byNeed.reserve(groups.size());
    for (auto& group : groups) byNeed.push_back(&group);
    const auto need = [](const Group* group) { return group->cost / group->period; };
    std::sort(byNeed.begin(), byNeed.end(), [&](const Group* a, const Group* b) { return need(a) < need(b); });
    auto left = static_cast<double>(groups.size());
    for (auto* group : byNeed) {
        group->share = share / left;
        share -= std::min(group->share, need(group));
        left -= 1.0;
    }
}

/// When a group is read again whose reading ended `now`.
Clock::time_point nextOf(const Group& group, Clock::time_point now) {
    constexpr double longest = 3600.0;  // seconds
    const double rest = std::min(std::max(group.period - group.cost, group.cost / group.share), longest);
    return now + std::chrono::duration_cast<Clock::duration>(Seconds(rest));
}

}  // namespace

ProbeSampler::ProbeSampler(std::shared_ptr<const Probes> probes,
                           std::function<void(std::size_t, Clock::time_point, double)> onReading,
                           std::function<void(std::size_t, const Error&)> onGone, const SamplerOptions& options)
    : probes_(std::move(probes)),
      onReading_(std::move(onReading)),
      onGone_(std::move(onGone)),
      options_(options),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void ProbeSampler::run(const std::stop_token& stop) {
    auto groups = groupsOf(*probes_, options_);
    std::mutex mutex;
    std::condition_variable_any never;  // only the stop token wakes
    while (!groups.empty()) {
        const auto next =
            std::min_element(groups.begin(), groups.end(), [](const Group& a, const Group& b) { return a.due < b.due; });
        {
            std::unique_lock lock(mutex);
            never.wait_until(lock, stop, next->due, [] { return false; });
        }
        if (stop.stop_requested()) return;
        const auto begin = Clock::now();
        std::erase_if(next->probes, [&](std::size_t probe) { return !readOne(probe); });
        const auto end = Clock::now();
        if (next->probes.empty()) {
            groups.erase(next);
            continue;
        }
        next->cost = Seconds(end - begin).count();
        divide(groups, options_.share);
        next->due = nextOf(*next, end);
    }
}

bool ProbeSampler::readOne(std::size_t probe) {
    const auto begin = Clock::now();
    const auto value = (*probes_)[probe]->read();
    if (!value) {
        onGone_(probe, value.error());
        return false;
    }
    onReading_(probe, begin + (Clock::now() - begin) / 2, *value);
    return true;
}

}  // namespace ternion
