#include "inspect/trace_store.h"

#include <gtest/gtest.h>

#include "scratch.h"

namespace ternion {
namespace {

constexpr TraceRequest::Item state{TraceTensor::State, 2};
constexpr TraceRequest::Item gate{TraceTensor::ForgetGate, 0};
constexpr int width = 5;
constexpr std::uint64_t blockBytes = 64 * width * sizeof(float);  // the store takes memory by 64 tokens

float valueOf(int token, int channel, float turn) { return turn * 1000000 + float(token * 100 + channel); }

/// Tokens `from` to `to`, each value telling where it belongs.
Status append(TraceStore& store, int from, int to, TraceRequest::Item item = state, float turn = 0) {
    std::vector<float> values;
    for (int token = from; token < to; ++token)
        for (int channel = 0; channel < width; ++channel) values.push_back(valueOf(token, channel, turn));
    return store.append(item, from, to - from, width, values);
}

void expectTokens(const TraceSeries& series, int from, int to, float turn = 0) {
    ASSERT_LE(series.firstToken(), from);
    ASSERT_GE(series.endToken(), to);
    for (int token = from; token < to; ++token) {
        ASSERT_EQ(series.row(token).size(), std::size_t{width});
        for (int channel = 0; channel < width; ++channel)
            ASSERT_EQ(series.row(token)[static_cast<std::size_t>(channel)], valueOf(token, channel, turn)) << token;
    }
}

TEST(TraceStore, GrowsByPiecesOfAnyLength) {
    TraceStore store;
    EXPECT_TRUE(store.series(state).empty());
    EXPECT_EQ(store.endToken(state), 0);
    int end = 0;
    for (const int count : {1, 62, 1, 1, 128, 200, 0, 7}) {
        ASSERT_TRUE(append(store, end, end + count));
        end += count;
        EXPECT_EQ(store.endToken(state), end);
        expectTokens(store.series(state), 0, end);
    }
    EXPECT_EQ(store.series(state).width(), width);
    EXPECT_TRUE(store.series(gate).empty());
    EXPECT_EQ(store.memoryBytes(), 7 * blockBytes);  // 400 tokens
    store.forget(state);
    EXPECT_EQ(store.memoryBytes(), 0U);
    EXPECT_EQ(store.endToken(state), 0);
}

TEST(TraceStore, BeginsAnewWhereNothingContinues) {
    TraceStore store;
    ASSERT_TRUE(append(store, 0, 100));
    ASSERT_TRUE(append(store, 150, 250));
    EXPECT_EQ(store.series(state).firstToken(), 150);
    expectTokens(store.series(state), 150, 250);
    EXPECT_EQ(store.memoryBytes(), 2 * blockBytes);
    ASSERT_TRUE(store.append(state, 250, 1, 3, std::vector<float>{1, 2, 3}));  // another model
    EXPECT_EQ(store.series(state).width(), 3);
    EXPECT_EQ(store.series(state).firstToken(), 250);
    EXPECT_EQ(store.series(state).row(250)[2], 3);
}

TEST(TraceStore, OlderViewsKeepTheirValues) {
    TraceStore store;
    ASSERT_TRUE(append(store, 0, 100));
    const TraceSeries before = store.series(state);
    for (const int kept : {90, 64, 10}) {
        store.truncate(kept);
        EXPECT_EQ(store.endToken(state), kept);
        ASSERT_TRUE(append(store, kept, 130, state, 1));
        expectTokens(store.series(state), 0, std::min(kept, 10));
        expectTokens(store.series(state), kept, 130, 1);
        EXPECT_EQ(before.endToken(), 100);
        expectTokens(before, 0, 100);
        EXPECT_EQ(store.memoryBytes(), 3 * blockBytes);
    }
    store.truncate(1000);
    EXPECT_EQ(store.endToken(state), 130);
    store.truncate(0);
    EXPECT_TRUE(store.series(state).empty());
    EXPECT_EQ(store.memoryBytes(), 0U);
    expectTokens(before, 0, 100);
}

TEST(TraceStore, DropsTheOldestOfAllAndCounts) {
    TraceStore store({.memoryBytes = 6 * blockBytes});
    ASSERT_TRUE(append(store, 0, 64 * 3));
    ASSERT_TRUE(append(store, 0, 64 * 3, gate));
    EXPECT_EQ(store.droppedBytes(), 0U);
    const TraceSeries whole = store.series(state);
    ASSERT_TRUE(append(store, 64 * 3, 64 * 5));
    EXPECT_EQ(store.memoryBytes(), 6 * blockBytes);
    EXPECT_EQ(store.droppedBytes(), 2 * blockBytes);
    EXPECT_EQ(store.series(state).firstToken(), 64);
    EXPECT_EQ(store.series(gate).firstToken(), 64);
    expectTokens(store.series(state), 64, 64 * 5);
    expectTokens(store.series(gate), 64, 64 * 3);
    expectTokens(whole, 0, 64 * 3);
    ASSERT_TRUE(store.setLimits({.memoryBytes = 0}));  // the newest of each stays
    EXPECT_EQ(store.memoryBytes(), 2 * blockBytes);
    expectTokens(store.series(state), 64 * 4, 64 * 5);
    expectTokens(store.series(gate), 64 * 2, 64 * 3);
    store.truncate(64 * 2);  // before what is there
    EXPECT_TRUE(store.series(gate).empty());
    store.clear();
    EXPECT_EQ(store.memoryBytes() + store.droppedBytes(), 0U);
}

TEST(TraceStore, SpilledValuesStayReadable) {
    const files::Scratch folder;
    TraceStore store({.memoryBytes = 2 * blockBytes, .spillFolder = folder.path()});
    for (int token = 0; token < 64 * 10; token += 40) ASSERT_TRUE(append(store, token, token + 40));
    EXPECT_EQ(store.memoryBytes(), 2 * blockBytes);
    EXPECT_EQ(store.spilledBytes(), 8 * blockBytes);
    EXPECT_EQ(store.droppedBytes(), 0U);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));  // the file has no name
    const TraceSeries before = store.series(state);
    expectTokens(before, 0, 64 * 10);

