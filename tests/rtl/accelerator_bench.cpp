// The whole chip against the reference: random programs, errors, resets, counters.
#include "accelerator_rig.h"

#include "VerilatedDefault.h"
#include "VerilatedDense.h"
#include "VerilatedGrouped.h"
#include "VerilatedNarrow.h"
#include "fpga/fixed_models.h"
#include "program/model_program.h"

namespace ternion::fpga {
namespace {

struct Default {
    using Model = VerilatedDefault;
    static constexpr Configuration configuration{};
};
struct Narrow {
    using Model = VerilatedNarrow;
    static constexpr Configuration configuration{.lanes = 16};
};
struct Grouped {
    using Model = VerilatedGrouped;
    static constexpr Configuration configuration{.lanes = 32, .groups = 2};
};
struct Dense {
    using Model = VerilatedDense;
    static constexpr Configuration configuration{.dense = true};
};

template <typename Kind>
struct AcceleratorBench : testing::Test {
    AcceleratorRig<typename Kind::Model> rig{Kind::configuration};
    Machine chip{rig.chip};
    Machine reference{rig.reference};

    std::uint64_t limit() const { return rig.bytes.size(); }
    /// Both sides run the program that is set up. Status, error and chosen row are the same.
    void runBoth() {
        chip.start();
        ASSERT_TRUE(chip.finish()) << "hangs";
        reference.start();
        reference.finish();
        ASSERT_EQ(rig.chip.read(reg::status), rig.reference.read(reg::status)) << "error " << rig.chip.read(reg::error);
        ASSERT_EQ(rig.chip.read(reg::error), rig.reference.read(reg::error));
        ASSERT_TRUE(rig.chip.interrupt());
        ASSERT_EQ(rig.chip.read(reg::interruptStatus), rig.reference.read(reg::interruptStatus));
        for (Accelerator* side : {static_cast<Accelerator*>(&rig.chip), static_cast<Accelerator*>(&rig.reference)})
            side->write(reg::interruptStatus, 3);
        ASSERT_FALSE(rig.chip.interrupt());
    }
    /// But for `words` from byte `from` on.
    void expectSameMemory(std::uint64_t from = 0, std::uint64_t words = 0) {
        const auto end = from + rig.byteOf(words);
        for (std::uint64_t at = 0; at < rig.bytes.size(); ++at) {
            if (at >= from && at < end) continue;
            ASSERT_EQ(rig.bytes[at], rig.referenceBytes[at]) << "word " << at / rig.byteOf(1) << " byte " << at % rig.byteOf(1);
        }
    }
    /// A memory of any speed, a bus of any manners.
    void vary(Chance& chance) {
        rig.memory.latency = chance.between(0, 150);
        rig.memory.rate = chance.in(2) ? 1024 : chance.between(200, 1024);
        if (chance.in(2))
            rig.chip.stallBy(stallsBy(chance));
        else
            rig.chip.stallBy({});
    }
};
using Kinds = testing::Types<Default, Narrow, Grouped, Dense>;
TYPED_TEST_SUITE(AcceleratorBench, Kinds);

TYPED_TEST(AcceleratorBench, SaysWhatItIs) {
    const Configuration& c = TypeParam::configuration;
    EXPECT_EQ(this->rig.chip.read(reg::id), acceleratorId);
    EXPECT_EQ(this->rig.chip.read(reg::version), acceleratorVersion);
    EXPECT_EQ(this->rig.chip.read(reg::configHash), c.hash());
    EXPECT_EQ(this->rig.chip.read(reg::array), c.arrayRegister());
    EXPECT_EQ(this->rig.chip.read(reg::memories), c.memoriesRegister());
    EXPECT_EQ(this->rig.chip.read(reg::status), 0U);
}

TYPED_TEST(AcceleratorBench, RandomProgramsLeaveWhatTheReferenceLeaves) {
    Chance chance(11);
    for (int round = 0; round < 60; ++round) {
        SCOPED_TRACE(round);
        this->vary(chance);
        this->rig.fillMemory(chance);
        ProgramMaker maker(TypeParam::configuration, this->rig.layout, chance);
        const auto program = maker.make(60);
        this->rig.loadProgram(program);
        this->rig.setUp(program.size() + chance.below(3), chance.below(10), this->limit());
        ASSERT_NO_FATAL_FAILURE(this->runBoth());
        ASSERT_EQ(this->rig.chip.read(reg::status), 2U);
        ASSERT_EQ(this->rig.chip.read(reg::chosen), this->rig.reference.read(reg::chosen));
        ASSERT_EQ(this->rig.chip.read(reg::chosenValue), this->rig.reference.read(reg::chosenValue));
        ASSERT_NO_FATAL_FAILURE(this->expectSameMemory());
    }
}

TYPED_TEST(AcceleratorBench, RefusesWhatMayNotRunAndRunsAgain) {
    Chance chance(12);
    std::map<std::uint32_t, int> seen;
    for (int round = 0; round < 60; ++round) {
        SCOPED_TRACE(round);
        this->vary(chance);
        this->rig.fillMemory(chance);
        ProgramMaker maker(TypeParam::configuration, this->rig.layout, chance);
        auto program = maker.make(30);
        const std::size_t at = maker.someInstruction();
        Instruction& bad = program[at];
        switch (chance.below(5)) {
            case 0:
                bad.opcode = static_cast<Opcode>(chance.between(0x0E, 0xFF));
                break;
            case 1:
                if (bad.opcode != Opcode::Scale) bad.count = 0;
                break;
            case 2:
                bad.dst = bad.a = bad.b = 2040;
                break;
            case 3:
                bad.address = chance.between(static_cast<std::uint32_t>(this->rig.layout.end), 0xFFFFFFFFU);
                break;
            default:
                program.pop_back();
                break;
        }
        this->rig.loadProgram(program);
        this->rig.setUp(program.size(), 0, this->limit());
        ASSERT_NO_FATAL_FAILURE(this->runBoth());
        const std::uint32_t error = this->rig.chip.read(reg::error);
        ++seen[error];
        if (error == static_cast<std::uint32_t>(AcceleratorError::NoHalt)) {
            EXPECT_EQ(this->rig.chip.read(reg::errorInstruction), program.size());
        } else if (error != 0) {
            EXPECT_EQ(this->rig.chip.read(reg::errorInstruction), at);
        }
        if (error == static_cast<std::uint32_t>(AcceleratorError::BadAddress)) {
            EXPECT_EQ(this->chip.read64(reg::errorAddressLo), this->reference.read64(reg::errorAddressLo));
        }
        ASSERT_NO_FATAL_FAILURE(this->expectSameMemory());
    }
    EXPECT_GE(seen[static_cast<std::uint32_t>(AcceleratorError::BadOpcode)], 3);
    EXPECT_GE(seen[static_cast<std::uint32_t>(AcceleratorError::BadVector)], 3);
    EXPECT_GE(seen[static_cast<std::uint32_t>(AcceleratorError::BadAddress)], 3);
    EXPECT_GE(seen[static_cast<std::uint32_t>(AcceleratorError::NoHalt)], 3);
}

TYPED_TEST(AcceleratorBench, BusErrorsAreReportedWithTheirAddress) {
    Chance chance(13);
    std::map<std::uint32_t, int> seen;
    for (int round = 0; round < 60; ++round) {
        SCOPED_TRACE(round);
        this->vary(chance);
        this->rig.fillMemory(chance);
        ProgramMaker maker(TypeParam::configuration, this->rig.layout, chance);
        const auto program = maker.make(30);
        this->rig.loadProgram(program);
        this->rig.setUp(program.size(), 0, this->limit());
        const auto from = this->rig.byteOf(chance.between(static_cast<std::uint32_t>(this->rig.layout.outputs),
                                                          static_cast<std::uint32_t>(this->rig.layout.end)));
        // Where inputs cannot be read hardly any program gets far: mostly only one side's outputs.
        this->rig.memory.failsFrom = this->rig.referenceMemory.failsFrom = from;
        ASSERT_NO_FATAL_FAILURE(this->runBoth());
        this->rig.memory.failsFrom = this->rig.referenceMemory.failsFrom = ~std::uint64_t{0};
        const auto error = static_cast<AcceleratorError>(this->rig.chip.read(reg::error));
        ++seen[static_cast<std::uint32_t>(error)];
        if (error == AcceleratorError::None) {
            ASSERT_NO_FATAL_FAILURE(this->expectSameMemory());
            continue;
        }
        ASSERT_EQ(this->rig.chip.read(reg::errorInstruction), this->rig.reference.read(reg::errorInstruction));
        const auto address = this->chip.read64(reg::errorAddressLo);
        const auto first = this->reference.read64(reg::errorAddressLo);
        if (error == AcceleratorError::ReadFailed) {
            EXPECT_EQ(address, std::max(first, from));
        } else {
            ASSERT_EQ(error, AcceleratorError::WriteFailed);
            const auto burst = this->rig.byteOf(64);
            EXPECT_EQ(address, std::max(first, from / burst * burst));
        }
        // Of the instruction that failed any part may have been written.
        const Instruction& failed = program[this->rig.chip.read(reg::errorInstruction)];
        if (failed.opcode == Opcode::Head)
            ASSERT_NO_FATAL_FAILURE(this->expectSameMemory(this->rig.byteOf(this->rig.layout.logits), failed.count));
        else if (failed.opcode == Opcode::Store)
            ASSERT_NO_FATAL_FAILURE(this->expectSameMemory(first, failed.count));
        else
            ASSERT_NO_FATAL_FAILURE(this->expectSameMemory());
    }
    EXPECT_GE(seen[static_cast<std::uint32_t>(AcceleratorError::ReadFailed)], 3);
}

TYPED_TEST(AcceleratorBench, ResetsAtAnyTimeAndIsCleanAfterIt) {
    Chance chance(14);
    for (int round = 0; round < 40; ++round) {
        SCOPED_TRACE(round);
        this->vary(chance);
        this->rig.fillMemory(chance);
        ProgramMaker maker(TypeParam::configuration, this->rig.layout, chance);
        const auto program = maker.make(20);
        this->rig.loadProgram(program);
        this->rig.setUp(program.size(), 1, this->limit());
        this->chip.start();
        this->rig.chip.run(chance.in(4) ? chance.below(50) : chance.below(8000));
        if (chance.in(4)) {
            this->rig.chip.hardReset();
        } else {
            this->rig.chip.write(reg::control, 2);
            ASSERT_TRUE(this->chip.finish()) << "hangs";
        }
        ASSERT_EQ(this->rig.chip.read(reg::status), 0U);
        ASSERT_EQ(this->rig.chip.read(reg::error), 0U);
        ASSERT_EQ(this->rig.chip.read(reg::interruptStatus), 0U);
        ASSERT_EQ(this->rig.chip.read(reg::programLength), 0U);
        ASSERT_EQ(this->chip.read64(reg::cyclesLo), 0U);
        ASSERT_FALSE(this->rig.chip.interrupt());

        this->rig.bytes = this->rig.referenceBytes;  // what the first attempt wrote is taken back
        this->rig.memory.bytes = this->rig.bytes;
        this->rig.setUp(program.size(), 1, this->limit());
        ASSERT_NO_FATAL_FAILURE(this->runBoth());
        ASSERT_NO_FATAL_FAILURE(this->expectSameMemory());
    }
}

TYPED_TEST(AcceleratorBench, KeepsTheArrayBusyWhileMemoryDelivers) {
    const Configuration& c = TypeParam::configuration;
    Chance chance(15);
    this->rig.fillMemory(chance);
    const auto rows = static_cast<std::uint32_t>(c.elements() * 24);
    const auto groups = static_cast<std::uint32_t>(c.groupsFor(static_cast<int>(rows)));
    constexpr std::uint16_t chunks = 8;  // as many as the sums of a row group take to leave
    std::vector<Instruction> program{{Opcode::Load, 0, 0, 0, 0, 24, static_cast<std::uint32_t>(this->rig.layout.inputs)}};
    constexpr int products = 10;
    const auto matrix = static_cast<std::uint32_t>(this->rig.layout.matrices);
    for (int n = 0; n < products; ++n) program.push_back({Opcode::Matvec, 0, 100, 0, chunks, rows, matrix});
    program.emplace_back();
    this->rig.loadProgram(program);
    this->rig.setUp(program.size(), 0, this->limit());
    ASSERT_NO_FATAL_FAILURE(this->runBoth());
    const auto words = this->chip.read64(reg::arrayCyclesLo);
    const auto matvecs = this->chip.read64(reg::matvecCyclesLo);
    const auto cycles = this->chip.read64(reg::cyclesLo);
    EXPECT_EQ(words, std::uint64_t{products} * groups * chunks);
    EXPECT_GT(static_cast<double>(words), 0.9 * static_cast<double>(matvecs));
    EXPECT_LT(cycles, matvecs + 260 + 4 * products) << "a few cycles from one instruction to the next, and the start";
    EXPECT_EQ(matvecs, products + words + this->chip.read64(reg::streamStallsLo) + this->chip.read64(reg::drainStallsLo));
    EXPECT_GE(this->chip.read64(reg::readWordsLo), words + 24);
    EXPECT_EQ(this->chip.read64(reg::writeWordsLo), 0U);
    EXPECT_GT(this->chip.read64(reg::togglesLo), words * 16);
    EXPECT_LT(this->chip.read64(reg::togglesLo), words * 48);
    this->RecordProperty("array_words", static_cast<int>(words));
    this->RecordProperty("matvec_cycles", static_cast<int>(matvecs));
    this->RecordProperty("cycles", static_cast<int>(cycles));
}

/// A model's image and program in the memories of both sides.
template <typename Model>
struct ModelRig {
    ModelRig(const std::shared_ptr<const ternion::Model>& model, const Configuration& c)
        : program(ModelProgram::create(model, c, memoryBytes)),
          memory{bytes},
          referenceMemory{referenceBytes},
          reference(referenceMemory, c) {
        if (!program) throw std::logic_error(program.error().text());
        const auto write = [this](std::uint64_t address, std::span<const std::byte> piece) -> Status {
            std::copy(piece.begin(), piece.end(), bytes.begin() + static_cast<std::ptrdiff_t>(address));
            return {};
        };
        if (!program->writeImage(write, {}).ok()) throw std::logic_error("no image");
        const auto instructions = program->program({}).front().instructions;
        auto at = bytes.begin() + static_cast<std::ptrdiff_t>(program->programs());
        for (const Instruction& instruction : instructions) {
            const auto bits = instruction.encode();
            std::memcpy(&*at, bits.data(), sizeof bits);
            at += sizeof bits;
        }
        referenceBytes = bytes;
        referenceMemory.bytes = referenceBytes;
        for (Accelerator* side : {static_cast<Accelerator*>(&chip), static_cast<Accelerator*>(&reference)}) {
            Machine machine{*side};
            machine.write64(reg::programLo, program->programs());
            side->write(reg::programLength, static_cast<std::uint32_t>(instructions.size()));
            machine.write64(reg::logitsLo, program->logits());
            machine.write64(reg::memoryLimitLo, memoryBytes);
        }
    }
    void run(std::uint32_t token) {
        for (Accelerator* side : {static_cast<Accelerator*>(&chip), static_cast<Accelerator*>(&reference)}) {
            side->write(reg::token, token);
            Machine machine{*side};
            machine.start();
            ASSERT_TRUE(machine.finish()) << "hangs";
            ASSERT_EQ(side->read(reg::status), 2U);
        }
        ASSERT_EQ(chip.read(reg::chosen), reference.read(reg::chosen));
        ASSERT_EQ(bytes, referenceBytes);
    }

