#include <algorithm>
#include <iostream>

#include "base/table.h"
#include "command.h"
#include "runs/run_bundle.h"
#include "store_options.h"

namespace ternion::cli {
namespace {

struct ExportOptions {
    StoreOptions store;
    std::string run;
    std::filesystem::path file;
    std::string series = "token_latency";
    bool withoutTexts = false;
};

Status exportSamples(const RunReader& reader, std::int64_t run, const ExportOptions& options, const Progress& progress) {
    TERNION_TRY(const auto all, reader.series(run));
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const SeriesFacts& series) { return series.name == options.series; });
    if (found == all.end()) {
        std::string names;
        for (const SeriesFacts& series : all) names += (names.empty() ? "" : ", ") + series.name;
        return Error{ErrorCode::NotFound, "the run has no such series; it has " + (names.empty() ? "none" : names),
                     "--series " + options.series};
    }
    TERNION_TRY(const auto samples, reader.samples(found->id));
    if (samples.empty())
        return Error{ErrorCode::NotFound, "the series has no samples" + (found->missing.empty() ? "" : ": " + found->missing),
                     "--series " + options.series};
    const Table table{
        {"time_ns", "value_" + found->unit, "source"}, samples.size(), [&](std::size_t row, std::vector<TableCell>& cells) {
            cells[0] = samples[row].time;
            cells[1] = samples[row].value;
            cells[2] = std::string(nameOf(found->source));
        }};
    return writeCsv(table, options.file, progress);
}

Result<nlohmann::ordered_json> runExport(const ExportOptions& options, const Context& context) {
    const auto extension = options.file.extension();
    if (extension != ".zip" && extension != ".csv")
        return Error{ErrorCode::InvalidArgument, "name a .zip file for all of the run, or a .csv file for one of its series",
                     options.file.string()};
    TERNION_TRY(const auto reader, options.store.reader());
    TERNION_TRY(const RunSummary run, findRun(*reader, options.run));
    TERNION_CHECK(extension == ".zip" ? exportBundle(*reader, run.id, options.file, {.texts = !options.withoutTexts})
                                      : exportSamples(*reader, run.id, options, context.progress()));
    if (!context.json) std::cout << options.file.string() << ": run " << run.id << "\n";
    return nlohmann::ordered_json{{"run", run.id}, {"out", options.file.string()}};
}

}  // namespace

Run setupExport(CLI::App& app, Context& context) {
    auto options = std::make_shared<ExportOptions>();
    app.add_option("RUN", options->run, "The number of a run, or `last`")->required();
    app.add_option("FILE", options->file, "A .zip (all of it, to look at or run again elsewhere) or a .csv (raw samples)")
        ->required();
    app.add_option("--series", options->series, "With .csv: which samples")->capture_default_str();
    app.add_flag("--without-texts", options->withoutTexts, "With .zip: leave out prompt, answer and token ids");
    options->store.addTo(app);
    return [&context, options] { return runExport(*options, context); };
}

}  // namespace ternion::cli
