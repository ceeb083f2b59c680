// The paper's table on one page: memory, latency, power and energy a token of the published models on GPUs and FPGAs, ours
// measured or modelled beside what others have published.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "estimate/projection.h"
#include "store/run_records.h"

namespace ternion::fpga {

/// One value with where it comes from, or why there is none.
struct PaperValue {
    std::optional<double> value;
    std::optional<Source> source;  ///< nothing: it is published
    std::optional<Range> range;    ///< of one that is modelled
    std::string missing;
    std::string_view sourceName() const { return source ? nameOf(*source) : "published"; }
};

struct PaperRow {
    std::string model;  ///< "370M", "1.3B", "2.7B"
    std::string kind;   ///< "GPU", "FPGA"
    std::string who;    ///< "Ternion", or whose publication it is
    std::string device;
    PaperValue memory;   ///< bytes: what the device takes in all; of a board the image of the model
    PaperValue latency;  ///< seconds a token
    PaperValue power;    ///< watts
    PaperValue energy;   ///< joules a token
    std::string origin;  ///< the run, the projection or the publication
};

struct PaperTable {
    std::vector<PaperRow> rows;  ///< by model, GPUs first, ours first
};

/// Ours on a GPU are those of the newest finished benchmark of each preset that ran here on one (`runs`, newest first; random
/// trits of the published shape: "preset:370M"); on a board the same where there is one, and the projection of boards that
/// nobody here has. Errors as project().
Result<PaperTable> paperTable(const std::vector<RunSummary>& runs, const AreaTable& areas);

/// GitHub's Markdown; reasons for what is missing below the table.
std::string toMarkdown(const PaperTable& table);
/// rows[]: model, on, who, device, origin, and memory_bytes, latency_s, power_W, energy_per_token_J: each an object with value
/// and source (and low and high), or with missing.
std::string toJson(const PaperTable& table);

}  // namespace ternion::fpga
