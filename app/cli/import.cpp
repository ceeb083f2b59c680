#include <iostream>

#include "command.h"
#include "runs/run_bundle.h"
#include "store_options.h"

namespace ternion::cli {
namespace {

struct ImportOptions {
    StoreOptions store;
    std::filesystem::path file;
};

Result<nlohmann::ordered_json> runImport(const ImportOptions& options, const Context& context) {
    TERNION_TRY(const Bundle bundle, readBundle(options.file));
    TERNION_TRY(const auto store, options.store.open());
    TERNION_TRY(const auto id, importBundle(*store, bundle, options.file));
    if (!context.json) std::cout << options.file.string() << ": run " << id << ", a foreign one\n";
    return nlohmann::ordered_json{{"run", id}, {"origin", options.file.filename().string()}};
}

}  // namespace

Run setupImport(CLI::App& app, Context& context) {
    auto options = std::make_shared<ImportOptions>();
    app.add_option("FILE", options->file, "A bundle that `export` wrote, here or elsewhere")->required();
    options->store.addTo(app);
    return [&context, options] { return runImport(*options, context); };
}

}  // namespace ternion::cli
