#include "engine/intervention_effect.h"

#include <algorithm>

#include "inspect/divergence.h"

namespace ternion {
namespace {

/// The old answer once more, as it is and edited, a few tokens at a time: so many logits are held at once.
Status compare(DeviceModel& device, std::span<const TokenId> prompt, std::span<const TokenId> answer,
               const Intervention& intervention, const std::stop_token& stop, InterventionEffect& effect) {
    constexpr std::size_t chunk = 32;
    const auto vocab = static_cast<std::size_t>(device.model().config.vocabSize);
    TERNION_TRY(const auto state, device.createState());
    TERNION_TRY(const auto editedState, device.createState());
    // The logits after a token are those that the next one was drawn from: all but the last of the prompt give nothing.
    std::vector<TokenId> fed{prompt.back()};
    fed.insert(fed.end(), answer.begin(), answer.end() - 1);
    ForwardOptions plain{LogitsWanted::None, {}, {}, stop}, edited{LogitsWanted::None, {}, intervention, stop};
    const auto before = prompt.first(prompt.size() - 1);
    if (!before.empty()) {
        TERNION_CHECK(device.forward(before, *state, plain));
        TERNION_CHECK(device.forward(before, *editedState, edited));
    }
    plain.logits = edited.logits = LogitsWanted::All;
    for (std::size_t at = 0; at < fed.size(); at += chunk) {
        const auto part = std::span(fed).subspan(at, std::min(chunk, fed.size() - at));
        TERNION_TRY(const auto asItIs, device.forward(part, *state, plain));
        TERNION_TRY(const auto changed, device.forward(part, *editedState, edited));
        for (std::size_t t = 0; t < part.size(); ++t) {
            const auto p = std::span(asItIs.logits).subspan(t * vocab, vocab),
                       q = std::span(changed.logits).subspan(t * vocab, vocab);
            const auto token = static_cast<std::size_t>(answer[at + t]);
            effect.divergence.push_back(divergence(p, q));
            effect.probability.push_back(probabilityOf(token, p));
            effect.editedProbability.push_back(probabilityOf(token, q));
        }
    }
    return {};
}

}  // namespace

Result<InterventionEffect> measureIntervention(const std::shared_ptr<DeviceModel>& device,
                                               const std::shared_ptr<const Tokenizer>& tokenizer,
                                               std::span<const TokenId> prompt, std::span<const TokenId> answer,
                                               const GenerateOptions& options, const Intervention& intervention,
                                               const std::function<void(const GeneratedToken&)>& onToken) {
    InterventionEffect effect;
    TERNION_TRY(const auto session, Session::create(device, tokenizer));
    TERNION_CHECK(session->setIntervention(intervention));
    TERNION_CHECK(session->prefill(prompt, options.stop));
    TERNION_TRY(effect.result, session->generate(options, [&](const GeneratedToken& token) {
        effect.answer.push_back(token.sampled.id);
        if (onToken) onToken(token);
        return true;
    }));
    if (options.stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
    if (!answer.empty()) TERNION_CHECK(compare(*device, prompt, answer, intervention, options.stop, effect));
    return effect;
}

}  // namespace ternion
