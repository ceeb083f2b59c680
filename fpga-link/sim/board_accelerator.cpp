#include "sim/board_accelerator.h"

#include "sim/verilated_accelerator.h"

namespace ternion::fpga {

std::unique_ptr<Accelerator> makeBoardAccelerator(DeviceMemory& memory) { return makeVerilatedAccelerator(memory); }

}  // namespace ternion::fpga
