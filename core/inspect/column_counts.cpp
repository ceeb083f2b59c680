#include "inspect/column_counts.h"

#include <algorithm>

#include "base/wide.h"

namespace ternion {
namespace {

constexpr int rowsAByte = 255;

TERNION_WIDE void addBits(const std::uint8_t* packed, std::size_t bytes, std::uint8_t* zero, std::uint8_t* plus) {
    for (std::size_t k = 0; k < bytes; ++k) {
        zero[k] = static_cast<std::uint8_t>(zero[k] + (packed[k] & 0x55));
        plus[k] = static_cast<std::uint8_t>(plus[k] + (packed[k] >> 1 & 0x55));
    }
}

TERNION_WIDE void addLane(const std::uint8_t* threes, std::size_t bytes, int shift, std::uint8_t* lane) {
    for (std::size_t k = 0; k < bytes; ++k) lane[k] = static_cast<std::uint8_t>(lane[k] + (threes[k] >> shift & 3));
}

TERNION_WIDE void addSums(const std::uint8_t* lanes, std::size_t count, std::int32_t* sums) {
    for (std::size_t k = 0; k < count; ++k) sums[k] += lanes[k];
}

}  // namespace

void ColumnCounts::add(std::span<const std::byte> packed) {
    addBits(reinterpret_cast<const std::uint8_t*>(packed.data()), zero_.threes.size(), zero_.threes.data(),
            plus_.threes.data());
    ++rows_;
    for (Plane* plane : {&zero_, &plus_}) {
        if (rows_ % 3 == 0) widen(*plane);
        if (rows_ == rowsAByte) flush(*plane);
    }
    if (rows_ == rowsAByte) rows_ = 0;
}

void ColumnCounts::takeInto(std::span<std::int32_t> zero, std::span<std::int32_t> plus) {
    const auto take = [](Plane& plane, std::span<std::int32_t> out) {
        widen(plane);
        flush(plane);
        const std::size_t bytes = plane.threes.size();
        for (std::size_t column = 0; column < out.size(); column += 32) {  // TernaryMatrix's layout
            const std::int32_t* lane = plane.sums.data() + column % 128 / 32 * bytes + column / 128 * 32;
            const std::size_t count = std::min<std::size_t>(32, out.size() - column);
            for (std::size_t m = 0; m < count; ++m) out[column + m] += lane[m];
        }
        std::fill(plane.sums.begin(), plane.sums.end(), 0);
    };
    take(zero_, zero);
    take(plus_, plus);
    rows_ = 0;
}

void ColumnCounts::widen(Plane& plane) {
    const std::size_t bytes = plane.threes.size();
    for (std::size_t lane = 0; lane < 4; ++lane)
        addLane(plane.threes.data(), bytes, static_cast<int>(2 * lane), plane.lanes.data() + lane * bytes);
    std::fill(plane.threes.begin(), plane.threes.end(), 0);
}

void ColumnCounts::flush(Plane& plane) {
    addSums(plane.lanes.data(), plane.lanes.size(), plane.sums.data());
    std::fill(plane.lanes.begin(), plane.lanes.end(), 0);
}

}  // namespace ternion
