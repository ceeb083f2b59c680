#include "backend/cpu/cpu_fixed_model.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <string>
#include <system_error>

#include "backend/cpu/read_bandwidth.h"
#include "backend/input_checks.h"

namespace ternion {
namespace {

class FixedState final : public DeviceState {
public:
    FixedState(int layers, int width)
        : width_(static_cast<std::size_t>(width)), h_(static_cast<std::size_t>(layers) * width_, 0) {}

    Status reset() override {
        std::fill(h_.begin(), h_.end(), 0);
        position_ = 0;
        return {};
    }
    Result<StateSnapshot> snapshot() const override {
        StateSnapshot snapshot{std::vector<float>(h_.size()), position_};
        std::transform(h_.begin(), h_.end(), snapshot.h.begin(),
                       [](std::int32_t h) { return fixed::toFloat(h, fixed::stateFraction); });
        return snapshot;
    }
    Status restore(const StateSnapshot& snapshot) override {
        TERNION_CHECK(checkSnapshot(snapshot, h_.size()));
        std::transform(snapshot.h.begin(), snapshot.h.end(), h_.begin(),
                       [](float h) { return fixed::fromFloat(h, fixed::stateFraction, fixed::largestState); });
        position_ = snapshot.position;
        return {};
    }

    std::int32_t* layer(int index) { return h_.data() + static_cast<std::size_t>(index) * width_; }
    void advance() { ++position_; }

private:
    std::size_t width_;
    std::vector<std::int32_t> h_;
    std::int64_t position_ = 0;
};

std::uint64_t sumOfSquares(std::span<const std::int32_t> x) {
    return std::accumulate(x.begin(), x.end(), std::uint64_t{0},
                           [](std::uint64_t sum, std::int32_t v) { return fixed::sum(sum, fixed::square(v)); });
}

void toFixed(std::span<const float> from, std::span<std::int32_t> to, int fraction) {
    std::transform(from.begin(), from.end(), to.begin(), [&](float v) { return fixed::fromFloat(v, fraction); });
}

}  // namespace

CpuFixedModel::CpuFixedModel(std::shared_ptr<const Model> model, DeviceInfo device, const Kernels& kernels, int threads)
    : model_(std::move(model)),
      device_(std::move(device)),
      kernels_(kernels),
      pool_(threads),
      weights_(fixed::Weights::of(*model_)) {
    const ModelConfig& config = model_->config;
    const auto hidden = static_cast<std::size_t>(config.hiddenSize), state = static_cast<std::size_t>(config.stateSize()),
               inner = static_cast<std::size_t>(config.intermediateSize);
    x_.resize(hidden);
    for (Vector* v : {&i_, &f_, &g_, &o_}) v->resize(state);
    uv_.resize(2 * inner);
}

Result<std::unique_ptr<DeviceModel>> CpuFixedModel::create(std::shared_ptr<const Model> model, DeviceInfo device,
                                                           const Kernels& kernels, int threads, Packing packing) {
    if (packing == Packing::Dense)
        return Error{ErrorCode::InvalidArgument, "the fixed profile has no dense packing on a processor; take 2bit", "cpu"};
    try {
        return std::unique_ptr<DeviceModel>(new CpuFixedModel(std::move(model), std::move(device), kernels, threads));
    } catch (const std::system_error& error) {
        return Error{ErrorCode::OutOfMemory,
                     "the system gives no " + std::to_string(threads) + " threads (" + error.what() + "); ask for fewer",
                     "cpu"};
    }
}

// ---- Parts ----------------------------------------------------------------------------------------------------------------

fixed::Root CpuFixedModel::root(const fixed::Norm& norm, std::span<const std::int32_t> p, std::uint64_t first) {
    std::uint64_t s = 0;
    const auto& w = norm.weights.mantissas;
    for (std::size_t k = 0; k < p.size(); ++k) s = fixed::sum(s, fixed::square(w.empty() ? p[k] : fixed::weigh(p[k], w[k])));
    return fixed::rootOf(fixed::withEpsilon(s, first, norm.epsilon));
}

void CpuFixedModel::project(const fixed::Linear& linear, const fixed::Root& root, std::span<const std::int32_t> p, Vector& y) {
    const TernaryMatrix& matrix = linear.source->weight;
    const auto rows = static_cast<std::size_t>(matrix.rows());
    u_.resize(p.size());
    std::int32_t most = 0;
    for (std::size_t k = 0; k < p.size(); ++k) {
        u_[k] = fixed::weigh(p[k], linear.weights.mantissas[k]);
        most = std::max(most, std::abs(u_[k]));
    }
    scale_ = fixed::codeScale(most, root, linear.scale);
    codes_.resize(p.size());
    placed_.assign(static_cast<std::size_t>(TernaryMatrix::paddedColumns(matrix.cols())), 0);
    std::int32_t sum = 0;
    for (std::size_t k = 0; k < p.size(); ++k) {
        codes_[k] = fixed::code(u_[k], scale_);
        placed_[codePlace(k)] = codes_[k];
        sum += codes_[k];
    }
    accumulators_.resize(rows);
    y.resize(rows);
    pool_.run(matrix.rows(), rowGrain, [&](int begin, int end) {
        kernels_.accumulate(matrix.packedRow(begin).data(), end - begin, matrix.blocksPerRow(), placed_.data(), &sum, 1,
                            accumulators_.data() + begin);
        for (auto r = static_cast<std::size_t>(begin); r < static_cast<std::size_t>(end); ++r)
            y[r] = fixed::rescale(accumulators_[r], scale_);
    });
}

void CpuFixedModel::see(const CpuWatch* watch, TraceTensor tensor, int layer, int token, std::span<std::int32_t> values) {
    if (watch == nullptr || !watch->sees(tensor, layer)) return;
    const int fraction = fixed::fractionOf(tensor), width = static_cast<int>(values.size());
    std::vector<float> seen(values.size());
    const auto look = [&] {
        std::transform(values.begin(), values.end(), seen.begin(), [&](std::int32_t v) { return fixed::toFloat(v, fraction); });
    };
    look();
    if (watch->edits(tensor, layer)) {
        watch->edit(tensor, layer, 0, width, seen.data());
        toFixed(seen, values, fraction);
        look();
    }
    watch->keep(tensor, layer, token, 0, width, seen.data());
}

void CpuFixedModel::embed(TokenId token) {
    std::vector<float> row(x_.size());
    model_->embeddings.row(token, row);
    toFixed(row, x_, fixed::valueFraction);
}

// ---- A pass ---------------------------------------------------------------------------------------------------------------

void CpuFixedModel::runLayer(int layer, std::int32_t* h, const CpuWatch* watch, int token) {
    const fixed::LayerWeights& w = weights_.layers[static_cast<std::size_t>(layer)];
    const auto seen = [&](TraceTensor tensor, std::span<std::int32_t> values) { see(watch, tensor, layer, token, values); };

    seen(TraceTensor::Residual, x_);
    const fixed::Root attention = root(w.attention, x_, sumOfSquares(x_));
    project(w.i, attention, x_, i_);
    seen(TraceTensor::CandidateProjection, i_);
    project(w.f, attention, x_, f_);
    seen(TraceTensor::ForgetProjection, f_);
    project(w.g, attention, x_, g_);
    seen(TraceTensor::OutputGate, g_);
    for (std::size_t k = 0; k < f_.size(); ++k) f_[k] = fixed::forgetGate(f_[k], w.lowerBound.empty() ? 0 : w.lowerBound[k]);
    seen(TraceTensor::ForgetGate, f_);
    for (std::size_t k = 0; k < i_.size(); ++k) i_[k] = fixed::candidate(i_[k], f_[k]);
    seen(TraceTensor::Candidate, i_);
    for (std::size_t k = 0; k < i_.size(); ++k) h[k] = fixed::nextState(fixed::decayed(f_[k], h[k]), i_[k]);
    seen(TraceTensor::State, {h, i_.size()});
    for (std::size_t k = 0; k < g_.size(); ++k) o_[k] = fixed::gated(g_[k], h[k]);
    project(w.o, root(w.output, o_, sumOfSquares(g_)), o_, mixed_);
    seen(TraceTensor::TokenMixer, mixed_);
    for (std::size_t k = 0; k < x_.size(); ++k) x_[k] = fixed::add(x_[k], mixed_[k]);

    seen(TraceTensor::MidResidual, x_);
    project(w.gate, root(w.mlp, x_, sumOfSquares(x_)), x_, uv_);
    seen(TraceTensor::GluProjection, uv_);
    const std::size_t inner = uv_.size() / 2;
    for (std::size_t k = 0; k < inner; ++k) uv_[k] = fixed::glu(uv_[k], uv_[inner + k]);
    const std::span glu(uv_.data(), inner);
    seen(TraceTensor::Glu, glu);
    project(w.down, root(w.glu, glu, 0), glu, mixed_);
    seen(TraceTensor::ChannelMixer, mixed_);
    for (std::size_t k = 0; k < x_.size(); ++k) x_[k] = fixed::add(x_[k], mixed_[k]);
    seen(TraceTensor::LayerOutput, x_);
}

void CpuFixedModel::runHead(float* logits) {
    project(weights_.head, root(weights_.final, x_, sumOfSquares(x_)), x_, mixed_);
    std::transform(mixed_.begin(), mixed_.end(), logits,
                   [](std::int32_t v) { return fixed::toFloat(v, fixed::valueFraction); });
}

Result<ForwardOutput> CpuFixedModel::forward(std::span<const TokenId> tokens, DeviceState& state,
                                             const ForwardOptions& options) {
    const ModelConfig& config = model_->config;
    TERNION_CHECK(checkTokens(tokens, config));
    TERNION_CHECK(checkIntervention(options.intervention, config));
    const int total = static_cast<int>(tokens.size());
    const int logitRows = logitRowsOf(options.logits, total);
    const auto vocab = static_cast<std::size_t>(config.vocabSize);
    ForwardOutput output;
    TERNION_TRY(output.trace, Trace::create(options.trace, config, total));
    output.logits.resize(static_cast<std::size_t>(logitRows) * vocab);

    auto& own = static_cast<FixedState&>(state);
    const ThreadPool::OwnCore core(pool_);
    const CpuWatch watch(output.trace, options.intervention, 0);
    for (int t = 0; t < total; ++t) {
        if (options.stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
        embed(tokens[static_cast<std::size_t>(t)]);
        for (int l = 0; l < config.numLayers; ++l) runLayer(l, own.layer(l), &watch, t);
        own.advance();
        if (const int row = t - (total - logitRows); row >= 0)
            runHead(output.logits.data() + static_cast<std::size_t>(row) * vocab);
        if (!output.trace.has({TraceTensor::Residual, config.numLayers})) continue;
        fixed::finalNorm(x_, *model_, x_);
        see(&watch, TraceTensor::Residual, config.numLayers, t, x_);
    }
    return output;
}

Result<std::vector<float>> CpuFixedModel::readOut(std::span<const float> x, const std::stop_token& stop) {
    TERNION_CHECK(checkLayerInput(0, x.size(), model_->config));
    const auto vocab = static_cast<std::size_t>(model_->config.vocabSize);
    std::vector<float> logits(x.size() / x_.size() * vocab);
    for (std::size_t t = 0; t < x.size() / x_.size(); ++t) {
        if (stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
        toFixed(x.subspan(t * x_.size(), x_.size()), x_, fixed::valueFraction);
        runHead(logits.data() + t * vocab);
    }
    return logits;
}

Result<std::vector<float>> CpuFixedModel::forwardLayer(int layer, std::span<const float> x, DeviceState& state) {
    TERNION_CHECK(checkLayerInput(layer, x.size(), model_->config));
    std::vector<float> out(x.size());
    for (std::size_t at = 0; at < x.size(); at += x_.size()) {
        toFixed(x.subspan(at, x_.size()), x_, fixed::valueFraction);
        runLayer(layer, static_cast<FixedState&>(state).layer(layer), nullptr, 0);
        std::transform(x_.begin(), x_.end(), out.begin() + static_cast<std::ptrdiff_t>(at),
                       [](std::int32_t v) { return fixed::toFloat(v, fixed::valueFraction); });
    }
    return out;
}

Result<BitLinearOutput> CpuFixedModel::bitLinear(const BitLinear& linear, std::span<const float> x) {
    TERNION_CHECK(checkBitLinearInput(linear, x.size()));
    fixed::Norm norm;
    const fixed::Linear alone = fixed::linearAlone(linear, norm);
    const auto in = static_cast<std::size_t>(linear.weight.cols());
    BitLinearOutput result;
    Vector p(in), y;
    for (std::size_t at = 0; at < x.size(); at += in) {
        toFixed(x.subspan(at, in), p, fixed::valueFraction);
        project(alone, root(norm, p, 0), p, y);
        result.codes.insert(result.codes.end(), codes_.begin(), codes_.end());
        result.steps.push_back(
            static_cast<float>(std::ldexp(scale_.multiplier, -scale_.shift - fixed::valueFraction) / linear.weight.gamma()));
        result.accumulators.insert(result.accumulators.end(), accumulators_.begin(), accumulators_.end());
        std::transform(y.begin(), y.end(), std::back_inserter(result.y),
                       [](std::int32_t v) { return fixed::toFloat(v, fixed::valueFraction); });
    }
    return result;
}

// ---- Around it ------------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<DeviceState>> CpuFixedModel::createState() {
    return std::unique_ptr<DeviceState>(std::make_unique<FixedState>(model_->config.numLayers, model_->config.stateSize()));
}

MemoryUse CpuFixedModel::memory() const {
    MemoryUse use;
    use.weights = model_->ternaryBytes() + model_->embeddingBytes();
    use.perToken = model_->ternaryBytes();
    use.state = static_cast<std::uint64_t>(model_->config.numLayers) * static_cast<std::uint64_t>(model_->config.stateSize()) *
                sizeof(std::int32_t);
    for (const Vector* v : {&x_, &i_, &f_, &g_, &o_, &uv_, &mixed_, &u_, &accumulators_})
        use.scratch += v->capacity() * sizeof(std::int32_t);
    return use;
}

Result<double> CpuFixedModel::measureReadBandwidth() { return readBandwidth(kernels_, pool_); }

}  // namespace ternion
