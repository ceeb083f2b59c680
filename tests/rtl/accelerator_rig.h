// A verilated accelerator and the reference, each with memory of its own that holds the same, and programs of random
// instructions.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "clocked.h"
#include "program/configuration.h"
#include "program/reference_accelerator.h"
#include "sim/verilated_model.h"

namespace ternion::fpga {

/// What the benches need of either side.
struct Machine {
    Accelerator& chip;

    std::uint64_t read64(std::uint32_t low) { return chip.read(low) | std::uint64_t{chip.read(low + 4)} << 32; }
    void write64(std::uint32_t low, std::uint64_t value) {
        chip.write(low, static_cast<std::uint32_t>(value));
        chip.write(low + 4, static_cast<std::uint32_t>(value >> 32));
    }
    void start() { chip.write(reg::control, 1); }
    /// False: it hangs.
    bool finish(std::uint64_t cycles = 2'000'000) {
        chip.run(cycles);
        return !chip.busy();
    }
};

/// Where a random program finds and leaves what. In words.
struct Layout {
    std::uint64_t program = 3;      ///< not at the start of a burst
    std::uint64_t outputs = 1000;   ///< what STORE writes
    std::uint64_t logits = 2500;    ///< what HEAD writes
    std::uint64_t inputs = 3000;    ///< vectors
    std::uint64_t weights = 3500;   ///< of norms
    std::uint64_t bounds = 3800;    ///< gates
    std::uint64_t matrices = 4000;  ///< trits of any bits
    std::uint64_t end = 8000;
};

template <typename Model>
struct AcceleratorRig {
    explicit AcceleratorRig(const Configuration& configuration)
        : c(configuration),
          bytes(layout.end * static_cast<std::uint64_t>(c.wordBytes())),
          referenceBytes(bytes.size()),
          memory{bytes},
          referenceMemory{referenceBytes},
          chip(memory),
          reference(referenceMemory, c) {}

    Configuration c;
    Layout layout;
    std::vector<std::byte> bytes, referenceBytes;
    DeviceMemory memory, referenceMemory;
    VerilatedAccelerator<Model> chip;
    ReferenceAccelerator reference;

    std::uint64_t byteOf(std::uint64_t word) const { return word * static_cast<std::uint64_t>(c.wordBytes()); }

    void fillMemory(Chance& chance) {
        const auto fill = [&](std::uint64_t from, std::uint64_t to, const auto& value) {
            for (std::uint64_t at = byteOf(from); at < byteOf(to); at += sizeof(std::int32_t)) {
                const std::int32_t element = value();
                std::memcpy(bytes.data() + at, &element, sizeof element);
            }
        };
        const auto any = [&] { return static_cast<std::int32_t>(chance.bits()); };
        fill(0, layout.inputs, any);
        // Of all sizes, zeros too; the fixed profile has no -2^31.
        fill(layout.inputs, layout.weights, [&] {
            const std::int32_t value = any() >> chance.between(0, 31);
            return std::max(value, -fixed::largest);
        });
        fill(layout.weights, layout.bounds, [&] { return static_cast<std::int32_t>(static_cast<std::int16_t>(any())); });
        fill(layout.bounds, layout.matrices, [&] { return static_cast<std::int32_t>(chance.below(fixed::one + 1)); });
        fill(layout.matrices, layout.end, any);
        referenceBytes = bytes;
        referenceMemory.bytes = referenceBytes;
    }
    void loadProgram(const std::vector<Instruction>& program) {
        std::uint64_t at = byteOf(layout.program);
        for (const Instruction& instruction : program) {
            const auto bits = instruction.encode();
            std::memcpy(bytes.data() + at, bits.data(), sizeof bits);
            std::memcpy(referenceBytes.data() + at, bits.data(), sizeof bits);
            at += sizeof bits;
        }
    }
    /// Program, token and limits; interrupts at the end and at an error.
    void setUp(std::size_t length, std::uint32_t token, std::uint64_t limit) {
        for (Accelerator* side : {static_cast<Accelerator*>(&chip), static_cast<Accelerator*>(&reference)}) {
            Machine machine{*side};
            machine.write64(reg::programLo, byteOf(layout.program));
            side->write(reg::programLength, static_cast<std::uint32_t>(length));
            side->write(reg::token, token);
            machine.write64(reg::logitsLo, byteOf(layout.logits));
            machine.write64(reg::memoryLimitLo, limit);
            side->write(reg::interruptEnable, 3);
        }
    }
};

/// Programs that use every instruction, on vectors of the kinds that the fixed profile means: values, gates, states.
class ProgramMaker {
public:
    ProgramMaker(const Configuration& configuration, const Layout& layout, Chance& chance)
        : c_(configuration), layout_(layout), chance_(&chance) {}

    /// All that a program depends on is set at its beginning, all that it made is stored at its end.
    std::vector<Instruction> make(int instructions) {
        program_.clear();
        for (std::uint32_t r = 0; r < registers; ++r)
            add({Opcode::Load, 0, at(r), 0, 0, width, static_cast<std::uint32_t>(layout_.inputs + chance_->below(400))});
        for (std::uint32_t r = firstGate; r < firstState; ++r)
            add({Opcode::Forget, flag::weighted, at(r), at(r), 0, width, bound()});
        for (std::uint32_t r = firstState; r < registers; ++r) add({Opcode::Add, flag::state, at(r), at(r), at(r), width, 0});
        add(scale());
        add({Opcode::Norm, flag::first, 0, at(0), 0, width, 0});
        quantise();
        for (int n = 0; n < instructions; ++n) any();
        for (std::uint32_t r = 0; r < registers; ++r)
            add({Opcode::Store, 0, 0, at(r), 0, width, static_cast<std::uint32_t>(layout_.outputs + r * width)});
        add({});
        return program_;
    }

