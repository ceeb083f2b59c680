#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "Sequencer.h"
#include "clocked.h"
#include "program/instruction.h"

namespace ternion::fpga {
namespace {

struct Item {
    Instruction instruction;
    AcceleratorError error = AcceleratorError::None;
    std::uint64_t errorAddress = 0;
    std::uint32_t words = 0;  ///< from the stream
};

std::uint32_t unitOf(Opcode opcode) {
    switch (opcode) {
        case Opcode::Load:
        case Opcode::Store:
            return 1;
        case Opcode::Scale:
        case Opcode::Norm:
        case Opcode::Quant:
            return 4;
        case Opcode::Matvec:
        case Opcode::Head:
            return 8;
        default:
            return 2;
    }
}

/// What surrounds the sequencer: queue, the unit at work, stream, writer and fetch, all of them as slow as chance has it.
struct World : Clocked<Sequencer> {
    Chance chance{26};
    std::vector<Item> program;
    std::size_t next = 0;              ///< that the queue gives
    std::vector<Instruction> started;  ///< in this order
    std::uint32_t work = 0, left = 0;  ///< cycles of the unit, words that it takes
    std::uint32_t writing = 0;         ///< cycles until memory has answered
    std::uint32_t draining = 0;        ///< cycles until reads have come back, once it stops
    bool working = false;
    std::size_t writeFails;      ///< at which instruction
    std::uint32_t readable = 0;  ///< words until the stream fails
    bool writeFailed = false;
    int finished = 0, starts = 0;
    int idleCycles = 0;  ///< in which an instruction waited although nothing kept it

