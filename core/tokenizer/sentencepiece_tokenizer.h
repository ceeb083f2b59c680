// tokenizer.model, through libsentencepiece.
#pragma once

#include <memory>
#include <string_view>

#include "tokenizer/tokenizer.h"

namespace ternion {

/// BadInput where the library refuses the model.
Result<std::shared_ptr<const Tokenizer>> makeSentencePieceTokenizer(std::string_view model);

}  // namespace ternion
