// What a comparison found, on one page.
#pragma once

#include <string>
#include <vector>

#include "backend/backend.h"
#include "compare/lockstep.h"
#include "store/run_records.h"

namespace ternion {

/// What is known of a side beforehand.
struct SideFacts {
    DeviceInfo device;
    std::string model;
    std::string modelHash;
    Packing packing = Packing::TwoBit;
    Profile profile = Profile::Float;
    std::int64_t run = 0;              ///< in the store; 0: not recorded
    std::vector<Figure> figures = {};  ///< of its run (RunRecorder::end), each with where it comes from
    std::vector<MissingFigure> missing = {};
    static SideFacts of(const DeviceModel& device);
};

struct ComparisonReport {
    std::int64_t id = 0;  ///< in the store; 0: not recorded
    std::vector<SideFacts> sides;
    LockstepPlan plan;
    LockstepResult result;
    std::string prompt;   ///< as text; empty: not known
    std::string program;  ///< name and version
    std::string date;     ///< when it ended, UTC
};

/// GitHub's Markdown: settings, a table of the sides with ratios, what differs layer by layer, the first divergence. Values say
/// where they come from: wall time is measured, cycles over an assumed clock are modelled, and they never share a column.
std::string toMarkdown(const ComparisonReport& report);

/// The same numbers: sides[], comparisons[], and of the second side first_divergence, max_abs, kl, top1_agreement, per_layer[]
/// (the command line's contract).
std::string toJson(const ComparisonReport& report);

}  // namespace ternion
