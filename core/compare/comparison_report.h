// What a comparison found, on one page.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "compare/lockstep.h"
#include "store/run_records.h"

namespace ternion {

/// What is known of a side beside what the lock-step found.
struct SideFacts {
    DeviceInfo device;
    std::string model;
    std::string modelHash;
    Packing packing = Packing::TwoBit;
    Profile profile = Profile::Float;
    std::int64_t run = 0;              ///< in the store; 0: not recorded
    std::vector<Figure> figures = {};  ///< of its run (RunRecorder::end), each with where it comes from
    std::vector<MissingFigure> missing = {};

    /// `modelHash` is Model::hash(); empty: it is computed, which takes a while.
    static SideFacts of(const DeviceModel& device, std::string modelHash = {});
    const Figure* figure(std::string_view name) const;  ///< null: it has none
    /// Why there is no such figure.
    std::string reason(std::string_view name) const;
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

/// Of a side: the median token after the prompt, or of the prompt where none came after it; nothing where it fed none.
std::optional<double> wallSeconds(const ComparisonReport& report, std::size_t side);
/// The same by the device's clock, with its source; nothing where it counts no cycles.
struct ClockSeconds {
    double seconds = 0.0;
    Source source = Source::Modelled;
};
std::optional<ClockSeconds> clockSeconds(const ComparisonReport& report, std::size_t side);

/// GitHub's Markdown: settings, tables of the sides with ratios, what differs layer by layer, the first divergence. Values say
/// where they come from: wall time is measured, cycles over an assumed clock are modelled, and they never share a column. What
/// could not be had says why.
std::string toMarkdown(const ComparisonReport& report);

/// The same numbers: sides[], comparisons[], and of the second side first_divergence, max_abs, kl, top1_agreement, per_layer[]
/// (the command line's contract). null: nothing was compared, or the difference is infinite.
std::string toJson(const ComparisonReport& report);

/// "first-side", "own-text".
std::string_view nameOf(Feeding feeding);

}  // namespace ternion
