#include "tokenizer/sentencepiece_tokenizer.h"

#include <sentencepiece_processor.h>

namespace ternion {
namespace {

class SentencePieceTokenizer : public Tokenizer {
public:
    Status load(std::string_view model) {
        const auto status = processor_.LoadFromSerializedProto({model.data(), model.size()});
        if (!status.ok())
            return Error{ErrorCode::BadInput, "it is no SentencePiece model: " + status.ToString(), "tokenizer.model"};
        for (int id = 0; id < processor_.GetPieceSize(); ++id)
            if (processor_.IsControl(id)) controls_.emplace_back(processor_.IdToPiece(id), id);
        return {};
    }

    std::vector<TokenId> encode(std::string_view text, bool parseSpecial) const override {
        std::vector<TokenId> ids;
        while (parseSpecial && !text.empty()) {
            const auto [at, control] = firstControl(text);
            if (control == nullptr) break;
            encodePlain(text.substr(0, at), ids);
            ids.push_back(control->second);
            text.remove_prefix(at + control->first.size());
        }
        encodePlain(text, ids);
        return ids;
    }

    std::string decode(std::span<const TokenId> ids, bool keepSpecial) const override {
        std::string text;
        std::vector<int> run;
        const auto flush = [&] {
            std::string part;
            if (!run.empty() && processor_.Decode(run, &part).ok()) text += part;
            run.clear();
        };
        for (const TokenId id : ids) {
            if (id < 0 || id >= vocabSize()) continue;
            if (!isSpecial(id)) {
                run.push_back(id);
            } else if (keepSpecial) {
                flush();
                text += processor_.IdToPiece(id);
            }
        }
        flush();
        return text;
    }

    int vocabSize() const override { return processor_.GetPieceSize(); }
    std::string piece(TokenId id) const override {
        return id >= 0 && id < vocabSize() ? processor_.IdToPiece(id) : std::string();
    }
    std::optional<TokenId> idOf(std::string_view piece) const override {
        const int id = processor_.PieceToId({piece.data(), piece.size()});
        // The library answers "unknown" for anything it does not have.
        if (processor_.IsUnknown(id) && this->piece(id) != piece) return std::nullopt;
        return id;
    }
    bool isSpecial(TokenId id) const override { return id >= 0 && id < vocabSize() && processor_.IsControl(id); }

private:
    using Control = std::pair<std::string, TokenId>;

    std::pair<std::size_t, const Control*> firstControl(std::string_view text) const {
        std::pair<std::size_t, const Control*> first{text.size(), nullptr};
        for (const auto& control : controls_)
            if (const auto at = text.find(control.first); at < first.first) first = {at, &control};
        return first;
    }

    void encodePlain(std::string_view text, std::vector<TokenId>& ids) const {
        std::vector<int> part;
        if (!text.empty() && processor_.Encode({text.data(), text.size()}, &part).ok())
            ids.insert(ids.end(), part.begin(), part.end());
    }

    sentencepiece::SentencePieceProcessor processor_;
    std::vector<Control> controls_;
};

}  // namespace

Result<std::shared_ptr<const Tokenizer>> makeSentencePieceTokenizer(std::string_view model) {
    const auto tokenizer = std::make_shared<SentencePieceTokenizer>();
    TERNION_CHECK(tokenizer->load(model));
    return std::shared_ptr<const Tokenizer>(tokenizer);
}

}  // namespace ternion
