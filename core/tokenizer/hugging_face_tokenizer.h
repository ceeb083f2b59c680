// tokenizer.json, as the `tokenizers` package runs it.
#pragma once

#include <memory>
#include <string_view>

#include "tokenizer/tokenizer.h"

namespace ternion {

/// BadInput, Unsupported. The text is not needed afterwards.
Result<std::shared_ptr<const Tokenizer>> makeHuggingFaceTokenizer(std::string_view json);

}  // namespace ternion
