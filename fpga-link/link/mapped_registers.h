// Registers that are memory: each access goes to the device, 32 bits at once, in the order of the program.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>

#include "base/result.h"
#include "link/handles.h"

namespace ternion::fpga {

/// What reads give when nothing is in the slot any more; the first register, which is an identity, never does.
inline constexpr auto nothingThere = std::numeric_limits<std::uint32_t>::max();
inline Error emptySlot() { return {ErrorCode::DeviceLost, "the board no longer answers on its bus", {}}; }

/// Offsets were checked.
class MappedRegisters {
public:
    MappedRegisters() = default;
    explicit MappedRegisters(Mapping mapping) : mapping_(std::move(mapping)) {}

    /// DeviceLost: nothing is in the slot any more.
    Result<std::uint32_t> read(std::uint32_t offset) const {
        const std::uint32_t value = *at(offset);
        if (value == nothingThere && *at(0) == nothingThere) return emptySlot();
        return value;
    }
    void write(std::uint32_t offset, std::uint32_t value) const { *at(offset) = value; }
    std::uint64_t size() const { return mapping_.bytes().size(); }

private:
    volatile std::uint32_t* at(std::uint32_t offset) const {
        return reinterpret_cast<volatile std::uint32_t*>(mapping_.bytes().data() + offset);
    }
    Mapping mapping_;
};

}  // namespace ternion::fpga
