// A unit of the accelerator, with what surrounds it there: vector memory, code memory, a stream from memory and, for HEAD, who
// takes the logits. Stream and taker stall by chance.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "accelerator_interface.h"
#include "backend/fixed_profile.h"
#include "clocked.h"

/// An instruction's fields, as ternion_pkg::instruction_t has them.
struct UnitInstruction {
    ternion::fpga::Opcode opcode;
    std::uint8_t flags = 0;
    std::uint16_t dst = 0;
    std::uint16_t a = 0;
    std::uint16_t b = 0;
    std::uint32_t count = 1;
    std::uint32_t address = 0;
};

template <typename Model>
class UnitBench {
public:
    static constexpr std::size_t elements = sizeof(Model::stream_data_i) / sizeof(std::int32_t);
    static constexpr std::size_t vectorWords = 2048;
    static constexpr std::size_t codeWords = 32;
    using Word = std::array<std::int32_t, elements>;

    explicit UnitBench(std::uint32_t seed) : chance(seed) {
        for (Word& word : memory) word = randomWord();
    }

    Clocked<Model> unit;
    Chance chance;
    std::vector<Word> memory{vectorWords};
    std::vector<std::vector<std::int8_t>> codes{codeWords};
    std::vector<Word> logits;       ///< that were taken
    std::uint32_t streamStall = 1;  ///< the stream has nothing in (n - 1) of n cycles
    std::uint32_t logitsStall = 1;
    int busy = 0, streamStalls = 0, drainStalls = 0;  ///< pulses of a mat-vec
    std::uint64_t s1 = 0;                             ///< that came out

    /// Any value of a vector, large and small.
    std::int32_t value() {
        using ternion::fixed::largest;
        if (chance.in(40)) return std::array{0, 1, -1, largest, -largest}[chance.below(5)];
        return std::max(static_cast<std::int32_t>(chance.bits()) >> chance.below(32), -largest);
    }
    Word randomWord() {
        Word word;
        for (auto& element : word) element = value();
        return word;
    }

    /// Cycles from start to done; the next run starts in the cycle after done.
    int run(const UnitInstruction& instruction, std::span<const Word> stream = {}) {
        constexpr int patience = 20000;
        start(instruction, stream);
        for (int cycle = 0; cycle < patience && !stuck_; ++cycle) {
            if (step()) {
                EXPECT_EQ(taken_, stream.size());
                return cycle;
            }
        }
        EXPECT_TRUE(stuck_) << "not done";
        stuck_ = true;
        return patience;
    }
    /// Only its first cycles; then a reset.
    void abandon(const UnitInstruction& instruction, std::span<const Word> stream, int cycles) {
        start(instruction, stream);
        for (int cycle = 0; cycle < cycles && !step(); ++cycle) {
        }
        unit->start_i = 0;
        unit.reset();
    }
    /// Nothing to do, and nothing done.
    void idle(int cycles) {
        stream_ = {};
        taken_ = 0;
        for (int cycle = 0; cycle < cycles; ++cycle) {
            writes_ = false;
            EXPECT_FALSE(step());
            EXPECT_FALSE(writes_);
        }
    }

private:
    void start(const UnitInstruction& i, std::span<const Word> stream) {
        unit->instruction_i[0] =
            static_cast<std::uint32_t>(i.opcode) | std::uint32_t{i.flags} << 8 | std::uint32_t{i.dst} << 16;
        unit->instruction_i[1] = i.a | std::uint32_t{i.b} << 16;
        unit->instruction_i[2] = i.count;
        unit->instruction_i[3] = i.address;
        unit->start_i = 1;
        stream_ = stream;
        taken_ = 0;
        busy = streamStalls = drainStalls = 0;
    }

    /// A cycle; true where the unit is done in it.
    bool step() {
        offered_ = taken_ < stream_.size() && (offered_ || chance.in(streamStall));
        unit->stream_valid_i = offered_;
        for (std::size_t e = 0; e < elements; ++e)
            unit->stream_data_i[e] = offered_ ? static_cast<std::uint32_t>(stream_[taken_][e]) : chance.bits();
        if constexpr (requires { unit->logits_ready_i; }) unit->logits_ready_i = chance.in(logitsStall);
        unit.settle();

        const bool done = unit->done_o;
        Word a{};
        Word b{};
        Word written{};
        if constexpr (requires { unit->a_address_o; }) a = memory[unit->a_address_o];
        if constexpr (requires { unit->b_address_o; }) b = memory[unit->b_address_o];
        if (offered_ && unit->stream_ready_o) {
            ++taken_;
            offered_ = false;
        }
        if (unit->write_o) {
            for (std::size_t e = 0; e < elements; ++e) written[e] = static_cast<std::int32_t>(unit->write_data_o[e]);
            memory[unit->write_address_o] = written;
            writes_ = true;
        }
        if constexpr (requires { unit->s1_o; }) {
            if (unit->s1_we_o) s1 = unit->s1_o;
        }
        std::vector<std::int8_t> codesRead;
        if constexpr (requires { unit->code_data_o; }) {
            if (unit->code_write_o) codes[unit->code_address_o] = bytesOf(unit->code_data_o);
        }
        if constexpr (requires { unit->code_data_i; }) codesRead = codes[unit->code_address_o];
        if constexpr (requires { unit->logits_valid_o; }) {
            if (unit->logits_valid_o && unit->logits_ready_i) {
                std::transform(&unit->logits_data_o[0], &unit->logits_data_o[0] + elements, written.begin(),
                               [](std::uint32_t x) { return static_cast<std::int32_t>(x); });
                logits.push_back(written);
            }
            busy += unit->array_busy_o;
            streamStalls += unit->stream_stall_o;
            drainStalls += unit->drain_stall_o;
        }
        unit.edge();
        unit->start_i = 0;
        if constexpr (requires { unit->a_data_i; }) std::copy(a.begin(), a.end(), &unit->a_data_i[0]);
        if constexpr (requires { unit->b_data_i; }) std::copy(b.begin(), b.end(), &unit->b_data_i[0]);
        if constexpr (requires { unit->code_data_i; }) {
            for (std::size_t l = 0; l < codesRead.size(); l += 4)
                unit->code_data_i[l / 4] = static_cast<std::uint8_t>(codesRead[l]) |
                                           static_cast<std::uint8_t>(codesRead[l + 1]) << 8 |
                                           static_cast<std::uint8_t>(codesRead[l + 2]) << 16 |
                                           static_cast<std::uint32_t>(static_cast<std::uint8_t>(codesRead[l + 3])) << 24;
        }
        return done;
    }
    template <typename Wide>
    static std::vector<std::int8_t> bytesOf(const Wide& wide) {
        std::vector<std::int8_t> bytes(sizeof wide);
        for (std::size_t l = 0; l < bytes.size(); ++l) bytes[l] = static_cast<std::int8_t>(wide[l / 4] >> (8 * (l % 4)));
        return bytes;
    }

    std::span<const Word> stream_;
    std::size_t taken_ = 0;
    bool offered_ = false;  // what is offered stays until it is taken
    bool writes_ = false;
    bool stuck_ = false;  // once is enough
};
