#include "tokenizer/bpe.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <queue>

#include "tokenizer/utf8.h"

namespace ternion {
namespace {

Error bad(std::string what) { return {ErrorCode::BadInput, std::move(what), "tokenizer.json: model"}; }

bool flag(const nlohmann::json& model, const char* name) {
    const auto found = model.find(name);
    return found != model.end() && found->is_boolean() && found->get<bool>();
}

std::string text(const nlohmann::json& model, const char* name) {
    const auto found = model.find(name);
    return found != model.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Result<Bpe> Bpe::create(const nlohmann::json& model) {
    if (!model.is_object()) return bad("it is missing");
    if (const auto type = text(model, "type"); !type.empty() && type != "BPE")
        return Error{ErrorCode::Unsupported, "its type is " + type + "; BPE is what is read", "tokenizer.json: model"};
    for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"})
        if (!text(model, affix).empty())
            return Error{ErrorCode::Unsupported, std::string(affix) + " is not read", "tokenizer.json: model"};
    if (const auto dropout = model.find("dropout");
        dropout != model.end() && dropout->is_number() && dropout->get<double>() != 0.0)
        return Error{ErrorCode::Unsupported, "dropout is for training; remove it", "tokenizer.json: model"};
    const auto vocab = model.find("vocab");
    if (vocab == model.end() || !vocab->is_object()) return bad("vocab is missing or no object");

    Bpe bpe;
    bpe.byteFallback_ = flag(model, "byte_fallback");
    bpe.fuseUnknown_ = flag(model, "fuse_unk");
    bpe.ignoreMerges_ = flag(model, "ignore_merges");
    bpe.vocab_.reserve(vocab->size());
    for (const auto& [piece, id] : vocab->items()) {
        constexpr std::int64_t most = 1 << 24;
        if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() >= most)
            return bad("the id of '" + piece + "' is " + id.dump() + "; expected 0 to " + std::to_string(most - 1));
        bpe.vocab_.emplace(piece, id.get<TokenId>());
    }
    const auto find = [&](const std::string& piece) {
        const auto found = bpe.vocab_.find(piece);
        return found == bpe.vocab_.end() ? TokenId{-1} : found->second;
    };
    for (std::size_t c = 0; c < bpe.ascii_.size(); ++c) bpe.ascii_[c] = find(std::string(1, static_cast<char>(c)));
    if (const auto unknown = text(model, "unk_token"); !unknown.empty()) {
        bpe.unknown_ = find(unknown);
        if (bpe.unknown_ < 0) return bad("the unknown token '" + unknown + "' is not in the vocabulary");
    }
    if (bpe.byteFallback_)
        for (std::size_t byte = 0; byte < 256; ++byte) {
            std::array<char, 8> name{};
            std::snprintf(name.data(), name.size(), "<0x%02X>", static_cast<unsigned>(byte));
            bpe.bytes_[byte] = find(name.data());
        }
    const auto merges = model.find("merges");
    if (merges == model.end() || !merges->is_array()) return bad("merges are missing or no array");
    TERNION_CHECK(bpe.addMerges(*merges));
    return bpe;
}

Status Bpe::addMerges(const nlohmann::json& merges) {
    merges_.reserve(merges.size());
    std::uint32_t rank = 0;
    for (const auto& merge : merges) {
        std::string left;
        std::string right;
        if (merge.is_string()) {
            const auto& both = merge.get_ref<const std::string&>();
            const auto space = both.find(' ');
            if (space == std::string::npos || both.find(' ', space + 1) != std::string::npos)
                return bad("merge " + std::to_string(rank) + " is not two pieces with a space between");
            left = both.substr(0, space);
            right = both.substr(space + 1);
        } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
            left = merge[0].get<std::string>();
            right = merge[1].get<std::string>();
        } else {
            return bad("merge " + std::to_string(rank) + " is neither a string nor a pair of strings");
        }
        const auto a = vocab_.find(left);
        const auto b = vocab_.find(right);
        const auto whole = vocab_.find(left + right);
        if (a == vocab_.end() || b == vocab_.end() || whole == vocab_.end()) {
            std::string what = "merge " + std::to_string(rank);
            for (const auto& part : {" ('", left.c_str(), "' and '", right.c_str()}) what += part;
            return bad(what + "') names a piece that is not in the vocabulary");
        }
        merges_.insert_or_assign(pairKey(a->second, b->second), Merge{rank, whole->second});
        ++rank;
    }
    return {};
}

void Bpe::split(std::string_view word, std::vector<TokenId>& symbols) const {
    bool afterUnknown = false;
    while (!word.empty()) {
        const auto character = word.substr(0, utf8::characterLength(word));
        word.remove_prefix(character.size());
        TokenId id = -1;
        if (character.size() == 1 && static_cast<unsigned char>(character[0]) < ascii_.size()) {
            id = ascii_[static_cast<unsigned char>(character[0])];
        } else if (const auto found = vocab_.find(std::string(character)); found != vocab_.end()) {
            id = found->second;
        }
        if (id >= 0) {
            symbols.push_back(id);
            afterUnknown = false;
            continue;
        }
        bool fallback = byteFallback_;
        for (const char c : character) fallback = fallback && bytes_[static_cast<unsigned char>(c)] >= 0;
        if (fallback) {
            for (const char c : character) symbols.push_back(bytes_[static_cast<unsigned char>(c)]);
            afterUnknown = false;
        } else if (unknown_ >= 0) {
            if (!(fuseUnknown_ && afterUnknown)) symbols.push_back(unknown_);
            afterUnknown = true;
        }
    }
}

void Bpe::encode(std::string_view word, std::vector<TokenId>& ids) const {
    if (ignoreMerges_)
        if (const auto whole = vocab_.find(std::string(word)); whole != vocab_.end()) {
            ids.push_back(whole->second);
            return;
        }
    std::vector<TokenId> symbols;
    split(word, symbols);

    // Symbols as a doubly linked list; candidate merges in a queue, lowest rank first, then leftmost. A candidate whose pair
    // has changed since it was queued is stale and skipped.
    constexpr std::uint32_t none = UINT32_MAX;
    const auto count = static_cast<std::uint32_t>(symbols.size());
    std::vector<std::uint32_t> next(count);
    std::vector<std::uint32_t> previous(count);
    for (std::uint32_t k = 0; k < count; ++k) {
        next[k] = k + 1 < count ? k + 1 : none;
        previous[k] = k > 0 ? k - 1 : none;
    }
    struct Candidate {
        std::uint32_t rank;
        std::uint32_t left;
        TokenId result;
        bool operator>(const Candidate& other) const { return rank != other.rank ? rank > other.rank : left > other.left; }
    };
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
    const auto offer = [&](std::uint32_t left) {
        if (left == none || next[left] == none) return;
        const auto merge = merges_.find(pairKey(symbols[left], symbols[next[left]]));
        if (merge != merges_.end()) queue.push({merge->second.rank, left, merge->second.result});
    };
    for (std::uint32_t k = 0; k + 1 < count; ++k) offer(k);
    constexpr TokenId gone = -1;
    while (!queue.empty()) {
        const Candidate candidate = queue.top();
        queue.pop();
        const std::uint32_t left = candidate.left;
        if (symbols[left] == gone || next[left] == none) continue;
        const std::uint32_t right = next[left];
        const auto current = merges_.find(pairKey(symbols[left], symbols[right]));
        if (current == merges_.end() || current->second.result != candidate.result) continue;
        symbols[left] = candidate.result;
        symbols[right] = gone;
        next[left] = next[right];
        if (next[left] != none) previous[next[left]] = left;
        offer(previous[left]);
        offer(left);
    }
    for (std::uint32_t k = count > 0 ? 0 : none; k != none; k = next[k]) ids.push_back(symbols[k]);
}

}  // namespace ternion
