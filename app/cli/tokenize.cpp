#include <iostream>

#include "base/mapped_file.h"
#include "command.h"

namespace ternion::cli {
namespace {

struct TokenizeOptions {
    std::filesystem::path tokenizer;
    std::string text;
    std::filesystem::path file;
    bool special = false;
    bool plain = false;
};

Result<TokenizerSource> findSource(const std::filesystem::path& path, const Progress& progress) {
    if (path.extension() != ".gguf") return readTokenizerSource(path);
    TERNION_TRY(auto checkpoint, openCheckpoint(path, progress));
    if (!checkpoint.tokenizer) return Error{ErrorCode::NotFound, "this model was packed without a tokenizer", path.string()};
    return std::move(*checkpoint.tokenizer);
}

}  // namespace

Run setupTokenize(CLI::App& app, Context& context) {
    auto options = std::make_shared<TokenizeOptions>();
    app.add_option("--tokenizer", options->tokenizer, "tokenizer.json, tokenizer.model, a model folder or a GGUF file")
        ->required();
    auto* text = app.add_option("--text", options->text, "The text");
    auto* file = app.add_option("--file", options->file, "A file with the text, byte for byte");
    text->excludes(file);
    app.add_flag("--special", options->special,
                 "Special tokens written in the text become their ids (tokenizer.json: the default)");
    app.add_flag("--plain", options->plain, "Special tokens written in the text are plain text (tokenizer.model: the default)");
    return [&context, &app, options]() -> Result<nlohmann::ordered_json> {
        if (app.count("--text") + app.count("--file") == 0)
            return Error{ErrorCode::InvalidArgument, "give the text with --text or --file", {}};
        std::string input = options->text;
        constexpr std::size_t limit = std::size_t{1} << 30;
        if (app.count("--file") > 0) {
            TERNION_TRY(input, readTextFile(options->file, limit));
        }
        TERNION_TRY(const auto source, findSource(options->tokenizer, context.progress()));
        TERNION_TRY(const auto tokenizer, makeTokenizer(source));
        // As each family's own library does when asked without further arguments.
        const bool special = options->special || (!options->plain && source.kind == TokenizerSource::Kind::HuggingFaceJson);
        const auto ids = tokenizer->encode(input, special);
        nlohmann::ordered_json pieces = nlohmann::ordered_json::array();
        for (const TokenId id : ids) {
            pieces.push_back(tokenizer->piece(id));
            if (!context.json) std::cout << id << "\t" << tokenizer->piece(id) << "\n";
        }
        return nlohmann::ordered_json{{"ids", ids}, {"pieces", pieces}, {"decoded", tokenizer->decode(ids)}};
    };
}

}  // namespace ternion::cli
