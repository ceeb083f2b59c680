#include <gtest/gtest.h>

#include <map>

#include "AxiLiteRegisters.h"
#include "accelerator_interface.h"
#include "clocked.h"
#include "program/configuration.h"

namespace ternion::fpga {
namespace {

struct Registers : Clocked<AxiLiteRegisters> {
    Chance chance{23};
    bool started = false, wasReset = false;  ///< pulses since they were looked at

    void clock() {
        edge();
        started = started || model.start_o;
        wasReset = wasReset || model.reset_o;
    }
    /// With any stalls; address and data come in any order.
    void write(std::uint32_t offset, std::uint32_t value, std::uint32_t strobes = 0xF) {
        model.awaddr_i = static_cast<std::uint16_t>(offset);
        model.wdata_i = value;
        model.wstrb_i = static_cast<std::uint8_t>(strobes);
        bool address = false, data = false, answered = false;
        for (int cycles = 0; !answered; ++cycles) {
            ASSERT_LT(cycles, 100) << "hangs";
            model.awvalid_i = !address && (model.awvalid_i || chance.in(2));
            model.wvalid_i = !data && (model.wvalid_i || chance.in(2));
            model.bready_i = chance.in(2);
            settle();
            address = address || (model.awvalid_i && model.awready_o);
            data = data || (model.wvalid_i && model.wready_o);
            ASSERT_EQ(address, data);
            answered = model.bvalid_o && model.bready_i;
            if (model.bvalid_o) {
                ASSERT_TRUE(address);
            }
            clock();
            if (address) model.awvalid_i = model.wvalid_i = 0;
        }
        model.bready_i = 0;
        EXPECT_EQ(model.bresp_o, 0);
    }
    std::uint32_t read(std::uint32_t offset) {
        model.araddr_i = static_cast<std::uint16_t>(offset);
        model.arvalid_i = 1;
        settle();
        EXPECT_TRUE(model.arready_o);
        clock();
        model.arvalid_i = 0;
        for (std::uint32_t wait = chance.below(3); wait > 0; --wait) {
            EXPECT_TRUE(model.rvalid_o);
            clock();
        }
        EXPECT_TRUE(model.rvalid_o);
        const std::uint32_t value = model.rdata_o;
        model.rready_i = 1;
        clock();
        model.rready_i = 0;
        EXPECT_FALSE(model.rvalid_o);
        return value;
    }
};

constexpr std::array<std::uint32_t, 8> programRegisters{reg::programLo, reg::programHi, reg::programLength, reg::token,
                                                        reg::logitsLo,  reg::logitsHi,  reg::memoryLimitLo, reg::memoryLimitHi};

TEST(AxiLiteRegisters, KeepWhatIsWrittenByteByByteUnlessAProgramRuns) {
    Registers registers;
    std::map<std::uint32_t, std::uint32_t> kept;
    for (int round = 0; round < 500; ++round) {
        const std::uint32_t offset = programRegisters[registers.chance.below(programRegisters.size())];
        const std::uint32_t value = registers.chance.bits();
        const std::uint32_t strobes = registers.chance.below(16);
        registers->running_i = registers.chance.in(4);
        ASSERT_NO_FATAL_FAILURE(registers.write(offset, value, strobes));
        if (!registers->running_i)
            for (std::uint32_t byte = 0; byte < 4; ++byte)
                if ((strobes >> byte & 1U) != 0)
                    kept[offset] = (kept[offset] & ~(0xFFU << 8 * byte)) | (value & 0xFFU << 8 * byte);
        for (const std::uint32_t each : programRegisters) ASSERT_EQ(registers.read(each), kept[each]);
    }
    EXPECT_EQ(registers->program_o, kept[reg::programLo] | std::uint64_t{kept[reg::programHi]} << 32);
    EXPECT_EQ(registers->program_length_o, kept[reg::programLength]);
    EXPECT_EQ(registers->token_o, kept[reg::token]);
    EXPECT_EQ(registers->logits_o, kept[reg::logitsLo] | std::uint64_t{kept[reg::logitsHi]} << 32);
    EXPECT_EQ(registers->memory_limit_o, kept[reg::memoryLimitLo] | std::uint64_t{kept[reg::memoryLimitHi]} << 32);

    registers->running_i = 1;  // a reset is always heard, and leaves the registers as they were at first
    registers.write(reg::control, 2);
    EXPECT_TRUE(registers.wasReset);
    for (const std::uint32_t each : programRegisters) EXPECT_EQ(registers.read(each), 0U);
}

TEST(AxiLiteRegisters, ControlGivesPulsesAndIsInForceAtOnce) {
    Registers registers;
    for (const std::uint32_t bits : {0U, 1U, 2U, 3U, 0xFFFFFFFCU}) {
        registers.started = registers.wasReset = false;
        registers.write(reg::control, bits);
        EXPECT_EQ(registers.started, (bits & 1U) != 0);
        EXPECT_EQ(registers.wasReset, (bits & 2U) != 0);
        EXPECT_EQ(registers.read(reg::control), 0U);
    }
    registers->awaddr_i = reg::control;
    registers->wdata_i = 1;
    registers->wstrb_i = 0xF;
    registers->awvalid_i = registers->wvalid_i = 1;
    registers.clock();
    EXPECT_TRUE(registers->start_o);
    EXPECT_TRUE(registers->busy_o);
    registers->awvalid_i = registers->wvalid_i = 0;
    registers.clock();
    EXPECT_FALSE(registers->start_o);
    EXPECT_FALSE(registers->busy_o);
}

TEST(AxiLiteRegisters, InterruptsAreRaisedEnabledAndCleared) {
    Registers registers;
    const auto finish = [&](AcceleratorError error) {
        registers->error_i = static_cast<std::uint8_t>(error);
        registers->finished_i = 1;
        registers.clock();
        registers->finished_i = 0;
    };
    finish(AcceleratorError::None);
    EXPECT_EQ(registers.read(reg::interruptStatus), 1U);
    EXPECT_FALSE(registers->interrupt_o);
    registers.write(reg::interruptEnable, 1);
    EXPECT_TRUE(registers->interrupt_o);
    registers.write(reg::interruptStatus, 2);
    EXPECT_TRUE(registers->interrupt_o);
    registers.write(reg::interruptStatus, 1);
    EXPECT_FALSE(registers->interrupt_o);
    finish(AcceleratorError::BadOpcode);
    EXPECT_EQ(registers.read(reg::interruptStatus), 2U);
    EXPECT_FALSE(registers->interrupt_o);
    registers.write(reg::interruptEnable, 3);
    EXPECT_TRUE(registers->interrupt_o);
    registers.write(reg::control, 2);
    EXPECT_FALSE(registers->interrupt_o);
    EXPECT_EQ(registers.read(reg::interruptEnable), 0U);
}

TEST(AxiLiteRegisters, ShowWhatHappensElsewhere) {
    Registers registers;
    const Configuration c;
    EXPECT_EQ(registers.read(reg::id), acceleratorId);
    EXPECT_EQ(registers.read(reg::version), acceleratorVersion);
    EXPECT_EQ(registers.read(reg::configHash), c.hash());
    EXPECT_EQ(registers.read(reg::array), c.arrayRegister());
    EXPECT_EQ(registers.read(reg::memories), c.memoriesRegister());
    Chance chance(24);
    const auto expectPair = [&](std::uint32_t low, std::uint64_t value) {
        EXPECT_EQ(registers.read(low), static_cast<std::uint32_t>(value));
        EXPECT_EQ(registers.read(low + 4), static_cast<std::uint32_t>(value >> 32));
    };
    const auto show = [&](auto& input, std::uint32_t low) {
        input = chance.bits64();
        expectPair(low, input);
    };
    show(registers->error_address_i, reg::errorAddressLo);
    show(registers->cycles_i, reg::cyclesLo);
    show(registers->array_cycles_i, reg::arrayCyclesLo);
    show(registers->matvec_cycles_i, reg::matvecCyclesLo);
    show(registers->stream_stalls_i, reg::streamStallsLo);
    show(registers->drain_stalls_i, reg::drainStallsLo);
    show(registers->read_words_i, reg::readWordsLo);
    show(registers->write_words_i, reg::writeWordsLo);
    show(registers->toggles_i, reg::togglesLo);
    registers->chosen_i = chance.bits();
    registers->chosen_value_i = chance.bits();
    registers->error_instruction_i = chance.bits();
    EXPECT_EQ(registers.read(reg::chosen), registers->chosen_i);
    EXPECT_EQ(registers.read(reg::chosenValue), registers->chosen_value_i);
    EXPECT_EQ(registers.read(reg::errorInstruction), registers->error_instruction_i);
    registers->done_i = 1;
    EXPECT_EQ(registers.read(reg::status), 2U);
    registers->done_i = 0;
    registers->error_i = 5;
    EXPECT_EQ(registers.read(reg::status), 4U);
    EXPECT_EQ(registers.read(reg::error), 5U);
    registers->busy_i = 1;  // not yet to be told
    EXPECT_EQ(registers.read(reg::status), 1U);
    EXPECT_EQ(registers.read(reg::error), 0U);
    for (const std::uint32_t nowhere : {0x014U, 0x03CU, 0x100U, 0xFFCU}) {
        registers.write(nowhere, 0xFFFFFFFF);
        EXPECT_EQ(registers.read(nowhere), 0U);
    }
}

}  // namespace
}  // namespace ternion::fpga
