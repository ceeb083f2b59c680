// The accelerator cycle by cycle: its RTL, verilated, with device memory on its
// bus.
#pragma once

#include <memory>

#include "sim/accelerator.h"

namespace ternion::fpga {

/// With the RTL's default parameters. `memory` must outlive it.
std::unique_ptr<Accelerator> makeVerilatedAccelerator(DeviceMemory& memory);

}  // namespace ternion::fpga
