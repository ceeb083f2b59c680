// The int8 activations that every BitLinear is given, reproduced to the bit from what was traced, and what they lose.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "backend/trace.h"
#include "model/model.h"

namespace ternion {

/// The BitLinears of a layer, in the order in which a token meets them, and the head, which counts with the last layer.
enum class Projection : std::uint8_t { I, F, G, O, Gate, Down, Head };
inline constexpr int projections = 7;

/// "i_proj", ..., "lm_head": as in the public checkpoints.
std::string_view nameOf(Projection projection);
std::optional<Projection> projectionNamed(std::string_view name);
/// Those of a layer: the head belongs to the last one alone.
std::vector<Projection> projectionsOf(int layer, const ModelConfig& config);
const BitLinear& bitLinearOf(const Model& model, Projection projection, int layer);

/// What has to be traced so that its codes can be made: one intermediate, and for o_proj the state after it.
std::vector<TraceRequest::Item> inputsOf(Projection projection, int layer);

/// What became of one token: n / step, rounded, is its codes (design, section 2; float_profile.h).
struct TokenCodes {
    float step = 0.0F;    ///< what one code is worth: 1 / s
    float absmax = 0.0F;  ///< max |n|, of what was quantised
    int ends = 0;         ///< codes of -127 or 127: how many values are as large as the largest
    int zeros = 0;        ///< codes of 0: what is lost altogether
    int nearZeros = 0;    ///< codes of -1, 0 or 1
};

/// A channel counts as an outlier where |code| >= `code` in at least `share` of the tokens: it sets the scale of all others.
struct OutlierRule {
    int code = 64;
    double share = 0.5;
};
struct OutlierChannel {
    int channel = 0;
    double share = 0.0;   ///< of the tokens, in which its code is so large
    float absmax = 0.0F;  ///< the largest |code| * step of any token
};

/// Of one BitLinear over all tokens. Shares are of all codes, 0 to 1.
struct CodeSummary {
    int tokens = 0;
    double meanScale = 0.0;  ///< of s = 1 / step
    double ends = 0.0, zeros = 0.0, nearZeros = 0.0;
    std::vector<OutlierChannel> outliers;  ///< the largest share first
    std::vector<float> channelAbsmax;      ///< `[width]`, largest |code| * step
};

/// The codes of one BitLinear, token after token.
class InputCodes {
public:
    /// The model is read by add() alone, and must live as long as that is called.
    InputCodes(const Model& model, Projection projection, int layer);

    Projection projection() const { return projection_; }
    int layer() const { return layer_; }
    int width() const { return width_; }
    int tokens() const { return static_cast<int>(tokens_.size()); }

    /// One token: a row of each of inputsOf(), in their order.
    void add(std::span<const float> input, std::span<const float> state = {});

    const TokenCodes& token(int index) const { return tokens_[static_cast<std::size_t>(index)]; }
    /// `[width]`; 0 <= index < tokens().
    std::span<const std::int8_t> codes(int index) const {
        return std::span(codes_).subspan(static_cast<std::size_t>(index) * static_cast<std::size_t>(width_),
                                         static_cast<std::size_t>(width_));
    }
    double share(int count) const { return static_cast<double>(count) / width_; }  ///< of a token's codes
    CodeSummary summary(const OutlierRule& rule = {}) const;

private:
    const Model* model_;
    Projection projection_;
    int layer_;
    int width_;
    std::vector<TokenCodes> tokens_;
    std::vector<std::int8_t> codes_;
};

}  // namespace ternion
