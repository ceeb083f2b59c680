// Which accelerator a ternion-board is built around.
#pragma once

#include <memory>

#include "sim/accelerator.h"

namespace ternion::fpga {

std::unique_ptr<Accelerator> makeBoardAccelerator(DeviceMemory& memory);

}  // namespace ternion::fpga
