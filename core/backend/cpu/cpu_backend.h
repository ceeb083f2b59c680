// The CPU backend: the reference, and the default where no GPU is usable.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backend/backend.h"

namespace ternion {

struct CpuOptions {
    /// Instruction set: empty picks the best the processor has; "scalar" is the plain path that reads like the paper; "avx2"
    /// and "avx512vnni" force one. DeviceUnavailable at load where the processor lacks it.
    std::string instructionSet;
    int threads = 0;  ///< 0: one a physical core
};

std::unique_ptr<Backend> makeCpuBackend(const CpuOptions& options = {});

}  // namespace ternion
