#include "inspect/trace_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <string>
#include <system_error>

namespace ternion {
namespace {

constexpr int blockTokens = 64;

/// Values in a file without a name, mapped: read from the disk when they are looked at.
class SpilledValues {
public:
    static Result<std::shared_ptr<const SpilledValues>> write(const std::filesystem::path& folder,
                                                              std::span<const float> values) {
        const auto failed = [&] {
            return Error{ErrorCode::Io, "traces could not be written there: " + std::system_category().message(errno),
                         folder.string()};
        };
        const int file = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (file < 0) return failed();
        auto bytes = std::as_bytes(values);
        const std::size_t size = bytes.size();
        while (!bytes.empty()) {
            const ssize_t written = ::write(file, bytes.data(), bytes.size());
            if (written <= 0) {
                const Error error = failed();
                close(file);
                return error;
            }
            bytes = bytes.subspan(static_cast<std::size_t>(written));
        }
        void* mapped = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
        const Error error = failed();
        close(file);
        if (mapped == MAP_FAILED) return error;
        return std::shared_ptr<const SpilledValues>(new SpilledValues(mapped, size));
    }
    ~SpilledValues() { munmap(mapped_, size_); }
    SpilledValues(const SpilledValues&) = delete;
    SpilledValues& operator=(const SpilledValues&) = delete;
    std::span<const float> values() const { return {static_cast<const float*>(mapped_), size_ / sizeof(float)}; }

private:
    SpilledValues(void* mapped, std::size_t size) : mapped_(mapped), size_(size) {}
    void* mapped_;
    std::size_t size_;
};

}  // namespace

/// Room for blockTokens tokens, filled from the front: views read only rows that were there when they were made.
struct TraceSeries::Block {
    explicit Block(std::size_t floats) : held(std::make_unique<float[]>(floats)), floats(floats) {}
    explicit Block(std::shared_ptr<const SpilledValues> values) : spilled(std::move(values)) {}
    std::span<const float> values() const { return spilled ? spilled->values() : std::span<const float>(held.get(), floats); }
    std::uint64_t bytes() const { return floats * sizeof(float); }  ///< in memory

