#include "chat/answer_recorder.h"

#include <utility>

namespace ternion::app {

StoredToken toStored(const GeneratedToken& token) {
    return {token.sampled.id, token.text, token.sampled.probability, token.sampled.alternatives};
}

void AnswerRecorder::add(const GeneratedToken& token) {
    const std::lock_guard lock(mutex_);
    if (store_ == nullptr) return;
    unsaved_.push_back(toStored(token));
    status_ = store_->appendTokens(message_, unsaved_);
    if (status_) unsaved_.clear();
}

Status AnswerRecorder::close() {
    const std::lock_guard lock(mutex_);
    store_ = nullptr;
    return std::exchange(status_, {});
}

}  // namespace ternion::app
