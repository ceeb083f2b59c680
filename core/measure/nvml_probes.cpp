#include "measure/nvml.h"
#include "measure/pci_device.h"
#include "measure/probes.h"
#include "measure/sensor.h"

namespace ternion {
namespace {

/// Power at this moment where the driver tells it: its mean over the last second is too slow for a short run.
Sensor powerSensor(ProbeFacts facts, const std::shared_ptr<const Nvml>& nvml, Nvml::Device device) {
    const auto read = [&](Nvml::Power kind) { return [nvml, device, kind] { return nvml->power(device, kind); }; };
    const bool instant = nvml->power(device, Nvml::Power::Instant).ok();
    facts.detail = instant ? "NVML, the board's power at this moment"
                           : "NVML, the board's power; a mean over the last second on most GPUs since Ampere";
    return triedSensor(std::move(facts), read(instant ? Nvml::Power::Instant : Nvml::Power::Mean));
}

}  // namespace

Probes nvmlProbes(const DeviceInfo& device, const ProbeSources& sources) {
    if (!isGpu(device) || !maybeNvidia(device, sources)) return {};
    ProbeFacts power{.name = "power.gpu", .unit = "W", .source = Source::VendorEstimate, .detail = "NVML"};
    ProbeFacts energy{.name = "energy.gpu",
                      .unit = "J",
                      .kind = ProbeFacts::Kind::Counter,
                      .source = Source::VendorEstimate,
                      .detail = "NVML, the board's energy since the driver was loaded"};
    const auto nvml = Nvml::load(sources.nvml);
    const auto found = nvml ? (*nvml)->find(device.pciAddress) : Result<Nvml::Device>(nvml.error());
    if (!found) {
        power.missing = energy.missing = found.error().text();
        return probesOf({{std::move(power)}, {std::move(energy)}});
    }
    std::vector<Sensor> sensors{
        powerSensor(std::move(power), *nvml, *found),
        triedSensor(std::move(energy), [nvml = *nvml, gpu = *found] { return nvml->energy(gpu); }),
    };
    watchPeriods(sensors);
    return probesOf(std::move(sensors));
}

}  // namespace ternion
