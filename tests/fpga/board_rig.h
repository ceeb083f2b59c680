// A board as the conformance suite wants it, and what it must know of the card to test it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "link/board.h"

namespace ternion::fpga {

/// What differs between our shell and other cards.
struct CardFacts {
    std::uint32_t firstRegister = 0;    ///< what the register at 0 reads
    std::uint32_t windowBytes = 0;      ///< of BAR 0
    std::uint32_t scratchRegister = 0;  ///< reads what `scratch` makes of what was written
    std::function<std::uint32_t(std::uint32_t)> scratch;
    std::uint64_t memoryBytes = 0;
    std::function<Status(Board&)> prepareJob;           ///< registers and memory for one submit
    std::function<Result<bool>(Board&)> jobIsUnderWay;  ///< without its interrupt
};

/// Where a board is to be had for as long as the rig is there.
class BoardRig {
public:
    virtual ~BoardRig() = default;
    virtual const CardFacts& facts() const = 0;
    /// The only open board, or the error why there is none.
    virtual Result<std::unique_ptr<Board>> open() = 0;
    virtual std::string transport() const = 0;
    /// Whether the board is one thing that two can want: not one that every open() makes anew.
    virtual bool isShared() const { return true; }
};

struct Transport {
    std::string name;  ///< in the names of tests
    std::function<Result<std::unique_ptr<BoardRig>>()> makeRig;
};

/// For the messages of tests.
inline void PrintTo(const Transport& transport, std::ostream* out) { *out << transport.name; }

}  // namespace ternion::fpga
