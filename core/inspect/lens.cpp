#include "inspect/lens.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "inspect/divergence.h"

namespace ternion {
LensCell lensCell(std::span<const float> logits, TokenId actual, int k, std::span<const float> output) {
    LensCell cell;
    cell.top = topTokens(logits, k);
    if (!output.empty()) cell.divergence = static_cast<float>(divergence(output, logits));
    if (actual < 0) return cell;
    const auto id = static_cast<std::size_t>(actual);
    const float own = logits[id];
    cell.actual = actual;
    cell.actualRank = 1 + static_cast<int>(std::count_if(logits.begin(), logits.end(), [own](float x) { return x > own; }) +
                                           std::count(logits.begin(), logits.begin() + actual, own));
    cell.actualProbability = static_cast<float>(probabilityOf(id, logits));
    return cell;
}

Result<std::vector<LensCell>> lens(DeviceModel& device, std::span<const float> states, std::span<const TokenId> following,
                                   int k, const std::stop_token& stop, std::span<const float> output) {
    const ModelConfig& config = device.model().config;
    const auto hidden = static_cast<std::size_t>(config.hiddenSize), vocab = static_cast<std::size_t>(config.vocabSize);
    for (const TokenId id : following)
        if (id < 0 || id >= config.vocabSize)
            return Error{ErrorCode::InvalidArgument,
                         "token " + std::to_string(id) + " is none of the model's " + std::to_string(vocab),
                         {}};
    constexpr std::size_t chunk = 32;  // rows of logits in memory
    std::vector<LensCell> cells;
    cells.reserve(states.size() / hidden);
    while (cells.size() * hidden < states.size()) {
        const auto part = states.subspan(cells.size() * hidden);
        TERNION_TRY(const auto logits, device.readOut(part.first(std::min(chunk * hidden, part.size())), stop));
        for (std::size_t row = 0; row < logits.size() / vocab; ++row) {
            if (stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
            const std::size_t t = cells.size();
            cells.push_back(lensCell(std::span(logits).subspan(row * vocab, vocab), t < following.size() ? following[t] : -1, k,
                                     output.empty() ? output : output.subspan(t * vocab, vocab)));
        }
    }
    return cells;
}

}  // namespace ternion
