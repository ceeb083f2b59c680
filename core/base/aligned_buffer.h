// Memory for weights: 64-byte aligned, on huge pages where the system gives them.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "base/result.h"

namespace ternion {

/// Owns `size` zeroed bytes, aligned to a cache line (64) and, from 1.5 MiB on, to a huge page, with transparent huge pages
/// asked for: a mat-vec that streams its weights through 4 KiB pages loses a fifth of the memory bandwidth to the TLB.
/// Move-only; a moved-from buffer is empty. Not synchronised.
class AlignedBuffer {
public:
    AlignedBuffer() = default;
    AlignedBuffer(AlignedBuffer&& other) noexcept { swap(other); }
    AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
        AlignedBuffer(std::move(other)).swap(*this);
        return *this;
    }
    AlignedBuffer(const AlignedBuffer&) = delete;
    AlignedBuffer& operator=(const AlignedBuffer&) = delete;
    ~AlignedBuffer();

    /// ErrorCode::OutOfMemory, with the size in the message, where the system has none to give.
    static Result<AlignedBuffer> allocate(std::size_t size);

    std::size_t size() const { return size_; }
    std::byte* data() { return data_; }
    const std::byte* data() const { return data_; }
    std::span<std::byte> bytes() { return {data_, size_}; }
    std::span<const std::byte> bytes() const { return {data_, size_}; }

private:
    void swap(AlignedBuffer& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(mapped_, other.mapped_);
    }

    std::byte* data_ = nullptr;  // owned: an anonymous mapping, released in the destructor
    std::size_t size_ = 0;
    std::size_t mapped_ = 0;
};

}  // namespace ternion
