// bench --profile-kernels: where the time of a pass goes on the device.
#pragma once

#include <nlohmann/json.hpp>

#include "backend/backend.h"

namespace ternion::cli {

/// Of decode and, for `prompt` tokens and more than one, of prefill: a list of kernels each, with calls, microseconds a pass
/// (the median of several), weight bytes a pass and achieved bytes a second, or `unavailable` and why. Fails where a pass does.
Result<nlohmann::ordered_json> kernelProfile(DeviceModel& device, int prompt);

/// The same as lines of text.
void printKernelProfile(const nlohmann::ordered_json& profile);

}  // namespace ternion::cli
