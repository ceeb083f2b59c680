#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>

#include "measure/probes.h"
#include "measure/sensor.h"
#include "measure/system_file.h"

namespace ternion {
namespace {

/// smaps_rollup, read once for what is asked within a few milliseconds: the kernel walks all pages of the process for it.
class Rollup {
public:
    explicit Rollup(std::filesystem::path path) : path_(std::move(path)) {}

    /// Bytes: the sum of the fields of these names.
    Result<double> sum(const std::vector<std::string>& names) {
        const std::lock_guard lock(mutex_);
        TERNION_CHECK(refresh());
        double bytes = 0.0;
        for (const auto& name : names) {
            const auto field = fields_.find(name);
            if (field == fields_.end()) return Error{ErrorCode::Io, "it does not tell " + name, path_.string()};
            bytes += field->second;
        }
        return bytes;
    }

private:
    using Clock = std::chrono::steady_clock;

    Status refresh() {
        constexpr auto fresh = std::chrono::milliseconds(5);
        if (readAt_ && Clock::now() - *readAt_ < fresh) return {};
        const auto text = readSystemFile(path_);
        if (!text)
            return Error{ErrorCode::Io, text.error().message + "; Linux tells it since 4.14, where /proc is mounted",
                         path_.string()};
        fields_.clear();
        std::istringstream lines(*text);
        for (std::string line; std::getline(lines, line);) {  // "Rss:                1592 kB"
            constexpr double kib = 1024.0;
            std::istringstream words(line);
            std::string name, unit;
            std::uint64_t count = 0;
            if (words >> name >> count >> unit && unit == "kB" && line.find('-') == std::string::npos)
                fields_[name] = static_cast<double>(count) * kib;
        }
        readAt_ = Clock::now();
        return {};
    }

    std::filesystem::path path_;
    std::mutex mutex_;
    std::map<std::string, double> fields_;
    std::optional<Clock::time_point> readAt_;
};

}  // namespace

Probes hostMemoryProbes(const ProbeSources& sources) {
    const auto path = sources.proc / "self" / "smaps_rollup";
    const auto rollup = std::make_shared<Rollup>(path);
    struct Row {
        std::string name;
        std::vector<std::string> fields;
        std::string detail;
    };
    const std::array rows{Row{"host_memory.resident", {"Rss:"}, "all pages of this process in memory"},
                          Row{"host_memory.proportional", {"Pss:"}, "the same, pages it shares counted by its share"},
                          Row{"host_memory.private", {"Private_Clean:", "Private_Dirty:"}, "pages that only it has"}};
    std::vector<Sensor> sensors;
    sensors.reserve(rows.size());
    for (const Row& row : rows)
        sensors.push_back(
            triedSensor({.name = row.name, .unit = "B", .detail = row.detail + ", by smaps_rollup", .together = path.string()},
                        [rollup, fields = row.fields] { return rollup->sum(fields); }));
    return probesOf(std::move(sensors));
}

}  // namespace ternion
