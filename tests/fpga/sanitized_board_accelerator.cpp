// The accelerator of the board that hostile clients are let at: it matters what the server does, not how many cycles that
// takes.
#include "program/reference_accelerator.h"
#include "sim/board_accelerator.h"

namespace ternion::fpga {

std::unique_ptr<Accelerator> makeBoardAccelerator(DeviceMemory& memory) {
    return std::make_unique<ReferenceAccelerator>(memory, Configuration{});
}

}  // namespace ternion::fpga
