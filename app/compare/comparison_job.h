// What a comparison is asked to do, and the work of it on the engine's thread.
#pragma once

#include <QString>
#include <memory>
#include <string>
#include <vector>

#include "compare/comparison.h"

namespace ternion::app {

class ComparisonFeed;
struct OpenModel;

struct AskedSide {
    std::string backend;  ///< DeviceInfo::id()
    Packing packing = Packing::Auto;
    Profile profile = Profile::Auto;
    QString modelPath;  ///< another model of the same tokenizer; empty: the open one
    bool operator==(const AskedSide&) const = default;
};

struct AskedComparison {
    std::vector<AskedSide> sides;  ///< two or three
    std::shared_ptr<const OpenModel> model;
    LockstepPlan lockstep;
    std::string prompt;  ///< as text, special tokens spelled out
    bool texts = true;   ///< the runs keep prompt and token ids
};

/// Reads what models are named beside the open one, loads the sides, compares them and records it; `feed` is told. Errors name
/// the side. Cancelled only before the first token: a comparison that was stopped has a report.
Result<ComparisonReport> runComparison(const AskedComparison& asked, const BackendRegistry& registry, RunStore* store,
                                       ComparisonFeed& feed, const Progress& progress);

/// "A", "B", "C"
QString sideLetter(int side);

}  // namespace ternion::app
