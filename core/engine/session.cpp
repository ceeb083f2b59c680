#include "engine/session.h"

#include <algorithm>
#include <chrono>

#include "engine/stop_strings.h"

namespace ternion {

Session::Session(std::shared_ptr<DeviceModel> device, std::shared_ptr<const Tokenizer> tokenizer,
                 std::unique_ptr<DeviceState> state)
    : device_(std::move(device)), tokenizer_(std::move(tokenizer)), state_(std::move(state)) {}

Result<std::unique_ptr<Session>> Session::create(std::shared_ptr<DeviceModel> device,
                                                 std::shared_ptr<const Tokenizer> tokenizer) {
    TERNION_TRY(auto state, device->createState());
    return std::unique_ptr<Session>(new Session(std::move(device), std::move(tokenizer), std::move(state)));
}

Status Session::feed(std::span<const TokenId> tokens, const std::stop_token& stop) {
    // A chunk at a time, so that a stop leaves tokens_ and the state saying the same.
    constexpr std::size_t chunk = 512;
    while (!tokens.empty()) {
        const auto part = tokens.first(std::min(chunk, tokens.size()));
        ForwardOptions options;
        options.stop = stop;
        options.trace = trace_;
        options.intervention = intervention_;
        options.logits = part.size() == tokens.size() ? LogitsWanted::Last : LogitsWanted::None;
        auto output = device_->forward(part, *state_, options);
        if (!output) {
            if (output.error().code == ErrorCode::Cancelled) {
                TERNION_TRY(const auto reached, state_->snapshot());
                const auto done = static_cast<std::size_t>(reached.position) - tokens_.size();
                tokens_.insert(tokens_.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(done));
                if (done > 0) logits_.clear();
            }
            return output.error();
        }
        const auto firstToken = static_cast<int>(tokens_.size());
        tokens_.insert(tokens_.end(), part.begin(), part.end());
        logits_ = std::move(output->logits);
        if (!trace_.items.empty()) onTrace_(firstToken, std::move(output->trace));
        tokens = tokens.subspan(part.size());
    }
    return {};
}

Result<std::vector<TokenId>> Session::feedAhead(TokenId first, int count, std::optional<TokenId> stopAt, Sampler& sampler,
                                                const std::stop_token& stop) {
    std::vector<TokenId> fed{first};
    count = std::min(count, device_->mostAhead());
    if (count <= 1) {
        TERNION_CHECK(feed(fed, stop));
        return fed;
    }
    TERNION_TRY(auto output, device_->decode({first, count, stopAt, sampler.choice(), sampler.ahead(count - 1)}, *state_));
    sampler.skip(output.chosen.size());
    fed.insert(fed.end(), output.chosen.begin(), output.chosen.end());
    tokens_.insert(tokens_.end(), fed.begin(), fed.end());
    logits_ = std::move(output.logits);
    return fed;
}

Status Session::takeBack(std::span<const TokenId> fed, std::size_t count, const DeviceState* state) {
    if (count == 0) return {};
    std::vector<TokenId> kept = tokens_;
    kept.resize(kept.size() - count);
    if (state == state_.get() && state_->rewind())
        tokens_.resize(tokens_.size() - fed.size());
    else
        TERNION_CHECK(reset());
    return feed(std::span(kept).subspan(tokens_.size()), {});
}

Status Session::prefill(std::span<const TokenId> tokens, const std::stop_token& stop) {
    if (tokens.empty()) return Error{ErrorCode::InvalidArgument, "there is nothing to read: the prompt holds no token", {}};
    const bool continues = tokens_.size() <= tokens.size() && std::equal(tokens_.begin(), tokens_.end(), tokens.begin());
    const bool nothingNew = continues && tokens_.size() == tokens.size();
    if (nothingNew && !logits_.empty()) return {};
    if (!continues || nothingNew) TERNION_CHECK(reset());
    return feed(tokens.subspan(tokens_.size()), stop);
}

Result<GenerateResult> Session::generate(const GenerateOptions& options,
                                         const std::function<bool(const GeneratedToken&)>& onToken) {
    TERNION_CHECK(options.sampler.validate());
    if (logits_.empty())
        return Error{ErrorCode::InvalidArgument, "there is nothing to continue: a prompt has to be read first", {}};
    Sampler sampler(options.sampler);
    StopStrings stopStrings(options.stopStrings);
    std::optional<StreamDecoder> decoder;
    if (tokenizer_) decoder.emplace(tokenizer_, tokens_);
    const TokenId eos = device_->model().config.eosId;

    GenerateResult result;
    const auto start = std::chrono::steady_clock::now();
    const auto emit = [&](const GeneratedToken& token) {
        result.text += token.text;
        return !onToken || onToken(token);
    };
    // Where nobody looks at the other tokens, nor back at those before, the device goes on by itself.
    const bool hostChooses = options.sampler.repetitionPenalty != 1.0F || options.alternatives > 0 || !intervention_.empty();
    const std::optional<TokenId> stopAt = options.stopAtEos ? std::optional(eos) : std::nullopt;
    bool goOn = true;
    while (goOn && result.tokens < options.maxTokens) {
        if (options.stop.stop_requested()) {
            result.reason = StopReason::Stopped;
            break;
        }
        GeneratedToken token;
        token.sampled = sampler.sample(logits_, tokens_, options.alternatives);
        if (token.sampled.id == stopAt) {
            result.reason = StopReason::EndOfText;
            break;
        }
        // Cancelled inside a single token means that the token did not happen.
        const auto fed =
            feedAhead(token.sampled.id, hostChooses || !trace_.items.empty() ? 1 : options.maxTokens - result.tokens, stopAt,
                      sampler, options.stop);
        if (!fed) {
            if (fed.error().code != ErrorCode::Cancelled) return fed.error();
            result.reason = StopReason::Stopped;
            break;
        }
        const DeviceState* const state = state_.get();  // onToken may move the session
        for (std::size_t k = 0; goOn && k < fed->size(); ++k) {
            if (k > 0) token = {{(*fed)[k], 0.0F, {}}, {}, 0};
            ++result.tokens;
            token.following = static_cast<int>(fed->size() - k) - 1;
            if (decoder) token.text = stopStrings.append(decoder->append(token.sampled.id));
            const bool stringSeen = stopStrings.seen();
            goOn = emit(token) && !stringSeen;
            if (!goOn) {
                result.reason = stringSeen ? StopReason::StopString : StopReason::Stopped;
                TERNION_CHECK(takeBack(*fed, fed->size() - k - 1, state));
            }
        }
    }
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    // What was held back because it might have become a stop string or half a character is text after all.
    if (decoder && !stopStrings.seen()) {
        result.tail = stopStrings.append(decoder->finish());
        result.tail += stopStrings.finish();
        result.text += result.tail;
    }
    return result;
}

void Session::setTrace(TraceRequest request, std::function<void(int, Trace)> onTrace) {
    trace_ = std::move(request);
    onTrace_ = std::move(onTrace);
}

Status Session::setIntervention(Intervention intervention) {
    TERNION_CHECK(checkIntervention(intervention, device_->model().config));
    if (intervention == intervention_) return {};
    TERNION_CHECK(reset());
    intervention_ = std::move(intervention);
    return {};
}

Result<SessionSnapshot> Session::snapshot() const {
    TERNION_TRY(auto state, state_->snapshot());
    return SessionSnapshot{std::move(state), tokens_, logits_};
}

Status Session::restore(const SessionSnapshot& snapshot) {
    TERNION_CHECK(state_->restore(snapshot.state));
    tokens_ = snapshot.tokens;
    logits_ = snapshot.logits;
    return {};
}

Status Session::reset() {
    TERNION_CHECK(state_->reset());
    tokens_.clear();
    logits_.clear();
    return {};
}

Status Session::moveTo(std::shared_ptr<DeviceModel> device) {
    TERNION_TRY(auto state, device->createState());
    const auto here = state_->snapshot();
    if (here) {
        TERNION_CHECK(state->restore(*here));
        state_ = std::move(state);  // before the device it belongs to
        device_ = std::move(device);
        return {};
    }
    // The old device took its state with it; the tokens bring it back.
    Session moved(std::move(device), tokenizer_, std::move(state));
    TERNION_CHECK(moved.setIntervention(intervention_));
    if (!tokens_.empty()) TERNION_CHECK(moved.prefill(tokens_));
    state_ = std::move(moved.state_);
    device_ = std::move(moved.device_);
    logits_ = std::move(moved.logits_);
    return {};
}

}  // namespace ternion
