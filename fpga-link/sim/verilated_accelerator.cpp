#include "sim/verilated_accelerator.h"

#include "VerilatedDefault.h"
#include "sim/verilated_model.h"

namespace ternion::fpga {

std::unique_ptr<Accelerator> makeVerilatedAccelerator(DeviceMemory& memory) {
    return std::make_unique<VerilatedAccelerator<VerilatedDefault>>(memory);
}

}  // namespace ternion::fpga
