// A run as one file that can be carried elsewhere, looked at and run again.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/run_reader.h"
#include "store/run_store.h"

namespace ternion {

/// Writes a zip (mode 0600): manifest.json (format, facts, settings, figures, and a SHA-256 of every other entry), text.json
/// (only with `texts`, where the run has any), tokens.csv, kernels.csv, series.json and samples/N.csv. Appears when complete.
struct BundleOptions {
    bool texts = true;
};
Status exportBundle(const RunReader& reader, std::int64_t run, const std::filesystem::path& path, const BundleOptions& options);

/// A bundle as read: everything checked (sizes, counts, hashes), nothing believed.
struct Bundle {
    RunSummary run;
    RunTexts texts;
    std::vector<SeriesFacts> series;           ///< ids are places in `samples`
    std::vector<std::vector<Sample>> samples;  ///< of each series
    std::vector<TokenRecord> tokens;
    std::vector<KernelRecord> kernels;
};
/// BadInput, naming the entry; Unsupported for a newer format.
Result<Bundle> readBundle(const std::filesystem::path& path);

/// Shows it among the store's runs, as a foreign one. Returns its id there.
Result<std::int64_t> importBundle(RunStore& store, const Bundle& bundle, const std::filesystem::path& origin);

/// One line of what a replay found different.
struct ReplayDifference {
    std::string what;  ///< "model hash", "driver", "shaders", "token 17", "decode_tok_s", ...
    std::string before, now;
    bool result = false;  ///< of the result; false: of the circumstances
};

/// Everything that differs between a bundle's run and the run that repeated it (with its tokens).
std::vector<ReplayDifference> differences(const Bundle& bundle, const RunSummary& now, const std::vector<TokenId>& tokens);

}  // namespace ternion
