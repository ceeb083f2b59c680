#include "sim/board_accelerator.h"

#include "program/reference_accelerator.h"

namespace ternion::fpga {

std::unique_ptr<Accelerator> makeBoardAccelerator(DeviceMemory& memory) {
    return std::make_unique<ReferenceAccelerator>(memory, Configuration{});
}

}  // namespace ternion::fpga
