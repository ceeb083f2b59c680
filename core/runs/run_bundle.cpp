#include "runs/run_bundle.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/atomic_file.h"
#include "base/sha256.h"
#include "base/zip_entries.h"
#include "runs/bundle_parts.h"

namespace ternion {
namespace {

using namespace bundle;

constexpr ZipLimits limits{.entries = 1010, .bytes = std::uint64_t{1} << 30U};
constexpr std::uint64_t longestText = std::uint64_t{64} << 20U;  // of an entry of JSON
constexpr std::size_t batchSamples = std::size_t{1} << 16U;

Status notFinite(const std::string& what) {
    return Error{ErrorCode::Unsupported, "the " + what + " of this run holds a number that is not finite", {}};
}

/// JSON and readers know no others.
Status checkFinite(const Bundle& bundle) {
    if (!std::isfinite(bundle.run.seconds)) return notFinite("length");
    for (const Figure& figure : bundle.run.figures)
        if (!std::isfinite(figure.value)) return notFinite("figure " + figure.name);
    for (std::size_t k = 0; k < bundle.series.size(); ++k)
        if (!std::all_of(bundle.samples[k].begin(), bundle.samples[k].end(),
                         [](const Sample& sample) { return std::isfinite(sample.value); }))
            return notFinite("series " + bundle.series[k].name);
    for (const KernelRecord& kernel : bundle.kernels)
        if (!std::isfinite(kernel.time.seconds)) return notFinite("kernel " + kernel.time.kernel);
    return {};
}

Result<Bundle> bundleOf(const RunReader& reader, std::int64_t run, const BundleOptions& options) {
    Bundle bundle;
    TERNION_TRY(bundle.run, reader.load(run));
    if (bundle.run.state == RunState::Running)
        return Error{ErrorCode::InvalidArgument, "the run is still going; export it when it has ended",
                     "run " + std::to_string(run)};
    if (options.texts) {
        TERNION_TRY(bundle.texts, reader.texts(run));
    }
    TERNION_TRY(bundle.series, reader.series(run));
    bundle.samples.reserve(bundle.series.size());
    for (const SeriesFacts& series : bundle.series) {
        TERNION_TRY(bundle.samples.emplace_back(), reader.samples(series.id));
    }
    TERNION_TRY(bundle.tokens, reader.tokens(run));
    if (!options.texts)
        for (TokenRecord& token : bundle.tokens) token.token = -1;
    TERNION_TRY(bundle.kernels, reader.kernels(run));
    TERNION_TRY(bundle.annotations, reader.annotations(run));
    TERNION_CHECK(checkFinite(bundle));
    return bundle;
}

/// Nothing is in it that is not in the manifest, or that no version of ours writes.
Status checkEntries(const ZipReader& zip, const Manifest& manifest, std::size_t series, const std::string& file) {
    std::set<std::string> known{textEntry, tokensEntry, kernelsEntry, seriesEntry};
    for (std::size_t k = 0; k < series; ++k) known.insert(samplesEntry(k));
    for (const auto& [name, size] : zip.sizes()) {
        if (name == manifestEntry || (known.contains(name) && manifest.hashes.contains(name))) continue;
        std::string place = file;
        place.append(", ").append(name);
        return Error{ErrorCode::BadInput, "a bundle has no such entry", std::move(place)};
    }
    return {};
}

}  // namespace

Status exportBundle(const RunReader& reader, std::int64_t run, const std::filesystem::path& path,
                    const BundleOptions& options) {
    TERNION_TRY(const Bundle bundle, bundleOf(reader, run, options));
    std::vector<ZipEntry> entries{{tokensEntry, tokensText(bundle.tokens)},
                                  {kernelsEntry, kernelsText(bundle.kernels)},
                                  {seriesEntry, seriesText(bundle.series)}};
    entries.reserve(entries.size() + bundle.samples.size() + 2);
    for (std::size_t k = 0; k < bundle.samples.size(); ++k)
        entries.push_back({samplesEntry(k), samplesText(bundle.samples[k])});
    if (bundle.texts.prompt || bundle.texts.promptIds || bundle.texts.answer)
        entries.push_back({textEntry, textText(bundle.texts)});
    Hashes hashes;
    std::uint64_t all = 0;
    for (const ZipEntry& entry : entries) {
        TERNION_TRY(hashes[entry.name], sha256(entry.bytes));
        all += entry.bytes.size();
    }
    entries.insert(entries.begin(),
                   {manifestEntry, manifestText(bundle.run, bundle.annotations, hashes, "ternion " TERNION_VERSION)});
    if (all + entries.front().bytes.size() > limits.bytes || entries.size() > limits.entries)
        return Error{ErrorCode::Unsupported, "the run holds more than a bundle may: 1 GiB", "run " + std::to_string(run)};
    TERNION_TRY(const auto bytes, zipOf(entries));
    TERNION_TRY(auto file, AtomicFile::create(path, AtomicFile::Readers::UserAlone));
    TERNION_CHECK(file.write(0, bytes));
    return file.commit();
}

Result<Bundle> readBundle(const std::filesystem::path& path) {
    TERNION_TRY(const auto zip, ZipReader::open(path, limits));
    const std::string file = path.string();
    const auto context = [&](const std::string& entry) { return file + ", " + entry; };
    TERNION_TRY(const std::string manifestText, zip.read(manifestEntry, longestText));
    TERNION_TRY(Manifest manifest, readManifest(manifestText, context(manifestEntry)));
    const auto checked = [&](const std::string& name, std::uint64_t most) -> Result<std::string> {
        const auto expected = manifest.hashes.find(name);
        if (expected == manifest.hashes.end())
            return Error{ErrorCode::BadInput, "it says no SHA-256 of " + name, context(manifestEntry)};
        TERNION_TRY(std::string bytes, zip.read(name, most));
        TERNION_TRY(const std::string hash, sha256(bytes));
        if (hash != expected->second)
            return Error{ErrorCode::BadInput, "it is not what was exported: its SHA-256 is " + hash + ", not the manifest's",
                         context(name)};
        return bytes;
    };
    Bundle bundle;
    bundle.run = std::move(manifest.run);
    bundle.annotations = std::move(manifest.annotations);
    TERNION_TRY(const auto series, checked(seriesEntry, longestText));
    TERNION_TRY(bundle.series, readSeries(series, context(seriesEntry)));
    TERNION_CHECK(checkEntries(zip, manifest, bundle.series.size(), file));
    bundle.samples.reserve(bundle.series.size());
    for (std::size_t k = 0; k < bundle.series.size(); ++k) {
        TERNION_TRY(const auto text, checked(samplesEntry(k), limits.bytes));
        TERNION_TRY(bundle.samples.emplace_back(), readSamples(text, context(samplesEntry(k))));
    }
    TERNION_TRY(const auto tokens, checked(tokensEntry, limits.bytes));
    TERNION_TRY(bundle.tokens, readTokens(tokens, context(tokensEntry)));
    TERNION_TRY(const auto kernels, checked(kernelsEntry, limits.bytes));
    TERNION_TRY(bundle.kernels, readKernels(kernels, context(kernelsEntry)));
    if (manifest.hashes.contains(textEntry)) {
        TERNION_TRY(const auto text, checked(textEntry, longestText));
        TERNION_TRY(bundle.texts, readText(text, context(textEntry)));
    }
    return bundle;
}

Result<std::int64_t> importBundle(RunStore& store, const Bundle& bundle, const std::filesystem::path& origin) {
    RunSummary run = bundle.run;
    run.origin = origin.filename().string();
    TERNION_TRY(const auto id, store.import(run, bundle.texts));
    const auto writeAll = [&]() -> Status {
        for (std::size_t k = 0; k < bundle.series.size(); ++k) {
            TERNION_TRY(const auto series, store.addSeries(id, bundle.series[k]));
            const auto& samples = bundle.samples[k];
            for (std::size_t at = 0; at < samples.size(); at += batchSamples) {
                const auto from = samples.begin() + static_cast<std::ptrdiff_t>(at);
                const auto to = from + static_cast<std::ptrdiff_t>(std::min(batchSamples, samples.size() - at));
                TERNION_CHECK(store.write({id, {{series, {from, to}}}, {}, {}}));
            }
        }
        TERNION_CHECK(store.write({id, {}, bundle.tokens, bundle.kernels}));
        for (const Annotation& annotation : bundle.annotations) {
            TERNION_TRY([[maybe_unused]] const auto number, store.annotate(id, annotation.seconds, annotation.text));
        }
        return store.finish(id, {run.state, run.seconds, run.error, run.figures, run.missing, {}});
    };
    if (const auto written = writeAll(); !written) {
        static_cast<void>(store.remove(std::span(&id, 1)));  // half a run is none
        return written.error();
    }
    return id;
}

}  // namespace ternion
