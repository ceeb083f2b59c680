// Counts trits column by column, over many rows, without looking at any alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ternion {

/// Of some blocks of a TernaryMatrix's rows. Codes are 0, 1, 2 and never 3, so the low bit says "zero" and the high one "plus":
/// each is summed where it stands, three rows in the two bits of a code, 255 rows in a byte.
class ColumnCounts {
public:
    explicit ColumnCounts(std::size_t bytes) : zero_(bytes), plus_(bytes) {}

    /// As many bytes of a row as the constructor was told: whole blocks.
    void add(std::span<const std::byte> packed);
    /// Adds what was counted to `[columns]` sums of zeros and of +1, the first column being the first of the blocks; begins
    /// anew.
    void takeInto(std::span<std::int32_t> zero, std::span<std::int32_t> plus);

private:
    struct Plane {  // one bit of the codes
        explicit Plane(std::size_t bytes) : threes(bytes), lanes(bytes * 4), sums(bytes * 4) {}
        std::vector<std::uint8_t> threes;  // up to three rows, in the packed layout
        std::vector<std::uint8_t> lanes;   // up to 255 rows: the first columns of all bytes, then the second, ...
        std::vector<std::int32_t> sums;    // likewise
    };
    static void widen(Plane& plane);
    static void flush(Plane& plane);
    Plane zero_, plus_;
    int rows_ = 0;  // in the lanes and threes
};

}  // namespace ternion
