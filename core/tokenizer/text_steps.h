// The steps around the BPE model that a tokenizer.json lists: normalisers, pre-tokenisers and decoders.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ternion {

/// A stretch of text between added tokens.
struct Section {
    std::string text;
    bool first = false;  ///< stands at the very beginning of the input
};

using Normaliser = std::function<std::string(std::string)>;
/// Splits and changes sections; each that comes out is one word for the BPE.
using PreTokeniser = std::function<void(std::vector<Section>&)>;
/// Turns pieces into stretches of text that are then joined.
using Decoder = std::function<void(std::vector<std::string>&)>;

/// Each takes the object of its name in tokenizer.json (null: does nothing) and does what the `tokenizers` package does.
/// Unsupported names a type that is not known; BadInput a field that is wrong.
Result<Normaliser> makeNormaliser(const nlohmann::json& description);
Result<PreTokeniser> makePreTokeniser(const nlohmann::json& description);
Result<Decoder> makeDecoder(const nlohmann::json& description);

}  // namespace ternion
