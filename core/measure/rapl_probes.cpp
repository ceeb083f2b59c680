#include <unistd.h>

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "measure/probes.h"
#include "measure/sensor.h"
#include "measure/system_file.h"

namespace ternion {
namespace {

using std::filesystem::path;

/// One package's counter. It starts again from 0 behind its range.
class Package {
public:
    Package(const path& folder, std::uint64_t range) : file_(folder / "energy_uj"), range_(range) {}

    const path& file() const { return file_; }
    /// Microjoules, wraps undone.
    Result<double> read() {
        TERNION_TRY(const auto raw, readSystemNumber(file_));
        if (raw > range_)
            return Error{ErrorCode::Io, std::to_string(raw) + " is beyond the counter's range of " + std::to_string(range_),
                         file_.string()};
        if (last_ && raw < *last_) wrapped_ += static_cast<double>(range_);
        last_ = raw;
        return wrapped_ + static_cast<double>(raw);
    }

private:
    path file_;
    std::uint64_t range_;
    std::optional<std::uint64_t> last_;
    double wrapped_ = 0.0;
};

Result<std::vector<Package>> packagesOf(const path& powercap) {
    std::vector<path> zones;
    std::error_code failure;
    for (std::filesystem::directory_iterator entry(powercap, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        // intel-rapl:0 is a package or the whole platform, intel-rapl:0:1 a part of it.
        const std::string name = entry->path().filename().string();
        if (name.starts_with("intel-rapl:") && std::count(name.begin(), name.end(), ':') == 1) zones.push_back(entry->path());
    }
    std::sort(zones.begin(), zones.end());
    std::vector<Package> packages;
    for (const auto& zone : zones) {
        const auto name = readSystemFile(zone / "name");
        if (!name || !name->starts_with("package-")) continue;
        TERNION_TRY(const auto range, readSystemNumber(zone / "max_energy_range_uj"));
        packages.emplace_back(zone, range);
    }
    if (packages.empty())
        return Error{ErrorCode::Unsupported,
                     "this system tells no energy of its processor; virtual machines never do, on other machines "
                     "`sudo modprobe intel_rapl_msr` may help",
                     powercap.string()};
    return packages;
}

/// Why these may not be read; empty: they may.
std::string forbidden(const std::vector<Package>& packages) {
    for (const auto& package : packages)
        if (::faccessat(AT_FDCWD, package.file().c_str(), R_OK, AT_EACCESS) != 0 && errno == EACCES)
            return "only root may read " + package.file().string() +
                   "; allow it until the next start of the machine with `sudo chmod a+r " +
                   (package.file().parent_path().parent_path() / "intel-rapl:*/energy_uj").string() + "`";
    return {};
}

}  // namespace

Probes raplProbes(const ProbeSources& sources) {
    constexpr double micro = 1e-6;
    constexpr double renewed = 1e-3;  // as Intel documents it for RAPL
    ProbeFacts facts{.name = "energy.cpu",
                     .unit = "J",
                     .kind = ProbeFacts::Kind::Counter,
                     .source = Source::VendorEstimate,
                     .period = renewed,
                     .detail = "RAPL, by powercap"};
    auto packages = packagesOf(sources.sys / "class" / "powercap");
    facts.missing = packages ? forbidden(*packages) : packages.error().text();
    if (!facts.missing.empty()) return probesOf({{std::move(facts)}});
    facts.detail += ", packages together: " + std::to_string(packages->size());
    return probesOf({triedSensor(std::move(facts), [all = std::move(*packages)]() mutable -> Result<double> {
        double sum = 0.0;
        for (auto& package : all) {
            TERNION_TRY(const double energy, package.read());
            sum += energy;
        }
        return sum * micro;
    })});
}

}  // namespace ternion