    /// Not at HALT; before what is stored.
    std::size_t someInstruction() { return chance_->below(static_cast<std::uint32_t>(program_.size()) - registers - 1); }

private:
    static constexpr std::uint32_t width = 24;  ///< vector words of a register
    static constexpr std::uint32_t firstGate = 6, firstState = 9, registers = 12;

    void add(const Instruction& instruction) { program_.push_back(instruction); }
    std::uint16_t at(std::uint32_t reg) const { return static_cast<std::uint16_t>(5 + reg * width); }
    std::uint16_t value() { return at(chance_->below(firstGate)); }
    std::uint16_t gate() { return at(chance_->between(firstGate, firstState - 1)); }
    std::uint16_t state() { return at(chance_->between(firstState, registers - 1)); }
    std::uint32_t count() { return chance_->in(3) ? 1 + chance_->below(3) : 1 + chance_->below(width); }
    std::uint32_t weight() { return static_cast<std::uint32_t>(layout_.weights + chance_->below(200)); }
    std::uint32_t bound() { return static_cast<std::uint32_t>(layout_.bounds + chance_->below(100)); }

    Instruction scale() {
        return scaleInstruction(
            {0x800000U | (chance_->bits() & 0x7FFFFFU), static_cast<std::int8_t>(static_cast<int>(chance_->below(60)) - 10)},
            {chance_->bits(), static_cast<std::uint16_t>(chance_->bits()), static_cast<std::uint8_t>(chance_->below(40))});
    }
    /// Of whole code words, so that a mat-vec's columns are all defined.
    void quantise() {
        const auto perCode = static_cast<std::uint32_t>(c_.lanes / c_.elements());
        const std::uint32_t words = perCode * chance_->between(1, width / perCode);
        chunks_ = words / perCode;
        add({Opcode::Quant, 0, value(), value(), 0, words, weight()});
    }
    Instruction product(Opcode opcode, std::uint32_t words) {
        const auto flags = opcode == Opcode::Head && chance_->in(2) ? flag::logits : std::uint8_t{0};
        return {opcode,
                flags,
                opcode == Opcode::Head ? std::uint16_t{0} : value(),
                0,
                static_cast<std::uint16_t>(chance_->between(1, chunks_)),
                words * static_cast<std::uint32_t>(c_.elements()),
                static_cast<std::uint32_t>(layout_.matrices + chance_->below(500))};
    }
    void any() {
        switch (chance_->below(15)) {
            case 0:
                return add({Opcode::Load, 0, value(), 0, 0, count(),
                            static_cast<std::uint32_t>(layout_.inputs + chance_->below(400))});
            case 1:
                return add({Opcode::Load, flag::indexed, value(), 0, 0, count(), static_cast<std::uint32_t>(layout_.inputs)});
            case 2:
                return add({Opcode::Store, 0, 0, value(), 0, count(),
                            static_cast<std::uint32_t>(layout_.outputs + 500 + chance_->below(900))});
            case 3:
                return add(scale());
            case 4:
                return add({Opcode::Norm, static_cast<std::uint8_t>(chance_->below(4)), 0, value(), 0, count(), weight()});
            case 5:
                return quantise();
            case 6:
            case 7:
                return add(product(Opcode::Matvec, count()));
            case 8:
                return add(product(Opcode::Head, chance_->between(1, 60)));
            case 9:
                return chance_->in(2) ? add({Opcode::Add, 0, value(), value(), value(), count(), 0})
                                      : add({Opcode::Add, flag::state, state(), state(), state(), count(), 0});
            case 10:
                return add(
                    {Opcode::Forget, static_cast<std::uint8_t>(chance_->below(2)), gate(), value(), 0, count(), bound()});
            case 11:
                return add({Opcode::Cand, 0, state(), value(), gate(), count(), 0});
            case 12:
                return add({Opcode::Decay, 0, state(), gate(), state(), count(), 0});
            case 13:
                return add({Opcode::Gate, 0, value(), value(), state(), count(), 0});
            default:
                return add({Opcode::Glu, 0, value(), value(), value(), count(), 0});
        }
    }

    Configuration c_;
    Layout layout_;
    Chance* chance_;
    std::vector<Instruction> program_;
    std::uint32_t chunks_ = 1;
};

/// Stalls by chance, on each channel its own; new odds each time.
inline std::function<BusStalls()> stallsBy(Chance& chance) {
    struct Odds {
        std::uint32_t readRequest, readData, writeRequest, writeData, writeAnswer, other;
    };
    const auto odds = [&] { return chance.in(3) ? 1000U : chance.between(2, 6); };
    const Odds o{odds(), odds(), odds(), odds(), odds(), odds()};
    return [&chance, o] {
        return BusStalls{chance.in(o.readRequest), chance.in(o.readData),    chance.in(o.writeRequest),
                         chance.in(o.writeData),   chance.in(o.writeAnswer), chance.in(o.other)};
    };
}

}  // namespace ternion::fpga
