// Text to token ids and back.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/model_config.h"

namespace ternion {

/// The bytes a tokenizer is made from; kept so that a packed model can carry them unchanged.
struct TokenizerSource {
    enum class Kind { HuggingFaceJson, SentencePiece } kind = Kind::HuggingFaceJson;
    std::string bytes;  ///< tokenizer.json, or tokenizer.model
};

/// Immutable; safe to use from several threads.
class Tokenizer {
public:
    virtual ~Tokenizer() = default;

    /// Ids of `text`, without BOS. With `parseSpecial`, special tokens written out in the text ("<|user|>") become their ids;
    /// without, they are plain text. Any bytes are accepted; ill-formed UTF-8 goes through byte fallback where the vocabulary
    /// has it.
    virtual std::vector<TokenId> encode(std::string_view text, bool parseSpecial) const = 0;

    /// The text of a whole sequence, special tokens left out (or in, with `keepSpecial`). Ids outside the vocabulary are
    /// skipped.
    virtual std::string decode(std::span<const TokenId> ids, bool keepSpecial = false) const = 0;

    virtual int vocabSize() const = 0;
    /// The entry as the vocabulary spells it ("▁hello", "<0x0A>"); empty outside the vocabulary.
    virtual std::string piece(TokenId id) const = 0;
    virtual std::optional<TokenId> idOf(std::string_view piece) const = 0;
    virtual bool isSpecial(TokenId id) const = 0;
};

/// BadInput with the field at fault; Unsupported naming a model type, normaliser, pre-tokenizer or decoder we do not know.
Result<std::shared_ptr<const Tokenizer>> makeTokenizer(const TokenizerSource& source);

/// Reads tokenizer.json, or else tokenizer.model, from a folder; or the given file of either kind. NotFound names both.
Result<TokenizerSource> readTokenizerSource(const std::filesystem::path& path);

/// Decodes a growing sequence for display: `append` returns the text that became certain (whole UTF-8 characters only),
/// `finish` what is left, with U+FFFD for an incomplete character. After a `context` that ends in ordinary text the sequence
/// continues it; after none, or a special token, it begins a text of its own (a leading space is dropped). The parts joined
/// equal decode() of the whole, unless byte pieces turn out ill-formed after characters of the same run were shown. Constant
/// work a token. One per stream; not thread-safe.
class StreamDecoder {
public:
    explicit StreamDecoder(std::shared_ptr<const Tokenizer> tokenizer, std::span<const TokenId> context = {});
    std::string append(TokenId id);
    std::string finish();

private:
    void startAfterText();

    std::shared_ptr<const Tokenizer> tokenizer_;
    TokenId anchor_;               ///< a piece of letters that stands for the text before; -1: the vocabulary has none
    std::vector<TokenId> window_;  ///< the anchor, and ids whose text is not certain yet
    std::string shown_;            ///< the window's text that has been returned
};

}  // namespace ternion
