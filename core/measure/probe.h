// What can be read again and again while something runs: memory, power, energy.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "measure/source.h"

namespace ternion {

/// What a probe's numbers mean. All of them are stored, plotted and compared by these.
struct ProbeFacts {
    enum class Kind : std::uint8_t {
        Level,    ///< a value now: bytes, watts
        Counter,  ///< only grows: joules since some moment; differences mean something
    };
    std::string name;  ///< "host_memory.resident", "power.gpu", "energy.cpu": what a series in the store is called
    std::string unit;  ///< "B", "W", "J"
    Kind kind = Kind::Level;
    Source source = Source::Measured;
    double period = 0.0;        ///< seconds between two new values of the sensor; reading faster repeats a value
    std::string detail = {};    ///< for people: which sensor, by which interface
    std::string together = {};  ///< probes of one such name come from one reading: they are read one after the other
    std::string missing = {};  ///< why it cannot be read, and what to do about it; empty: it can be. Never a value of 0 instead
};

/// One sensor. Used by one thread at a time. A probe that cannot be read exists all the same, so that it can say why.
class Probe {
public:
    virtual ~Probe() = default;
    virtual const ProbeFacts& facts() const = 0;
    /// The value now, in the facts' unit; a Counter's wraps are already undone. Unsupported with `facts().missing` where there
    /// is none; DeviceLost or Io where it has gone since.
    virtual Result<double> read() = 0;
};

}  // namespace ternion
