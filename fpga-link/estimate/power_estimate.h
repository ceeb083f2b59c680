// Watts of an accelerator, modelled: area times activity times energy an event, beside what the board takes at rest. Never a
// measurement (ESTIMATES.md says what would make it wrong).
#pragma once

#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "estimate/area_table.h"
#include "estimate/assumption.h"
#include "measure/source.h"

namespace ternion::fpga {

enum class Process : std::uint8_t { Nm28, Nm16 };  ///< 7 series; UltraScale+
enum class MemoryKind : std::uint8_t { Ddr3, Ddr4, Hbm2 };

/// Joules of one event, and how often events happen.
struct PowerCoefficients {
    Assumption flipFlopClock;   ///< a flip-flop and its part of the clock tree, a cycle
    Assumption lutToggle;       ///< a LUT's output and its wires change once
    Assumption blockRamAccess;  ///< 18 Kbit, a cycle in which it is used
    Assumption dspOperation;    ///< a DSP block, a cycle in which it is used
    Assumption memoryByte;      ///< a byte between accelerator and device memory, its controller included
    Assumption glitches;        ///< changes of a LUT of the array for one change of the array's input
    Assumption restToggleRate;  ///< changes a cycle of the other LUTs, while their unit works
    std::vector<Assumption> all() const;
};
PowerCoefficients coefficientsOf(Process process, MemoryKind memory);

struct PowerQuestion {
    ChipArea area;
    PowerCoefficients coefficients;
    Range restWatts;    ///< of the board, with nothing clocked but its shell
    CycleCounts token;  ///< one token's counts, and the clock
};

struct PowerEstimate {
    static constexpr Source source = Source::Modelled;
    Range rest, clock, arrayLogic, otherLogic, blockRam, dsp, memory;  ///< watts, while tokens are made one after the other
    Range joulesPerToken;
    Range total() const { return rest + clock + arrayLogic + otherLogic + blockRam + dsp + memory; }
};

/// Bits of the array's input that change from word to word: TOGGLES counts those of its first eight bytes.
double toggleRate(const CycleCounts& token);

/// InvalidArgument where the token has no cycles or no clock.
Result<PowerEstimate> estimatePower(const PowerQuestion& question);

}  // namespace ternion::fpga