    store.truncate(100);  // within a spilled block
    EXPECT_EQ(store.memoryBytes(), blockBytes);
    EXPECT_EQ(store.spilledBytes(), blockBytes);
    ASSERT_TRUE(append(store, 100, 200, state, 1));
    expectTokens(store.series(state), 0, 100);
    expectTokens(store.series(state), 100, 200, 1);
    store.clear();
    EXPECT_EQ(store.spilledBytes(), 0U);
    expectTokens(before, 0, 64 * 10);
}

TEST(TraceStore, DropsWhereItCannotSpill) {
    const files::Scratch folder;
    TraceStore store({.memoryBytes = 2 * blockBytes, .spillFolder = folder / "none"});
    const auto refused = append(store, 0, 64 * 4);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Io);
    EXPECT_NE(refused.error().text().find((folder / "none").string()), std::string::npos);
    EXPECT_EQ(store.memoryBytes(), 2 * blockBytes);
    EXPECT_EQ(store.droppedBytes(), 2 * blockBytes);
    expectTokens(store.series(state), 64 * 2, 64 * 4);
    EXPECT_TRUE(append(store, 64 * 4, 64 * 5));  // once said is enough
}

TEST(TraceStore, WhatWasSpilledGoesWithWhatIsDropped) {
    const files::Scratch folder;
    TraceStore store({.memoryBytes = 3 * blockBytes, .spillFolder = folder.path()});
    ASSERT_TRUE(append(store, 0, 64 * 5));
    EXPECT_EQ(store.spilledBytes(), 2 * blockBytes);
    ASSERT_TRUE(store.setLimits({.memoryBytes = 2 * blockBytes}));
    EXPECT_EQ(store.spilledBytes(), 0U);
    EXPECT_EQ(store.droppedBytes(), 3 * blockBytes);
    EXPECT_EQ(store.series(state).firstToken(), 64 * 3);
    expectTokens(store.series(state), 64 * 3, 64 * 5);
}

}  // namespace
}  // namespace ternion
