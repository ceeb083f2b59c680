// What our GGUF calls things, beside the fields of config.json as "hgrn_bit.FIELD".
#pragma once

#include <string>

namespace ternion::gguf {

inline constexpr const char* architecture = "hgrn_bit";
inline const std::string configPrefix = "hgrn_bit.";
inline const std::string generationPrefix = "hgrn_bit.generation.";  // and the fields of generation_config.json
inline constexpr const char* architectureKey = "general.architecture";
inline constexpr const char* nameKey = "general.name";
inline constexpr const char* chatTemplateKey = "tokenizer.chat_template";
inline constexpr const char* tokenizerJsonKey = "tokenizer.huggingface.json";     // the file's bytes, unchanged
inline constexpr const char* sentencePieceKey = "tokenizer.sentencepiece.model";  // likewise, as an array of bytes
inline constexpr const char* tokensKey = "tokenizer.ggml.tokens";                 // for public tools; not read back

}  // namespace ternion::gguf
