// What the accelerator would do on boards that nobody here has: tokens a second, watts and joules a token of the published
// models, modelled, beside what others have published.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimate/area_table.h"
#include "estimate/assumption.h"
#include "estimate/cycle_model.h"
#include "estimate/power_estimate.h"

namespace ternion::fpga {

/// A board as its maker describes it, and what we assume of it.
struct BoardSpec {
    std::string name;
    std::string target;  ///< of the area table
    Process process = Process::Nm28;
    MemoryKind memory = MemoryKind::Ddr3;
    Area resources;
    double memoryBytes = 0.0;
    double bandwidth = 0.0;  ///< bytes a second, all channels together
    std::string source;      ///< of resources, memory and bandwidth
    Assumption clock;        ///< hertz
    Assumption efficiency;   ///< of the bandwidth that a sequential stream reaches
    Assumption restWatts;
    Assumption latency;  ///< seconds
};
const std::vector<BoardSpec>& projectedBoards();

struct ProjectionRow {
    static constexpr Source source = Source::Modelled;
    std::string model, board;
    std::string missing;  ///< why there is nothing below; empty: there is
    Configuration configuration;
    ChipArea area;
    double mostFilled = 0.0;  ///< of the resource that is nearest its end
    double imageBytes = 0.0;
    CycleEstimate cycles;        ///< of a token, at the typical clock
    double bandwidthUsed = 0.0;  ///< bytes a second, at the typical clock
    bool memoryBound = false;
    Range tokensPerSecond, watts, joulesPerToken;
    PowerEstimate power;  ///< at the typical clock
};

/// What others say of theirs. A field without a value was not published.
struct PublishedRow {
    std::string who, device, model;
    std::optional<double> tokensPerSecond, watts;
    std::string note, source;
    bool severalSequences = false;  ///< at once: a token takes longer than a second by its tokens a second
    std::optional<double> joulesPerToken() const {
        return tokensPerSecond && watts ? std::optional(*watts / *tokensPerSecond) : std::nullopt;
    }
};
const std::vector<PublishedRow>& publishedFigures();

struct Projection {
    std::vector<ProjectionRow> rows;
    std::vector<PublishedRow> published;
    std::vector<Assumption> assumptions;  ///< everything that the rows rest on
};

/// The three published models on the three boards.
Result<Projection> project(const AreaTable& areas);

/// One of them: of all parameters that the RTL takes and the board has room for, those with the most tokens a second.
Result<ProjectionRow> projectOne(const AreaTable& areas, const BoardSpec& board, const std::string& name,
                                 const ModelConfig& model);

}  // namespace ternion::fpga
