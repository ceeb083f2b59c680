// What the system's files say of a device on the bus.
#pragma once

#include <filesystem>

#include "backend/backend.h"
#include "measure/probes.h"

namespace ternion {

/// A processor of its own, with sensors of its own.
inline bool isGpu(const DeviceInfo& device) { return device.backend == "vulkan" && !device.software; }

/// Its folder below /sys. The device has a PCI address.
std::filesystem::path pciFolder(const DeviceInfo& device, const ProbeSources& sources);

/// Whether NVIDIA made it; also true where the system does not tell who made it, so that NVML is asked.
bool maybeNvidia(const DeviceInfo& device, const ProbeSources& sources);

}  // namespace ternion
