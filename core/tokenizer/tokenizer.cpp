#include "tokenizer/tokenizer.h"

#include "base/mapped_file.h"
#include "tokenizer/hugging_face_tokenizer.h"
#include "tokenizer/sentencepiece_tokenizer.h"

namespace ternion {

Result<std::shared_ptr<const Tokenizer>> makeTokenizer(const TokenizerSource& source) {
    return source.kind == TokenizerSource::Kind::HuggingFaceJson ? makeHuggingFaceTokenizer(source.bytes)
                                                                 : makeSentencePieceTokenizer(source.bytes);
}

Result<TokenizerSource> readTokenizerSource(const std::filesystem::path& path) {
    constexpr std::size_t limit = std::size_t{64} << 20;  // the largest published ones are 20 MB
    const auto read = [](const std::filesystem::path& file) -> Result<TokenizerSource> {
        const bool json = file.extension() == ".json";
        TERNION_TRY(auto bytes, readTextFile(file, limit));
        return TokenizerSource{json ? TokenizerSource::Kind::HuggingFaceJson : TokenizerSource::Kind::SentencePiece,
                               std::move(bytes)};
    };
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) return read(path);
    for (const char* name : {"tokenizer.json", "tokenizer.model"})
        if (std::filesystem::exists(path / name, ignored)) return read(path / name);
    return Error{ErrorCode::NotFound, "the folder holds neither tokenizer.json nor tokenizer.model", path.string()};
}

}  // namespace ternion
