// What every transport has to do, whatever is behind it. Included by the one file of a program that names its transports.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "board_rig.h"
#include "link/dma_copier.h"

namespace ternion::fpga {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

class Conformance : public testing::TestWithParam<Transport> {
protected:
    void SetUp() override {
        auto rig = GetParam().makeRig();
        ASSERT_TRUE(rig) << rig.error().text();
        rig_ = std::move(*rig);
        auto board = rig_->open();
        ASSERT_TRUE(board) << board.error().text();
        board_ = std::move(*board);
    }

    Board& board() { return *board_; }
    const CardFacts& facts() const { return rig_->facts(); }

    static std::vector<std::byte> randomBytes(std::size_t count, unsigned seed) {
        std::mt19937 random(seed);
        std::vector<std::byte> bytes(count);
        std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::byte>(random()); });
        return bytes;
    }
    void expectRegistersWork() {
        const auto first = board().read32(0);
        ASSERT_TRUE(first) << first.error().text();
        EXPECT_EQ(*first, facts().firstRegister);
    }
    template <class T>
    static void expectError(const Result<T>& result, ErrorCode code) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, code) << result.error().text();
        EXPECT_FALSE(result.error().message.empty());
    }
    void expectInterrupt() {
        const auto came = board().waitInterrupt(10s);
        ASSERT_TRUE(came) << came.error().text();
        EXPECT_TRUE(*came);
    }
    void expectSilence(std::chrono::milliseconds length) {
        const auto start = steady_clock::now();
        const auto came = board().waitInterrupt(length);
        ASSERT_TRUE(came) << came.error().text();
        EXPECT_FALSE(*came);
        EXPECT_GE(steady_clock::now() - start, length);
        EXPECT_LT(steady_clock::now() - start, length + 5s);
    }

    std::unique_ptr<BoardRig> rig_;
    std::unique_ptr<Board> board_;  // leaves before what serves it
};

TEST_P(Conformance, saysWhatItIs) {
    EXPECT_TRUE(board().info().usable);
    EXPECT_TRUE(board().info().reason.empty());
    EXPECT_FALSE(board().info().id.empty());
    EXPECT_FALSE(board().info().name.empty());
    EXPECT_EQ(board().info().transport, rig_->transport());
}

TEST_P(Conformance, registersKeepWhatIsWritten) {
    expectRegistersWork();
    for (const std::uint32_t value : {0U, 1U, 0x80000000U, 0x12345678U, 0xA5A5A5A5U, 0xFFFFFFFEU}) {
        const auto written = board().write32(facts().scratchRegister, value);
        ASSERT_TRUE(written) << written.error().text();
        const auto read = board().read32(facts().scratchRegister);
        ASSERT_TRUE(read) << read.error().text();
        EXPECT_EQ(*read, facts().scratch(value));
    }
    expectRegistersWork();
}

TEST_P(Conformance, registersThatAreNotThereAreRefused) {
    ASSERT_TRUE(board().read32(facts().windowBytes - 4));
    for (const std::uint32_t offset : {1U, 2U, 3U, 6U, facts().windowBytes, facts().windowBytes - 2, facts().windowBytes + 4,
                                       0x80000000U, 0xFFFFFFFCU, 0xFFFFFFFFU}) {
        SCOPED_TRACE(offset);
        expectError(board().read32(offset), ErrorCode::InvalidArgument);
        expectError(board().write32(offset, 1), ErrorCode::InvalidArgument);
    }
    expectRegistersWork();
}

TEST_P(Conformance, memoryKeepsWhatIsCopied) {
    // Everything but the ends of a page of it is overwritten from the middle out, and what is beside must not change.
    const std::size_t page = std::min<std::uint64_t>(facts().memoryBytes, 4096);
    std::vector<std::byte> expected = randomBytes(page, 1);
    ASSERT_TRUE(board().copyIn(0, expected));
    struct Piece {
        std::size_t at, size;
    };
    unsigned seed = 2;
    for (const auto& [at, size] :
         {Piece{0, 1}, Piece{1, 3}, Piece{61, 7}, Piece{128, 64}, Piece{257, 1022}, Piece{page - 5, 5}}) {
        const auto bytes = randomBytes(size, seed++);
        ASSERT_TRUE(board().copyIn(at, bytes));
        std::copy(bytes.begin(), bytes.end(), expected.begin() + static_cast<std::ptrdiff_t>(at));
    }
    std::vector<std::byte> read(page);
    ASSERT_TRUE(board().copyOut(0, read));
    EXPECT_EQ(read, expected);
    std::vector<std::byte> part(333);
    ASSERT_TRUE(board().copyOut(101, part));
    EXPECT_TRUE(std::equal(part.begin(), part.end(), expected.begin() + 101));
}

