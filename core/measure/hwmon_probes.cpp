#include <algorithm>
#include <array>

#include "measure/pci_device.h"
#include "measure/probes.h"
#include "measure/sensor.h"
#include "measure/system_file.h"

namespace ternion {
namespace {

using std::filesystem::path;

/// The folders of the device's sensors, in order of their names; none where its driver shows none.
std::vector<path> sensorFolders(const path& device) {
    std::vector<path> folders;
    std::error_code failure;
    for (std::filesystem::directory_iterator entry(device / "hwmon", failure), end; !failure && entry != end;
         entry.increment(failure))
        if (entry->path().filename().string().starts_with("hwmon")) folders.push_back(entry->path());
    std::sort(folders.begin(), folders.end());
    return folders;
}

/// The first of `files` that one of the folders has. It counts in millionths of the unit.
Sensor sensorOf(ProbeFacts facts, const path& device, std::span<const char* const> files) {
    for (const auto& folder : sensorFolders(device))
        for (const auto* file : files) {
            std::error_code failure;
            const path value = folder / file;
            if (!std::filesystem::exists(value, failure)) continue;
            const auto read = [value]() -> Result<double> {
                TERNION_TRY(const auto millionths, readSystemNumber(value));
                return static_cast<double>(millionths) * 1e-6;
            };
            const auto driver = readSystemFile(folder / "name");
            facts.detail = "hwmon" + (driver ? " of " + driver->substr(0, driver->find('\n')) : std::string()) + ", " + file;
            if (const auto interval = readSystemNumber(folder / "update_interval"); interval)
                facts.period = static_cast<double>(*interval) * 1e-3;
            return triedSensor(std::move(facts), read);
        }
    std::string names;
    for (const auto* file : files) names += (names.empty() ? "" : " or ") + std::string(file);
    facts.missing = (device / "hwmon").string() + " has no " + names + ": the driver of this " +
                    (facts.name.ends_with("board") ? "board" : "GPU") + " does not tell it; a newer kernel may";
    return {std::move(facts)};
}

}  // namespace

Probes hwmonProbes(const DeviceInfo& device, const ProbeSources& sources) {
    const bool board = device.backend == "fpga";
    if (board ? device.software : !isGpu(device) || maybeNvidia(device, sources)) return {};
    const std::string part = board ? "board" : "gpu";
    std::vector<Sensor> sensors{
        {{.name = "power." + part, .unit = "W", .source = Source::VendorEstimate}},
        {{.name = "energy." + part, .unit = "J", .kind = ProbeFacts::Kind::Counter, .source = Source::VendorEstimate}}};
    if (device.pciAddress.empty()) {
        for (auto& sensor : sensors)
            sensor.facts.missing =
                "the driver of " + device.name + " does not tell where on the bus it is, so its sensors cannot be found";
        return probesOf(std::move(sensors));
    }
    const path folder = pciFolder(device, sources);
    sensors[0] = sensorOf(std::move(sensors[0].facts), folder, std::array{"power1_average", "power1_input"});
    sensors[1] = sensorOf(std::move(sensors[1].facts), folder, std::array{"energy1_input"});
    watchPeriods(sensors);
    return probesOf(std::move(sensors));
}

}  // namespace ternion