    /// The last word that instruction `streamFails` takes cannot be read.
    void begin(std::vector<Item> items, std::size_t writeFailsAt, std::size_t streamFails) {
        program = std::move(items);
        writeFails = writeFailsAt;
        readable = streamFails < program.size() ? 0 : ~0U;
        for (std::size_t k = 0; streamFails < program.size() && k <= streamFails; ++k) readable += program[k].words;
        if (streamFails < program.size()) --readable;
        clear();
        starts = finished = 0;
        model.start_i = 1;
        step();
        model.start_i = 0;
    }
    void clear() {
        next = 0;
        started.clear();
        work = left = writing = 0;
        working = writeFailed = false;
    }
    void step(bool hurry = false) {
        const bool given = next < program.size() && (hurry || !chance.in(4));
        model.valid_i = given;
        if (given) {
            const auto bits = program[next].instruction.encode();
            std::copy(bits.begin(), bits.end(), &model.instruction_i[0]);
            model.error_i = static_cast<std::uint8_t>(program[next].error);
            model.words_i = program[next].words;
            model.error_address_i = program[next].errorAddress;
        }
        const std::size_t current = started.size() - 1;
        model.stream_failed_i = readable == 0;
        model.stream_failed_address_i = 0xABCD00;
        model.stream_taken_i = working && left > 0 && !model.stream_failed_i && !chance.in(3);
        if (work > 0 && left == 0) --work;
        model.unit_done_i = working && work == 0 && left == 0;
        if (writing > 0) --writing;
        if (writing == 1 && current < started.size() && lastWrite() == writeFails) writeFailed = true;
        model.writer_idle_i = writing == 0;
        model.writer_failed_i = writeFailed;
        model.writer_failed_address_i = 0xFEED00;
        model.stream_idle_i = model.fetch_idle_i = draining == 0;
        settle();
        if (model.stop_o && draining > 0) --draining;
        if (model.start_o) {
            ++starts;
            draining = chance.below(10);
        }
        if (model.stop_o) working = false;
        if (model.stream_taken_i) {
            --left;
            --readable;
        }
        if (model.unit_done_i) working = false;
        if (model.unit_start_o) {
            ASSERT_FALSE(working) << "one at a time";
            ASSERT_LT(started.size(), program.size());
            const Item& item = program[started.size()];
            ASSERT_EQ(model.unit_o, unitOf(item.instruction.opcode));
            const auto bits = item.instruction.encode();
            ASSERT_TRUE(std::equal(bits.begin(), bits.end(), &model.instruction_o[0]));
            const bool writes = item.instruction.opcode == Opcode::Store ||
                                (item.instruction.opcode == Opcode::Head && item.instruction.has(flag::logits));
            ASSERT_EQ(model.writer_start_o, writes);
            if (item.instruction.opcode == Opcode::Store || item.instruction.opcode == Opcode::Head) {
                ASSERT_EQ(writing, 0U) << "the last writes are not yet answered";
            }
            if (writes) writing = chance.between(2, 40);
            started.push_back(item.instruction);
            working = true;
            work = chance.between(1, 10);
            left = item.words;
        }
        ASSERT_EQ(model.stop_o && model.unit_start_o, false);
        finished += model.finished_o;
        if (model.ready_o) ++next;
        edge();
    }
    std::size_t lastWrite() const {
        for (std::size_t k = started.size(); k > 0; --k)
            if (started[k - 1].opcode == Opcode::Store ||
                (started[k - 1].opcode == Opcode::Head && started[k - 1].has(flag::logits)))
                return k - 1;
        return started.size();
    }
    std::vector<Item> randomItems() {
        std::vector<Item> items;
        for (std::uint32_t n = chance.below(20); n > 0; --n) {
            Item item;
            item.instruction.opcode = static_cast<Opcode>(chance.between(1, 13));
            item.instruction.flags = static_cast<std::uint8_t>(chance.below(32));
            item.instruction.address = chance.bits();
            item.words = chance.in(2) ? 0 : chance.between(1, 8);
            items.push_back(item);
        }
        items.emplace_back();  // HALT
        return items;
    }
};

constexpr std::size_t never = 1000;

TEST(Sequencer, RunsProgramsInOrderAndReportsTheFirstError) {
    World world;
    Chance& chance = world.chance;
    int streamErrors = 0, writeErrors = 0, badItems = 0;
    for (int round = 0; round < 2000; ++round) {
        SCOPED_TRACE(round);
        auto items = world.randomItems();
        const auto size = static_cast<std::uint32_t>(items.size());
        std::size_t last = size - 1;  // the instruction that ends it
        auto error = AcceleratorError::None;
        std::uint64_t address = 0;
        if (chance.in(3)) {
            last = chance.below(size);
            error = items[last].error = AcceleratorError::BadVector;
            address = items[last].errorAddress = chance.bits64();
            items.resize(last + 1);
        }
        std::size_t streamFails = never, writeFails = never;
        if (chance.in(3)) {
            const std::size_t at = chance.below(size);
            if (at < last && items[at].words > 0) {
                last = streamFails = at;
                error = AcceleratorError::ReadFailed;
                address = 0xABCD00;
            }
        }
        if (chance.in(3)) {
            const std::size_t at = chance.below(size);
            const bool writes =
                at < last && (items[at].instruction.opcode == Opcode::Store ||
                              (items[at].instruction.opcode == Opcode::Head && items[at].instruction.has(flag::logits)));
            if (writes) {
                writeFails = at;
                error = AcceleratorError::WriteFailed;
                address = 0xFEED00;
            }
        }
        ASSERT_NO_FATAL_FAILURE(world.begin(items, writeFails, streamFails));
        EXPECT_TRUE(world->busy_o);
        EXPECT_FALSE(world->done_o);
        for (int cycles = 0; world.finished == 0; ++cycles) {
            ASSERT_LT(cycles, 4000) << "hangs";
            world->start_i = chance.in(10);  // not heard while a program runs
            ASSERT_NO_FATAL_FAILURE(world.step());
        }
        world->start_i = 0;
        world.settle();
        ASSERT_EQ(world.starts, 1);
        ASSERT_EQ(static_cast<AcceleratorError>(world->error_o), error);
        ASSERT_EQ(world->done_o, error == AcceleratorError::None);
        ASSERT_FALSE(world->busy_o);
        ASSERT_EQ(world.writing, 0U);
        ASSERT_EQ(world.draining, 0U);
        if (error == AcceleratorError::None) {
            ASSERT_EQ(world.started.size(), last);
        } else if (error == AcceleratorError::WriteFailed) {
            ASSERT_EQ(world->error_instruction_o, writeFails);
            ASSERT_EQ(world->error_address_o, address);
            for (std::size_t k = writeFails + 1; k < world.started.size(); ++k)
                ASSERT_TRUE(world.started[k].opcode != Opcode::Store && world.started[k].opcode != Opcode::Head);
            ++writeErrors;
        } else {
            ASSERT_EQ(world->error_instruction_o, last);
            ASSERT_EQ(world->error_address_o, address);
            ASSERT_EQ(world.started.size(), error == AcceleratorError::ReadFailed ? last + 1 : last);
            (error == AcceleratorError::ReadFailed ? streamErrors : badItems)++;
        }
    }
    EXPECT_GT(streamErrors, 50);
    EXPECT_GT(writeErrors, 30);
    EXPECT_GT(badItems, 50);
}

TEST(Sequencer, StartsTheNextInstructionInTheCycleAfterTheLastIsDone) {
    World world;
    std::vector<Item> items(50, Item{.instruction = {.opcode = Opcode::Add}});
    items.emplace_back();
    world.begin(items, never, never);
    int idle = 0;
    while (world.started.size() < 50) {
        world.step(true);
        idle += !world.working && !world->unit_start_o && !world.started.empty() && world.started.size() < 50;
    }
    EXPECT_EQ(idle, 0);
}

TEST(Sequencer, ResetsAtAnyTimeAndThenStarts) {
    World world;
    Chance& chance = world.chance;
    for (int round = 0; round < 500; ++round) {
        world.begin(world.randomItems(), never, never);
        for (std::uint32_t n = chance.below(60); n > 0; --n) ASSERT_NO_FATAL_FAILURE(world.step());
        const bool again = chance.in(2);
        world.finished = 0;
        world.starts = 0;
        world->reset_i = 1;
        world->start_i = again;  // is kept until the reset is over
        ASSERT_NO_FATAL_FAILURE(world.step());
        world->reset_i = 0;
        world->start_i = 0;
        world.working = false;
        world.left = world.work = 0;
        world.next = world.program.size();
        for (int cycles = 0; again ? world.starts == 0 : world->busy_o != 0; ++cycles) {
            ASSERT_LT(cycles, 100) << "hangs";
            ASSERT_FALSE(world->unit_start_o && cycles > 0);
            world.step();
        }
        EXPECT_EQ(world.finished, 0) << "a reset is no end of a program";
        EXPECT_EQ(world->error_o, 0);
        if (!again) {
            EXPECT_FALSE(world->done_o);
            continue;
        }
        world.clear();
        world.program = world.randomItems();
        for (int cycles = 0; world.finished == 0; ++cycles) {
            ASSERT_LT(cycles, 4000) << "hangs";
            ASSERT_NO_FATAL_FAILURE(world.step());
        }
        world.settle();
        EXPECT_TRUE(world->done_o);
    }
}

}  // namespace
}  // namespace ternion::fpga
