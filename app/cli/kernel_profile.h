// bench --profile-kernels: where the time of a pass goes on the device.
#pragma once

#include <nlohmann/json.hpp>

#include "runs/benchmark.h"

namespace ternion::cli {

/// Of decode and, where it was timed, of prefill: a list of kernels each, with calls, microseconds a pass (the sum of each
/// dispatch's median), weight bytes a pass and achieved bytes a second, or `unavailable` and why.
nlohmann::ordered_json kernelProfile(const BenchmarkResult& result);

/// The same as lines of text.
void printKernelProfile(const nlohmann::ordered_json& profile);

}  // namespace ternion::cli
