// What the instructions mean, executed at once: the measure for the RTL, and a board for unit tests. It counts no cycles.
#pragma once

#include <map>
#include <vector>

#include "program/configuration.h"
#include "program/instruction.h"
#include "sim/accelerator.h"

namespace ternion::fpga {

class ReferenceAccelerator final : public Accelerator {
public:
    ReferenceAccelerator(DeviceMemory& memory, const Configuration& configuration);

    std::uint32_t read(std::uint32_t offset) override;
    void write(std::uint32_t offset, std::uint32_t value) override;
    void run(std::uint64_t cycles) override;  ///< all of the program, whatever `cycles`
    bool busy() const override { return busy_; }
    bool interrupt() const override;

private:
    void reset();
    void runProgram();
    AcceleratorError execute(const Instruction& instruction);
    AcceleratorError project(const Instruction& instruction, std::vector<std::int32_t>& y);
    void chooseLargest(std::span<const std::int32_t> y);

    /// `words` of device memory from word `address` on; empty, and why in `failure`, where that is not to be had.
    std::span<std::byte> memoryAt(std::uint64_t address, std::uint64_t words, AcceleratorError bus, AcceleratorError& failure);
    std::int32_t* vectorAt(std::uint64_t word, std::uint64_t words);  ///< null beyond the end
    std::uint64_t pair(std::uint32_t low) const;

    DeviceMemory& memory_;
    Configuration configuration_;
    std::map<std::uint32_t, std::uint32_t> registers_;  ///< what was written
    std::vector<std::int32_t> vectors_;
    std::vector<std::int8_t> codes_;
    fixed::Scale scale_;
    fixed::Epsilon epsilon_;
    fixed::CodeScale codeScale_;
    std::uint64_t s_ = 0, first_ = 0;
    bool busy_ = false, done_ = false;
    AcceleratorError error_ = AcceleratorError::None;
    std::uint32_t errorInstruction_ = 0;
    std::uint64_t errorAddress_ = 0;
    std::uint32_t interruptStatus_ = 0;
    std::uint32_t chosen_ = 0;
    std::int32_t chosenValue_ = 0;
};

}  // namespace ternion::fpga
