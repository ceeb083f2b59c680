// Reads little-endian values out of bytes that nobody vouches for.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace ternion {

/// Walks through `bytes`, which it does not own. What lies beyond the end reads as zero or empty and makes failed() true for
/// good, so a caller may read several values and check once; a loop over a count from the file checks each time round.
class ByteReader {
public:
    explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    template <class T>
    T number() {
        static_assert(std::is_arithmetic_v<T>);
        T value{};
        const auto raw = take(sizeof value);
        if (!failed_) std::memcpy(&value, raw.data(), sizeof value);
        return value;
    }
    std::string_view take(std::uint64_t length) {
        failed_ = failed_ || length > bytes_.size() - at_;
        if (failed_) return {};
        const auto* start = reinterpret_cast<const char*>(bytes_.data()) + at_;
        at_ += length;
        return {start, length};
    }
    /// Up to the next newline, which is passed over.
    std::string_view line() {
        const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + at_, bytes_.size() - at_);
        const auto end = rest.find('\n');
        failed_ = failed_ || end == std::string_view::npos;
        if (failed_) return {};
        at_ += end + 1;
        return rest.substr(0, end);
    }
    bool failed() const { return failed_; }
    std::size_t position() const { return at_; }

private:
    std::span<const std::byte> bytes_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

}  // namespace ternion
