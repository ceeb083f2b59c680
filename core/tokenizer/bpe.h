// Byte-pair encoding: the merge table of a tokenizer.json.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/model_config.h"

namespace ternion {

/// Immutable; safe to use from several threads. Follows the `tokenizers` package's BPE model.
class Bpe {
public:
    /// `model` is the "model" object of a tokenizer.json. BadInput, Unsupported.
    static Result<Bpe> create(const nlohmann::json& model);

    /// Appends the ids of one word (what the pre-tokenizer left together). Characters the vocabulary lacks become their bytes,
    /// or the unknown token. O(n log n) in the word's length.
    void encode(std::string_view word, std::vector<TokenId>& ids) const;

    const std::unordered_map<std::string, TokenId>& vocab() const { return vocab_; }

private:
    struct Merge {
        std::uint32_t rank;
        TokenId result;
    };
    static std::uint64_t pairKey(TokenId left, TokenId right) {
        return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
    }
    Status addMerges(const nlohmann::json& merges);
    void split(std::string_view word, std::vector<TokenId>& symbols) const;

    std::unordered_map<std::string, TokenId> vocab_;
    std::unordered_map<std::uint64_t, Merge> merges_;
    std::array<TokenId, 256> bytes_{};  // ids of "<0x00>"..., where byteFallback_
    std::array<TokenId, 128> ascii_{};  // ids of one-byte pieces, -1: none
    TokenId unknown_ = -1;
    bool byteFallback_ = false;
    bool fuseUnknown_ = false;
    bool ignoreMerges_ = false;
};

}  // namespace ternion