TEST_P(Conformance, copiesAreAsLongAsMemory) {
    const std::size_t size = std::min<std::uint64_t>(facts().memoryBytes, 2 * stagingBytes + 12345);
    const std::uint64_t at = facts().memoryBytes - size;  // to the last byte
    const auto bytes = randomBytes(size, 3);
    const auto copied = board().copyIn(at, bytes);
    ASSERT_TRUE(copied) << copied.error().text();
    std::vector<std::byte> read(size);
    ASSERT_TRUE(board().copyOut(at, read));
    EXPECT_TRUE(read == bytes);
}

TEST_P(Conformance, nothingIsCopiedBeyondMemory) {
    std::vector<std::byte> bytes(16);
    const std::uint64_t end = facts().memoryBytes;
    for (const std::uint64_t at : {end, end - 15, end + 4096, std::numeric_limits<std::uint64_t>::max() - 7}) {
        SCOPED_TRACE(at);
        expectError(board().copyIn(at, bytes), ErrorCode::InvalidArgument);
        expectError(board().copyOut(at, bytes), ErrorCode::InvalidArgument);
    }
    EXPECT_TRUE(board().copyIn(end, std::span<const std::byte>()));
    EXPECT_TRUE(board().copyIn(end - 16, bytes));
}

TEST_P(Conformance, aSubmitIsAnsweredByOneInterrupt) {
    ASSERT_TRUE(facts().prepareJob(board()));
    ASSERT_TRUE(board().submit());
    expectInterrupt();
    expectSilence(50ms);
}

TEST_P(Conformance, jobsFollowEachOther) {
    for (int job = 0; job < 20; ++job) {
        ASSERT_TRUE(facts().prepareJob(board()));
        ASSERT_TRUE(board().submit());
        expectInterrupt();
        if (HasFailure()) return;
    }
    expectSilence(20ms);
}

TEST_P(Conformance, aLateInterruptDoesNotAnswerTheNextJob) {
    // The end of a job that nobody waits for must not be taken for that of the next.
    ASSERT_TRUE(facts().prepareJob(board()));
    ASSERT_TRUE(board().submit());
    for (const auto start = steady_clock::now(); steady_clock::now() - start < 5s;) {
        const auto underWay = facts().jobIsUnderWay(board());
        ASSERT_TRUE(underWay) << underWay.error().text();
        if (!*underWay) break;
    }
    ASSERT_TRUE(facts().prepareJob(board()));
    ASSERT_TRUE(board().submit());
    expectInterrupt();
    expectSilence(50ms);
}

TEST_P(Conformance, aSilentBoardIsWaitedForAsLongAsAsked) {
    expectSilence(0ms);
    expectSilence(120ms);
    expectRegistersWork();
}

TEST_P(Conformance, aWaitCanBeStopped) {
    std::stop_source source;
    std::jthread stopper([&] {
        std::this_thread::sleep_for(50ms);
        source.request_stop();
    });
    const auto start = steady_clock::now();
    expectError(board().waitInterrupt(60s, source.get_token()), ErrorCode::Cancelled);
    EXPECT_LT(steady_clock::now() - start, 10s);
    expectError(board().waitInterrupt(60s, source.get_token()), ErrorCode::Cancelled);
    expectRegistersWork();
}

TEST_P(Conformance, onlyOneHasIt) {
    if (!rig_->isShared()) {  // every board of this kind is a new one, and none knows of another
        auto other = rig_->open();
        ASSERT_TRUE(other);
        ASSERT_TRUE(board().write32(facts().scratchRegister, 1));
        ASSERT_TRUE((*other)->write32(facts().scratchRegister, 2));
        EXPECT_EQ(board().read32(facts().scratchRegister).value(), facts().scratch(1));
        return;
    }
    expectError(rig_->open(), ErrorCode::DeviceUnavailable);
    expectRegistersWork();
    board_.reset();
    auto again = rig_->open();
    ASSERT_TRUE(again) << again.error().text();
    board_ = std::move(*again);
    expectRegistersWork();
    ASSERT_TRUE(facts().prepareJob(board()));
    ASSERT_TRUE(board().submit());
    expectInterrupt();
}

}  // namespace ternion::fpga
