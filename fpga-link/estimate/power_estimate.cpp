#include "estimate/power_estimate.h"

#include <algorithm>

namespace ternion::fpga {
namespace {

constexpr double pico = 1e-12;
constexpr double countedBits = 64.0;  // of a word of the array

const std::string horowitz =
    "Horowitz, ISSCC 2014, 45 nm and 0.9 V, as quoted in PMC8934428, table 3 (32-bit multiply 3.1 pJ, 8 kB cache access of 64 "
    "bits 10 pJ); ";

Assumption picojoules(std::string name, const Range& value, std::string source) {
    return {std::move(name), value, "pJ", std::move(source)};
}

Assumption memoryByteOf(MemoryKind memory) {
    switch (memory) {
        case MemoryKind::Ddr3:
            return picojoules("DDR3 energy a byte", {200, 400, 600},
                              "assumption: 25 to 75 pJ a bit with controller and termination");
        case MemoryKind::Ddr4:
            return picojoules("DDR4 energy a byte", {120, 200, 350},
                              "assumption: 15 to 44 pJ a bit with controller and termination");
        case MemoryKind::Hbm2:
            break;
    }
    return picojoules("HBM2 energy a byte", {32, 56, 100}, "assumption: 4 to 12.5 pJ a bit, with the FPGA's crossbar");
}

}  // namespace

std::vector<Assumption> PowerCoefficients::all() const {
    return {flipFlopClock, lutToggle, blockRamAccess, dspOperation, memoryByte, glitches, restToggleRate};
}

PowerCoefficients coefficientsOf(Process process, MemoryKind memory) {
    const bool old = process == Process::Nm28;
    const std::string node = old ? " (28 nm)" : " (16 nm)";
    const double scale = old ? 1.0 : 0.5;
    const std::string scaled = old ? "" : ", half of 28 nm";
    return {
        picojoules("flip-flop, clock energy a cycle" + node, Range{0.02, 0.05, 0.1} * scale,
                   "assumption: a few percent of a LUT's change" + scaled),
        picojoules("LUT and its wires, energy a change" + node, Range{0.3, 0.8, 1.6} * scale,
                   "assumption: about 1 W for 100,000 LUT at 100 MHz and 12.5 % toggle rate" + scaled),
        picojoules("block RAM of 18 Kbit, energy a cycle of use" + node, Range{5, 12, 25} * scale,
                   horowitz + "assumption: the same for a block with its wires, give or take a factor of two" + scaled),
        picojoules("DSP block, energy a cycle of use" + node, Range{2, 5, 10} * scale,
                   horowitz + "assumption: a block is a quarter of such a multiplier, times four to ten for an FPGA" + scaled),
        memoryByteOf(memory),
        {"changes of a LUT of the array for a change of its input", {0.5, 1.0, 2.0}, "", "assumption: adder trees glitch"},
        {"changes a cycle of other logic at work",
         {0.06, 0.125, 0.25},
         "",
         "assumption: 12.5 % is the usual default of vendors' estimators"},
    };
}

double toggleRate(const CycleCounts& token) {
    return token.array == 0 ? 0.0 : static_cast<double>(token.toggles) / (countedBits * static_cast<double>(token.array));
}

Result<PowerEstimate> estimatePower(const PowerQuestion& question) {
    const CycleCounts& token = question.token;
    if (token.total == 0 || !(token.clockHz > 0.0))
        return Error{ErrorCode::InvalidArgument, "a power estimate takes a token's cycles and a clock", {}};
    const PowerCoefficients& k = question.coefficients;
    const Area& array = question.area.array;
    const Area& rest = question.area.rest;
    const double hertz = token.clockHz, cycles = static_cast<double>(token.total);
    const double arrayBusy = static_cast<double>(token.array) / cycles;
    // One unit works at a time: what is no mat-vec is another unit's.
    const double restBusy = 1.0 - std::min(1.0, static_cast<double>(token.matVec) / cycles);
    const double bytes = static_cast<double>(token.readBytes + token.writtenBytes);
    const double tokensPerSecond = hertz / cycles;

    PowerEstimate estimate;
    estimate.rest = question.restWatts;
    estimate.clock = k.flipFlopClock.value * (pico * hertz * question.area.total().flipFlops);
    estimate.arrayLogic = k.lutToggle.value * k.glitches.value * (pico * hertz * array.luts * arrayBusy * toggleRate(token));
    estimate.otherLogic = k.lutToggle.value * k.restToggleRate.value * (pico * hertz * rest.luts * restBusy);
    // The stream's FIFO works with the array, the vectors' memory with the other units: all of it counts as always in use.
    estimate.blockRam = k.blockRamAccess.value * (pico * hertz * question.area.total().blockRams);
    estimate.dsp = k.dspOperation.value * (pico * hertz * rest.dsps * restBusy);
    estimate.memory = k.memoryByte.value * (pico * bytes * tokensPerSecond);
    estimate.joulesPerToken = estimate.total() * (1.0 / tokensPerSecond);
    return estimate;
}

}  // namespace ternion::fpga
