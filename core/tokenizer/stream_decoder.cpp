#include <algorithm>

#include "tokenizer/tokenizer.h"
#include "tokenizer/utf8.h"

namespace ternion {
namespace {

/// An ordinary piece of ASCII letters. Put before others it keeps a decoder from treating them as the beginning of a text.
TokenId findAnchor(const Tokenizer& tokenizer) {
    for (TokenId id = 0; id < tokenizer.vocabSize(); ++id) {
        if (tokenizer.isSpecial(id) || tokenizer.piece(id).starts_with("<0x")) continue;
        const std::string text = tokenizer.decode({&id, 1});
        if (!text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; })) return id;
    }
    return -1;
}

}  // namespace

StreamDecoder::StreamDecoder(std::shared_ptr<const Tokenizer> tokenizer, std::span<const TokenId> context)
    : tokenizer_(std::move(tokenizer)), anchor_(findAnchor(*tokenizer_)) {
    if (!context.empty() && !tokenizer_->isSpecial(context.back())) startAfterText();
}

void StreamDecoder::startAfterText() {
    window_.clear();
    if (anchor_ >= 0) window_.push_back(anchor_);
    shown_ = tokenizer_->decode(window_);
}

std::string StreamDecoder::append(TokenId id) {
    window_.push_back(id);
    const std::string text = tokenizer_->decode(window_);
    // A replacement character at the end may be half of a real one.
    if (text.ends_with(utf8::replacement) || !text.starts_with(shown_)) return {};
    std::string fresh = text.substr(shown_.size());
    if (fresh.empty()) return fresh;
    if (anchor_ >= 0)
        startAfterText();
    else
        shown_ = text;
    return fresh;
}

std::string StreamDecoder::finish() {
    const std::string text = tokenizer_->decode(window_);
    std::string rest = text.starts_with(shown_) ? text.substr(shown_.size()) : std::string();
    startAfterText();
    return rest;
}

}  // namespace ternion
