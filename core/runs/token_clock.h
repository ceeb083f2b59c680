// How long each token took.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "engine/session.h"

namespace ternion {

/// From its construction on: begin it right before Session::generate. Tokens that a device chose together came together, so
/// each of them is told with an equal share of their time.
class TokenClock {
public:
    using Clock = std::chrono::steady_clock;
    explicit TokenClock(std::function<void(TokenId token, double seconds)> tell) : tell_(std::move(tell)) {}

    void came(const GeneratedToken& token) {
        waiting_.push_back(token.sampled.id);
        if (token.following == 0) share();
    }
    /// What the others did not come for: where an answer is stopped among tokens that came together.
    void share() {
        const auto now = Clock::now();
        const double each = std::chrono::duration<double>(now - last_).count() / static_cast<double>(waiting_.size());
        for (const TokenId token : waiting_) tell_(token, each);
        if (!waiting_.empty()) last_ = Clock::now();  // telling is not part of the next one
        waiting_.clear();
    }

private:
    std::function<void(TokenId, double)> tell_;
    Clock::time_point last_ = Clock::now();
    std::vector<TokenId> waiting_;
};

}  // namespace ternion
