// The regular expressions that byte-level tokenisers split words with, matched by hand.
#pragma once

#include <optional>
#include <string_view>

namespace ternion {

enum class WordPattern {
    Gpt2,    ///< 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
    Llama3,  ///< (?i:'s|…)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
    Qwen2,   ///< Llama3 with digits one by one
};

/// The pattern whose regular expression is spelt so; nothing for one we do not know.
std::optional<WordPattern> wordPatternOf(std::string_view regex);

/// Bytes of the word that `text` (not empty) begins with. Every character belongs to some word.
std::size_t wordLength(WordPattern pattern, std::string_view text);

}  // namespace ternion
