// The entries of a bundle (run_bundle.h), as text and back.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runs/run_bundle.h"

namespace ternion::bundle {

inline constexpr int format = 1;
inline constexpr const char* manifestEntry = "manifest.json";
inline constexpr const char* textEntry = "text.json";
inline constexpr const char* tokensEntry = "tokens.csv";
inline constexpr const char* kernelsEntry = "kernels.csv";
inline constexpr const char* seriesEntry = "series.json";
inline std::string samplesEntry(std::size_t series) { return "samples/" + std::to_string(series) + ".csv"; }

/// SHA-256 of entries by their names.
using Hashes = std::map<std::string, std::string>;

struct Manifest {
    RunSummary run;
    std::vector<Annotation> annotations;
    Hashes hashes;
};

// Writing. Ill-formed UTF-8 becomes U+FFFD. Of a model's path only a preset's is written.
std::string manifestText(const RunSummary& run, const std::vector<Annotation>& annotations, const Hashes& hashes,
                         const std::string& program);
std::string textText(const RunTexts& texts);
std::string seriesText(const std::vector<SeriesFacts>& series);
std::string samplesText(const std::vector<Sample>& samples);
std::string tokensText(const std::vector<TokenRecord>& tokens);
std::string kernelsText(const std::vector<KernelRecord>& kernels);

// Reading. BadInput begins with `context`, which names the entry; Unsupported for a newer format.
Result<Manifest> readManifest(std::string_view text, const std::string& context);
Result<RunTexts> readText(std::string_view text, const std::string& context);
/// Ids are places.
Result<std::vector<SeriesFacts>> readSeries(std::string_view text, const std::string& context);
Result<std::vector<Sample>> readSamples(std::string_view text, const std::string& context);
Result<std::vector<TokenRecord>> readTokens(std::string_view text, const std::string& context);
Result<std::vector<KernelRecord>> readKernels(std::string_view text, const std::string& context);

}  // namespace ternion::bundle
