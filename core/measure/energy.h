// Energy between two moments, from what a power or an energy sensor said.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "measure/probe.h"

namespace ternion {

/// One reading of a probe.
struct Reading {
    double time = 0.0;  ///< seconds on one steady clock
    double value = 0.0;
};

struct Energy {
    double joules = 0.0;   ///< all that was used: gross
    double seconds = 0.0;  ///< of the window that the readings really cover
    int readings = 0;      ///< different ones in it
    double watts() const { return joules / seconds; }
};

/// What `probe` (a power in W or a counter in J) says was used between `from` and `to`. Powers are integrated by trapezoids,
/// counters subtracted; the ends are interpolated between the readings about them. Where a power was not read for much longer
/// than usual nothing is known, and that time is left out of the seconds too. Unsupported where the probe is missing, where the
/// window, or what readings cover of it, is shorter than `leastPeriods` of the sensor's periods (of the time between readings,
/// where a costly sensor is read more rarely): it then says how long a run has to be. BadInput where times or a counter go
/// backwards.
Result<Energy> energyBetween(const ProbeFacts& probe, std::span<const Reading> readings, double from, double to);

/// Periods of a sensor that a window must hold.
inline constexpr int leastPeriods = 10;

/// Power while nothing runs: the mean of the readings of `probe` (as above) between `from` and `to`; nullopt where that window
/// is too short.
std::optional<double> idleWatts(const ProbeFacts& probe, std::span<const Reading> readings, double from, double to);

/// What of `energy` the idle device would have used too is left out; below 0 only where noise makes it so.
inline double aboveIdle(const Energy& energy, double idle) { return energy.joules - idle * energy.seconds; }

}  // namespace ternion
