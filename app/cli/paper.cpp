#include <iostream>

#include "base/atomic_file.h"
#include "command.h"
#include "estimate/paper_table.h"
#include "store_options.h"

namespace ternion::cli {
namespace {

struct Options {
    StoreOptions store;
    std::filesystem::path report;
};

/// None where nothing has ever been recorded.
Result<std::vector<RunSummary>> runsOf(const StoreOptions& store) {
    const auto reader = store.reader();
    if (!reader && reader.error().code == ErrorCode::NotFound) return std::vector<RunSummary>{};
    if (!reader) return reader.error();
    return (*reader)->list();
}

Result<nlohmann::ordered_json> run(const Options& options, const Context& context) {
    TERNION_TRY(const auto runs, runsOf(options.store));
    TERNION_TRY(const auto areas, fpga::AreaTable::builtIn());
    TERNION_TRY(const auto table, fpga::paperTable(runs, areas));
    const std::string page = fpga::toMarkdown(table);
    if (!options.report.empty()) TERNION_CHECK(AtomicFile::writeText(options.report, page));
    if (!context.json) std::cout << page;
    return nlohmann::ordered_json::parse(fpga::toJson(table));
}

}  // namespace

Run setupPaper(CLI::App& app, Context& context) {
    auto options = std::make_shared<Options>();
    app.add_option("--report", options->report, "Write the page to this Markdown file too");
    options->store.addTo(app);
    return [&context, options] { return run(*options, context); };
}

}  // namespace ternion::cli
