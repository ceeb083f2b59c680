// What has been traced of a conversation, token after token, in bounded memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "backend/trace.h"

namespace ternion {

/// One traced tensor over the tokens of a conversation: an immutable view that stays valid whatever becomes of the store.
/// Copying shares the values. Any thread.
class TraceSeries {
public:
    int width() const { return width_; }
    int firstToken() const { return firstToken_; }  ///< tokens before it were dropped to keep within memory
    int endToken() const { return endToken_; }      ///< one past the last token that is there
    bool empty() const { return endToken_ <= firstToken_; }
    /// `[width]`; firstToken() <= token < endToken().
    std::span<const float> row(int token) const;

private:
    friend class TraceStore;
    struct Block;
    std::vector<std::shared_ptr<Block>> blocks_;
    int width_ = 0;
    int firstToken_ = 0;
    int endToken_ = 0;
};

struct TraceLimits {
    std::uint64_t memoryBytes = std::uint64_t{1} << 30;
    /// Where what memory no longer holds is written (an unnamed file, readable by the user alone, gone with the program);
    /// empty: it is dropped instead.
    std::filesystem::path spillFolder = {};
};

/// Collects traces. Over the limit the oldest tokens of every tensor go first. One thread.
class TraceStore {
public:
    explicit TraceStore(TraceLimits limits = {}) : limits_(std::move(limits)) {}

    /// `[count, width]` values of a tensor for the tokens from `first` on. They must continue what is there of it (first ==
    /// endToken), or else begin it anew. Io where spilling failed: then the oldest were dropped.
    Status append(TraceRequest::Item item, int first, int count, int width, std::span<const float> values);

    TraceSeries series(TraceRequest::Item item) const;  ///< empty where nothing is traced
    int endToken(TraceRequest::Item item) const;        ///< 0 where nothing is
    void truncate(int tokens);                          ///< forgets what belongs to tokens from this one on
    void forget(TraceRequest::Item item);
    void clear();

    std::uint64_t memoryBytes() const { return memoryBytes_; }    ///< held in memory, spilled blocks not counted
    std::uint64_t spilledBytes() const { return spilledBytes_; }  ///< in the file
    std::uint64_t droppedBytes() const { return droppedBytes_; }  ///< lost since clear(): said to the user
    const TraceLimits& limits() const { return limits_; }
    Status setLimits(TraceLimits limits);

private:
    Status makeRoom();
    TraceLimits limits_;
    std::map<TraceRequest::Item, TraceSeries> series_;
    std::uint64_t memoryBytes_ = 0;
    std::uint64_t spilledBytes_ = 0;
    std::uint64_t droppedBytes_ = 0;
};

}  // namespace ternion
