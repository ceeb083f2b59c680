#include "tokenizer/hugging_face_tokenizer.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "tokenizer/bpe.h"
#include "tokenizer/text_steps.h"
#include "tokenizer/utf8.h"

namespace ternion {
namespace {

/// A token beside the BPE vocabulary that is found in the text as it stands.
struct AddedToken {
    TokenId id = 0;
    std::string content;
    bool special = false;
    bool normalized = false;  // looked for after the normaliser
    bool singleWord = false;
    bool stripLeft = false;
    bool stripRight = false;
};

bool isSpaceAt(std::string_view text) {
    switch (utf8::codePoint(text)) {
        case ' ':
        case '\t':
        case '\n':
        case '\v':
        case '\f':
        case '\r':
        case 0x85:
        case 0xA0:
        case 0x1680:
        case 0x2028:
        case 0x2029:
        case 0x202F:
        case 0x205F:
        case 0x3000:
            return true;
        default: {
            const auto code = utf8::codePoint(text);
            return code >= 0x2000 && code <= 0x200A;
        }
    }
}

bool isWordAt(std::string_view text) {
    const auto code = utf8::codePoint(text);
    if (code == '_') return true;
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LL:
        case UTF8PROC_CATEGORY_LT:
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO:
        case UTF8PROC_CATEGORY_MN:
        case UTF8PROC_CATEGORY_MC:
        case UTF8PROC_CATEGORY_ME:
        case UTF8PROC_CATEGORY_ND:
        case UTF8PROC_CATEGORY_NL:
        case UTF8PROC_CATEGORY_PC:
            return true;
        default:
            return false;
    }
}

/// Start of the last character of `text`, which is not empty.
std::size_t lastCharacter(std::string_view text) {
    std::size_t at = text.size() - 1;
    while (at > 0 && text.size() - at < 4 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
    return at;
}

/// Finds the leftmost, then longest, of some tokens.
class AddedTokenFinder {
public:
    void add(const AddedToken* token, std::string content) {
        if (content.empty()) return;
        auto& row = rows_[static_cast<unsigned char>(content[0])];
        row.emplace_back(std::move(content), token);
        std::stable_sort(row.begin(), row.end(), [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
        empty_ = false;
    }

    /// Calls `plain(part, first)` and `token(AddedToken)` for what `text` consists of, in order.
    template <class Plain, class Token>
    void split(std::string_view text, bool first, bool special, Plain plain, Token token) const {
        std::size_t from = 0;
        const auto flush = [&](std::size_t end) {
            if (end > from) plain(text.substr(from, end - from), first && from == 0);
        };
        for (std::size_t at = 0; !empty_ && at < text.size();) {
            const AddedToken* found = nullptr;
            std::size_t end = at + 1;
            for (const auto& [content, candidate] : rows_[static_cast<unsigned char>(text[at])])
                if (text.substr(at).starts_with(content)) {
                    found = candidate;
                    end = at + content.size();
                    break;
                }
            if (found == nullptr || (found->special && !special) || (found->singleWord && !standsAlone(text, at, end))) {
                at = end;
                continue;
            }
            std::size_t start = at;
            if (found->stripLeft)
                while (start > from && isSpaceAt(text.substr(lastCharacter(text.substr(0, start)))))
                    start = lastCharacter(text.substr(0, start));
            if (found->stripRight)
                while (end < text.size() && isSpaceAt(text.substr(end))) end += utf8::characterLength(text.substr(end));
            flush(start);
            token(*found);
            from = at = end;
        }
        flush(text.size());
    }

private:
    static bool standsAlone(std::string_view text, std::size_t start, std::size_t end) {
        return (start == 0 || !isWordAt(text.substr(lastCharacter(text.substr(0, start))))) &&
               (end == text.size() || !isWordAt(text.substr(end)));
    }

    std::array<std::vector<std::pair<std::string, const AddedToken*>>, 256> rows_;
    bool empty_ = true;
};

class HuggingFaceTokenizer : public Tokenizer {
public:
    static Result<std::shared_ptr<const Tokenizer>> create(const nlohmann::json& json) {
        const auto part = [&](const char* name) {
            const auto found = json.find(name);
            return found != json.end() ? *found : nlohmann::json();
        };
        if (!json.is_object()) return Error{ErrorCode::BadInput, "it is no JSON object", "tokenizer.json"};
        const auto tokenizer = std::make_shared<HuggingFaceTokenizer>();
        TERNION_TRY(tokenizer->bpe_, Bpe::create(part("model")));
        TERNION_TRY(tokenizer->normalise_, makeNormaliser(part("normalizer")));
        TERNION_TRY(tokenizer->preTokenise_, makePreTokeniser(part("pre_tokenizer")));
        TERNION_TRY(tokenizer->decode_, makeDecoder(part("decoder")));
        TERNION_CHECK(tokenizer->readAddedTokens(part("added_tokens")));
        tokenizer->listPieces();
        return std::shared_ptr<const Tokenizer>(tokenizer);
    }

    std::vector<TokenId> encode(std::string_view text, bool parseSpecial) const override {
        std::vector<TokenId> ids;
        const auto add = [&](const AddedToken& token) { ids.push_back(token.id); };
        raw_.split(
            text, true, parseSpecial,
            [&](std::string_view part, bool first) {
                normalised_.split(
                    normalise_(std::string(part)), first, parseSpecial,
                    [&](std::string_view section, bool atStart) { encodeSection(section, atStart, ids); }, add);
            },
            add);
        return ids;
    }

    std::string decode(std::span<const TokenId> ids, bool keepSpecial) const override {
        std::vector<std::string> pieces;
        pieces.reserve(ids.size());
        for (const TokenId id : ids)
            if (known(id) && (keepSpecial || !isSpecial(id))) pieces.push_back(pieces_[static_cast<std::size_t>(id)]);
        decode_(pieces);
        std::string text;
        for (const auto& piece : pieces) text += piece;
        return text;
    }

    int vocabSize() const override { return static_cast<int>(pieces_.size()); }
    std::string piece(TokenId id) const override { return known(id) ? pieces_[static_cast<std::size_t>(id)] : std::string(); }
    std::optional<TokenId> idOf(std::string_view piece) const override {
        for (const auto& token : added_)
            if (token.content == piece) return token.id;
        const auto found = bpe_.vocab().find(std::string(piece));
        if (found == bpe_.vocab().end()) return std::nullopt;
        return found->second;
    }
    bool isSpecial(TokenId id) const override { return known(id) && special_[static_cast<std::size_t>(id)]; }

private:
    bool known(TokenId id) const { return id >= 0 && static_cast<std::size_t>(id) < pieces_.size(); }

    void encodeSection(std::string_view text, bool first, std::vector<TokenId>& ids) const {
        std::vector<Section> sections{{std::string(text), first}};
        preTokenise_(sections);
        for (const auto& section : sections) bpe_.encode(section.text, ids);
    }

    Status readAddedTokens(const nlohmann::json& list) {
        if (list.is_null()) return {};
        if (!list.is_array()) return Error{ErrorCode::BadInput, "it is no array", "tokenizer.json: added_tokens"};
        for (const auto& item : list) {
            const auto id = item.is_object() ? item.find("id") : item.end();
            const auto content = item.is_object() ? item.find("content") : item.end();
            constexpr std::int64_t most = 1 << 24;
            if (!item.is_object() || id == item.end() || !id->is_number_integer() || id->get<std::int64_t>() < 0 ||
                id->get<std::int64_t>() >= most || content == item.end() || !content->is_string())
                return Error{ErrorCode::BadInput, "entry " + std::to_string(added_.size()) + " lacks a usable id or content",
                             "tokenizer.json: added_tokens"};
            const auto flag = [&](const char* name) {
                const auto found = item.find(name);
                return found != item.end() && found->is_boolean() && found->get<bool>();
            };
            added_.push_back({id->get<TokenId>(), content->get<std::string>(), flag("special"), flag("normalized"),
                              flag("single_word"), flag("lstrip"), flag("rstrip")});
        }
        for (const auto& token : added_)  // their addresses are final now
            if (token.normalized)
                normalised_.add(&token, normalise_(token.content));
            else
                raw_.add(&token, token.content);
        return {};
    }

    void listPieces() {
        TokenId last = -1;
        for (const auto& [piece, id] : bpe_.vocab()) last = std::max(last, id);
        for (const auto& token : added_) last = std::max(last, token.id);
        pieces_.resize(static_cast<std::size_t>(last) + 1);
        special_.resize(pieces_.size());
        for (const auto& [piece, id] : bpe_.vocab()) pieces_[static_cast<std::size_t>(id)] = piece;
        for (const auto& token : added_) {
            pieces_[static_cast<std::size_t>(token.id)] = token.content;
            special_[static_cast<std::size_t>(token.id)] = token.special;
        }
    }

    Bpe bpe_;
    Normaliser normalise_;
    PreTokeniser preTokenise_;
    Decoder decode_;
    std::vector<AddedToken> added_;
    AddedTokenFinder raw_;
    AddedTokenFinder normalised_;
    std::vector<std::string> pieces_;
    std::vector<bool> special_;
};

}  // namespace

Result<std::shared_ptr<const Tokenizer>> makeHuggingFaceTokenizer(std::string_view text) {
    TERNION_TRY(const auto json, parseJson(text, "tokenizer.json"));
    return HuggingFaceTokenizer::create(json);
}

}  // namespace ternion