    std::unique_ptr<float[]> held;  // NOLINT(*-avoid-c-arrays)
    std::size_t floats = 0;
    std::shared_ptr<const SpilledValues> spilled;
};

std::span<const float> TraceSeries::row(int token) const {
    assert(token >= firstToken_ && token < endToken_);
    const int firstBlock = firstToken_ / blockTokens;
    const auto& block = *blocks_[static_cast<std::size_t>(token / blockTokens - firstBlock)];
    const auto width = static_cast<std::size_t>(width_);
    return block.values().subspan(static_cast<std::size_t>(token % blockTokens) * width, width);
}

Status TraceStore::append(TraceRequest::Item item, int first, int count, int width, std::span<const float> values) {
    if (const auto& there = series_[item]; there.width_ != width || there.endToken_ != first) forget(item);
    TraceSeries& series = series_[item];
    if (series.width_ == 0) {
        series.width_ = width;
        series.firstToken_ = series.endToken_ = first;
    }
    const auto rowFloats = static_cast<std::size_t>(width);
    while (count > 0) {
        const int inBlock = series.endToken_ % blockTokens;
        if (inBlock == 0 || series.blocks_.empty()) {
            series.blocks_.push_back(std::make_shared<TraceSeries::Block>(blockTokens * rowFloats));
            memoryBytes_ += series.blocks_.back()->bytes();
        }
        const int taken = std::min(count, blockTokens - inBlock);
        const auto part = values.first(static_cast<std::size_t>(taken) * rowFloats);
        std::copy(part.begin(), part.end(), series.blocks_.back()->held.get() + static_cast<std::size_t>(inBlock) * rowFloats);
        series.endToken_ += taken;
        values = values.subspan(part.size());
        count -= taken;
    }
    return makeRoom();
}

Status TraceStore::makeRoom() {
    Status status;
    while (memoryBytes_ > limits_.memoryBytes) {
        // The block that begins earliest among those in memory, of whichever tensor; the newest of each stays.
        TraceSeries* oldest = nullptr;
        std::size_t oldestBlock = 0;
        int oldestToken = 0;
        for (auto& [item, series] : series_) {
            std::size_t k = 0;
            while (k < series.blocks_.size() && series.blocks_[k]->spilled) ++k;
            if (k + 1 >= series.blocks_.size()) continue;
            const int token = (series.firstToken_ / blockTokens + static_cast<int>(k)) * blockTokens;
            if (oldest != nullptr && token >= oldestToken) continue;
            oldest = &series;
            oldestBlock = k;
            oldestToken = token;
        }
        if (oldest == nullptr) break;
        const auto block = oldest->blocks_[oldestBlock];
        if (!limits_.spillFolder.empty()) {
            if (auto spilled = SpilledValues::write(limits_.spillFolder, block->values()); spilled) {
                spilledBytes_ += block->bytes();
                memoryBytes_ -= block->bytes();
                oldest->blocks_[oldestBlock] = std::make_shared<TraceSeries::Block>(std::move(*spilled));
                continue;
            } else {
                status = spilled.error();
                limits_.spillFolder.clear();  // once said is enough
            }
        }
        // Whatever is before it goes too: a series has no holes.
        for (std::size_t k = 0; k <= oldestBlock; ++k) {
            const auto& gone = oldest->blocks_[k];
            droppedBytes_ += gone->values().size_bytes();
            if (gone->spilled)
                spilledBytes_ -= gone->values().size_bytes();
            else
                memoryBytes_ -= gone->bytes();
        }
        oldest->blocks_.erase(oldest->blocks_.begin(), oldest->blocks_.begin() + static_cast<std::ptrdiff_t>(oldestBlock) + 1);
        oldest->firstToken_ = oldestToken + blockTokens;
    }
    return status;
}

TraceSeries TraceStore::series(TraceRequest::Item item) const {
    const auto found = series_.find(item);
    return found == series_.end() ? TraceSeries() : found->second;
}

int TraceStore::endToken(TraceRequest::Item item) const {
    const auto found = series_.find(item);
    return found == series_.end() ? 0 : found->second.endToken_;
}

void TraceStore::truncate(int tokens) {
    std::vector<TraceRequest::Item> gone;
    for (auto& [item, series] : series_) {
        if (series.endToken_ <= tokens) continue;
        if (tokens <= series.firstToken_) {
            gone.push_back(item);
            continue;
        }
        const int firstBlock = series.firstToken_ / blockTokens;
        const auto blocks = static_cast<std::size_t>((tokens + blockTokens - 1) / blockTokens - firstBlock);
        for (std::size_t k = blocks; k < series.blocks_.size(); ++k) {
            memoryBytes_ -= series.blocks_[k]->bytes();
            if (series.blocks_[k]->spilled) spilledBytes_ -= series.blocks_[k]->values().size_bytes();
        }
        series.blocks_.resize(blocks);
        series.endToken_ = tokens;
        if (const int inBlock = tokens % blockTokens; inBlock != 0) {  // what is appended next must not show in older views
            const auto last = series.blocks_.back();
            const auto rowFloats = static_cast<std::size_t>(series.width_);
            auto fresh = std::make_shared<TraceSeries::Block>(blockTokens * rowFloats);
            const auto kept = last->values().first(static_cast<std::size_t>(inBlock) * rowFloats);
            std::copy(kept.begin(), kept.end(), fresh->held.get());
            memoryBytes_ += fresh->bytes() - last->bytes();
            if (last->spilled) spilledBytes_ -= last->values().size_bytes();
            series.blocks_.back() = std::move(fresh);
        }
    }
    for (const auto& item : gone) forget(item);
}

void TraceStore::forget(TraceRequest::Item item) {
    const auto found = series_.find(item);
    if (found == series_.end()) return;
    for (const auto& block : found->second.blocks_) {
        memoryBytes_ -= block->bytes();
        if (block->spilled) spilledBytes_ -= block->values().size_bytes();
    }
    series_.erase(found);
}

void TraceStore::clear() {
    series_.clear();
    memoryBytes_ = spilledBytes_ = droppedBytes_ = 0;
}

Status TraceStore::setLimits(TraceLimits limits) {
    limits_ = std::move(limits);
    return makeRoom();
}

}  // namespace ternion