    static constexpr std::uint64_t memoryBytes = std::uint64_t{16} << 20;
    std::vector<std::byte> bytes = std::vector<std::byte>(memoryBytes), referenceBytes;
    Result<ModelProgram> program;
    DeviceMemory memory, referenceMemory;
    VerilatedAccelerator<Model> chip{memory};
    ReferenceAccelerator reference;
};

TYPED_TEST(AcceleratorBench, RunsAModelAsTheReferenceDoes) {
    // Widths that are no multiple of anything.
    ModelRig<typename TypeParam::Model> rig(modelOf(90, 149, 2, 31), TypeParam::configuration);
    for (const std::uint32_t token : {3U, 17U, 82U}) ASSERT_NO_FATAL_FAILURE(rig.run(token));
}

TEST(AcceleratorSpeed, ATokenTakesLittleMoreThanItsBound) {
    ModelConfig config;
    config.vocabSize = 1024;
    config.hiddenSize = 512;
    config.numLayers = 2;
    config.intermediateSize = 1536;
    auto model = randomModel(config, 32);
    ASSERT_TRUE(model.ok());
    ModelRig<VerilatedDefault> rig(std::make_shared<const Model>(std::move(*model)), Configuration{});
    Machine chip{rig.chip};
    for (const std::uint32_t rate : {1024U, 512U}) {
        rig.memory.rate = rate;
        ASSERT_NO_FATAL_FAILURE(rig.run(5));
        const auto read = [&](std::uint32_t low) { return static_cast<double>(chip.read64(low)); };
        const double array = read(reg::arrayCyclesLo);
        const double memory = (read(reg::readWordsLo) + read(reg::writeWordsLo)) * 1024.0 / rate;
        EXPECT_LT(read(reg::cyclesLo), 1.25 * std::max(array, memory));
        if (rate == 1024) {
            EXPECT_GT(array, 0.9 * read(reg::matvecCyclesLo));
        }
    }
}

}  // namespace
}  // namespace ternion::fpga
