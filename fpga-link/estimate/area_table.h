// What the accelerator takes of an FPGA: the counts that synth/run made with yosys (synth/area.tsv), and what follows from them
// for other parameters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "program/configuration.h"

namespace ternion::fpga {

struct Area {
    double luts = 0.0;
    double flipFlops = 0.0;
    double blockRams = 0.0;  ///< of 18 Kbit
    double dsps = 0.0;

    Area& operator+=(const Area& other);
    Area operator*(double factor) const;
};

/// A line of the table: one part of the accelerator, as it is in `configuration`.
struct AreaRow {
    std::string target;  ///< "xc7", "xcup", "ecp5"
    Configuration configuration;
    std::string part;
    Area area;
};

/// An accelerator's area, the array apart from all else: they are active at different times.
struct ChipArea {
    Area array, rest;
    Area total() const;
    std::string scaledFrom;  ///< the configuration that was synthesised, "64/1/0"
};

class AreaTable {
public:
    /// BadInput naming the line.
    static Result<AreaTable> parse(std::string_view text);
    /// The table that this program was built with.
    static Result<AreaTable> builtIn();

    const std::vector<AreaRow>& rows() const { return rows_; }

    /// Each part scaled from the row of the nearest width: the array with its trits, memories with their bits, all else with
    /// the width of a word. NotFound where the target has not been synthesised.
    Result<ChipArea> areaOf(std::string_view target, const Configuration& configuration) const;

private:
    std::vector<AreaRow> rows_;
};

}  // namespace ternion::fpga
