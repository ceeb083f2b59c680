// The probes of this machine: one function each, listed in findProbes().
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "measure/probe.h"

namespace ternion {

using Probes = std::vector<std::unique_ptr<Probe>>;

/// Where to look. The defaults are the machine's; a test names a tree of its own.
struct ProbeSources {
    std::filesystem::path sys = "/sys";
    std::filesystem::path proc = "/proc";
    std::string nvml = "libnvidia-ml.so.1";
};

/// Bytes of this process: resident, proportional (shared pages counted by their share) and private, from smaps_rollup.
Probes hostMemoryProbes(const ProbeSources& sources);
/// Bytes of the device's memory in use, as its driver tells (DeviceModel::memoryInUse). `device` outlives the probe's readings
/// (shared); any thread may read.
Probes deviceMemoryProbes(const std::shared_ptr<const DeviceModel>& device);
/// Power and energy of an NVIDIA GPU, by NVML, which is loaded when it is first asked for. Only where `device` has a PCI
/// address and an NVIDIA vendor; NVML finds it by that address.
Probes nvmlProbes(const DeviceInfo& device, const ProbeSources& sources);
/// Power and energy of any other GPU, or of an FPGA board, by the hwmon of its PCI address (amdgpu, i915, xe, xocl).
Probes hwmonProbes(const DeviceInfo& device, const ProbeSources& sources);
/// Energy of the processor's packages, by powercap (intel-rapl, which AMD has too). One probe for all packages together.
Probes raplProbes(const ProbeSources& sources);

/// All that say something about a run on `device`: the host's memory always; the GPU's for a GPU, the board's for a board; the
/// processor's energy always (lavapipe and the CPU backend compute on it). Takes up to half a second where a GPU does not tell
/// how often it renews its numbers: that is found out by watching it.
Probes findProbes(const std::shared_ptr<const DeviceModel>& device, const ProbeSources& sources = {});

}  // namespace ternion
