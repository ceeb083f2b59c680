// A run as one file that can be carried elsewhere, looked at and run again.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "store/run_reader.h"
#include "store/run_store.h"

namespace ternion {

struct BundleOptions {
    bool texts = true;  ///< prompt, answer and token ids, where the run has any
};

/// Writes a zip (mode 0600): manifest.json (format, facts, settings, figures, and a SHA-256 of every other entry), text.json
/// (only with `texts`, where the run has any), tokens.csv, kernels.csv, series.json and samples/N.csv. Numbers read back to the
/// bit; ill-formed UTF-8 becomes U+FFFD; of the model's path only a preset's is in it. Appears when complete. InvalidArgument
/// for a run that has not ended; Unsupported for one of more than 1 GiB, or with a number that is not finite; Io.
Status exportBundle(const RunReader& reader, std::int64_t run, const std::filesystem::path& path,
                    const BundleOptions& options = {});

/// A bundle as read: everything checked (sizes, counts, hashes), nothing believed.
struct Bundle {
    RunSummary run;  ///< without id, origin and baseline, which are a store's
    RunTexts texts;
    std::vector<SeriesFacts> series;           ///< ids are places in `samples`
    std::vector<std::vector<Sample>> samples;  ///< of each series
    std::vector<TokenRecord> tokens;
    std::vector<KernelRecord> kernels;
    std::vector<Annotation> annotations;
};
/// BadInput, naming the entry; Unsupported for a newer format; NotFound, Io.
Result<Bundle> readBundle(const std::filesystem::path& path);

/// Shows it among the store's runs, as a foreign one whose origin is the name of the file `origin`. Returns its id there.
Result<std::int64_t> importBundle(RunStore& store, const Bundle& bundle, const std::filesystem::path& origin);

}  // namespace ternion
