#include <iostream>

#include "command.h"

namespace ternion::cli {
namespace {

struct ConvertOptions {
    std::filesystem::path input;
    std::filesystem::path output;
    std::string type = "tq2_0";
};

}  // namespace

Run setupConvert(CLI::App& app, Context& context) {
    auto options = std::make_shared<ConvertOptions>();
    app.add_option("DIR", options->input, "A Hugging Face folder (or a GGUF to re-encode)")->required();
    app.add_option("OUT", options->output, "The GGUF file to write")->required();
    app.add_option("--type", options->type, "Trits on disk: tq2_0 (2.06 bits a trit, loads faster) or tq1_0 (1.69 bits)")
        ->check(CLI::IsMember({"tq2_0", "tq1_0"}))
        ->capture_default_str();
    return [&context, options]() -> Result<nlohmann::ordered_json> {
        const Progress progress = context.progress();
        TERNION_TRY(const auto checkpoint, openCheckpoint(options->input, progress));
        const auto encoding = options->type == "tq1_0" ? TritEncoding::TQ1_0 : TritEncoding::TQ2_0;
        TERNION_TRY(const auto written, writeGguf(checkpoint, options->output, encoding, progress));
        if (!context.json)
            std::cout << options->output.string() << ": " << written.tensors << " tensors, " << written.bytes << " bytes\n";
        return nlohmann::ordered_json{
            {"bytes", written.bytes}, {"tensors", written.tensors}, {"hash", checkpoint.model->hash()}};
    };
}

}  // namespace ternion::cli
