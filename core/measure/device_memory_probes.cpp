#include "measure/probes.h"
#include "measure/sensor.h"

namespace ternion {

Probes deviceMemoryProbes(const std::shared_ptr<const DeviceModel>& device) {
    const auto read = [device]() -> Result<double> {
        TERNION_TRY(const auto bytes, device->memoryInUse());
        return static_cast<double>(bytes);
    };
    return probesOf({triedSensor({.name = "device_memory.in_use",
                                  .unit = "B",
                                  .source = Source::VendorEstimate,
                                  .detail = "what the driver of " + device->device().name + " counts for this program"},
                                 read)});
}

}  // namespace ternion
