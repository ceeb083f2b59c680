// One conversation with one model on one device.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "engine/sampler.h"
#include "tokenizer/tokenizer.h"

namespace ternion {

/// A place in a conversation to come back to: O(layers), whatever the length of the text.
struct SessionSnapshot {
    StateSnapshot state;
    std::vector<TokenId> tokens;
    std::vector<float> logits;  ///< of the token after, so that sampling can go on at once
};

struct GeneratedToken {
    SampledToken sampled;
    std::string text;   ///< what became certain with it; may be empty in the middle of a character
    int following = 0;  ///< tokens that the device has chosen together with it and that come after it
};

struct GenerateOptions {
    SamplerSettings sampler;
    int maxTokens = 256;
    int alternatives = 0;
    std::vector<std::string> stopStrings;  ///< generation ends before the first of them; they are never shown
    bool stopAtEos = true;
    std::stop_token stop;
};

enum class StopReason { EndOfText, StopString, Length, Stopped };

struct GenerateResult {
    StopReason reason = StopReason::Length;
    int tokens = 0;
    std::string text;      ///< all of it
    std::string tail;      ///< the end of `text` that no onToken carried: it had been held back until the end was known
    double seconds = 0.0;  ///< decode only
};

/// Owns the state; shares the device's model. Used by one thread at a time (the engine worker's).
class Session {
public:
    static Result<std::unique_ptr<Session>> create(std::shared_ptr<DeviceModel> device,
                                                   std::shared_ptr<const Tokenizer> tokenizer);

    /// Makes the state that of exactly `tokens`: runs only what is new where they continue what is there, starts over
    /// otherwise. Cancelled leaves a prefix of them. Empty: InvalidArgument.
    Status prefill(std::span<const TokenId> tokens, const std::stop_token& stop = {});

    /// Samples and feeds tokens until a stop condition; calls `onToken` after each (false stops; it may call moveTo). Needs a
    /// prefill first.
    Result<GenerateResult> generate(const GenerateOptions& options, const std::function<bool(const GeneratedToken&)>& onToken);

    /// What passes show from now on, and whom: `onTrace` is told after each pass, with the first of its tokens. An empty
    /// request ends it. While something is traced the device never goes on by itself.
    void setTrace(TraceRequest request, std::function<void(int firstToken, Trace trace)> onTrace);
    /// What passes edit from now on. Another one than before starts the session over. InvalidArgument: checkIntervention().
    Status setIntervention(Intervention intervention);

    Result<SessionSnapshot> snapshot() const;
    Status restore(const SessionSnapshot& snapshot);
    Status reset();

    /// Goes on from the same state on another device (same model). Where the old device is lost, from the last prefill or
    /// token it still had: the tokens are run again. On error the session stays as it was.
    Status moveTo(std::shared_ptr<DeviceModel> device);

    std::span<const TokenId> tokens() const { return tokens_; }  ///< everything in the state
    std::span<const float> logits() const { return logits_; }    ///< for the next token; empty before the first prefill
    DeviceModel& device() const { return *device_; }

private:
    Session(std::shared_ptr<DeviceModel> device, std::shared_ptr<const Tokenizer> tokenizer,
            std::unique_ptr<DeviceState> state);
    Status feed(std::span<const TokenId> tokens, const std::stop_token& stop);
    /// Feeds `first` and, where `count` allows it, what the device chooses after it as `sampler` would. Gives all of them.
    Result<std::vector<TokenId>> feedAhead(TokenId first, int count, std::optional<TokenId> stopAt, Sampler& sampler,
                                           const std::stop_token& stop);
    /// Takes back the last `count` of `fed`, which feedAhead() fed last, into `state`.
    Status takeBack(std::span<const TokenId> fed, std::size_t count, const DeviceState* state);

    std::shared_ptr<DeviceModel> device_;
    std::shared_ptr<const Tokenizer> tokenizer_;
    std::unique_ptr<DeviceState> state_;  // after device_: it must go first
    std::vector<TokenId> tokens_;
    std::vector<float> logits_;
    TraceRequest trace_;
    std::function<void(int, Trace)> onTrace_;
    Intervention intervention_;
};

}  // namespace ternion
