#include "base/aligned_buffer.h"

#include <sys/mman.h>

#include <cstdint>
#include <string>

namespace ternion {

Result<AlignedBuffer> AlignedBuffer::allocate(std::size_t size) {
    AlignedBuffer buffer;
    if (size == 0) return buffer;
    constexpr std::size_t hugePage = std::size_t{2} << 20;
    // From three quarters of one on: a fault for every small page costs more time than the rest is worth.
    const std::size_t unit = size >= hugePage / 4 * 3 ? hugePage : 4096;
    const auto outOfMemory = [&] {
        return Error{ErrorCode::OutOfMemory,
                     "the system has no " + std::to_string(size >> 20) +
                         " MiB of memory to give; close other programs or choose a smaller model",
                     {}};
    };
    if (size > SIZE_MAX - 2 * unit) return outOfMemory();
    const std::size_t length = (size + unit - 1) / unit * unit;
    // One unit more than needed, so that an aligned start can be cut out of what the kernel gives.
    const std::size_t reserved = unit == hugePage ? length + unit : length;
    void* raw = mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (raw == MAP_FAILED) return outOfMemory();
    auto* start = static_cast<std::byte*>(raw);
    if (unit == hugePage) {
        const std::size_t lead = (unit - reinterpret_cast<std::uintptr_t>(raw) % unit) % unit;
        if (lead > 0) munmap(raw, lead);
        start += lead;
        if (reserved > lead + length) munmap(start + length, reserved - lead - length);
        madvise(start, length, MADV_HUGEPAGE);  // a wish: without it the pages are small and all else holds
    }
    buffer.data_ = start;
    buffer.size_ = size;
    buffer.mapped_ = length;
    return buffer;
}

AlignedBuffer::~AlignedBuffer() {
    if (data_ != nullptr) munmap(data_, mapped_);
}

}  // namespace ternion
