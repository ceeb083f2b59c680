#include "backend/cpu/cpu_model.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <system_error>

#include "backend/cpu/host_processor.h"
#include "backend/cpu/read_bandwidth.h"
#include "backend/cpu/row_triples.h"
#include "backend/float_profile.h"
#include "backend/input_checks.h"

namespace ternion {
namespace {

class CpuState final : public DeviceState {
public:
    CpuState(int layers, int width)
        : width_(static_cast<std::size_t>(width)), now_{std::vector<float>(static_cast<std::size_t>(layers) * width_), 0} {}

    Status reset() override {
        std::fill(now_.h.begin(), now_.h.end(), 0.0F);
        now_.position = 0;
        return {};
    }
    Result<StateSnapshot> snapshot() const override { return now_; }
    Status restore(const StateSnapshot& snapshot) override {
        TERNION_CHECK(checkSnapshot(snapshot, now_.h.size()));
        now_ = snapshot;
        return {};
    }

    float* layer(int index) { return now_.h.data() + static_cast<std::size_t>(index) * width_; }
    void advance(int tokens) { now_.position += tokens; }

private:
    std::size_t width_;
    StateSnapshot now_;
};

}  // namespace

CpuModel::CpuModel(std::shared_ptr<const Model> model, DeviceInfo device, const Kernels& kernels, int threads)
    : model_(std::move(model)), device_(std::move(device)), kernels_(kernels), pool_(threads) {}

Status CpuModel::allocate(Rows& rows, int width) {
    TERNION_TRY(rows.buffer,
                AlignedBuffer::allocate(std::size_t{chunkTokens} * static_cast<std::size_t>(width) * sizeof(float)));
    rows.width = width;
    return {};
}

Status CpuModel::allocate(Codes& codes, int width) {
    const auto padded = static_cast<std::size_t>(TernaryMatrix::paddedColumns(width));
    TERNION_TRY(codes.buffer, AlignedBuffer::allocate(chunkTokens * padded));
    return {};
}

Result<std::unique_ptr<DeviceModel>> CpuModel::create(std::shared_ptr<const Model> model, DeviceInfo device,
                                                      const Kernels& kernels, int threads, Packing packing) {
    if (packing == Packing::Dense && kernels.accumulateTriples == nullptr)
        return Error{ErrorCode::InvalidArgument,
                     std::string(kernels.name) + " has no dense packing; leave the choice to it, or take 2bit", "cpu"};
    std::unique_ptr<CpuModel> created;
    try {
        created.reset(new CpuModel(std::move(model), std::move(device), kernels, threads));
    } catch (const std::system_error& error) {
        return Error{ErrorCode::OutOfMemory,
                     "the system gives no " + std::to_string(threads) + " threads (" + error.what() + "); ask for fewer",
                     "cpu"};
    }
    if (packing != Packing::TwoBit && kernels.accumulateTriples != nullptr) TERNION_CHECK(created->allocateTriples());
    const ModelConfig& config = created->model_->config;
    const int hidden = config.hiddenSize, state = config.stateSize(), inner = config.intermediateSize;
    const int widest = std::max({hidden, state, inner});
    TERNION_CHECK(allocate(created->x_, hidden));
    TERNION_CHECK(allocate(created->normed_, std::max(hidden, state)));
    TERNION_CHECK(allocate(created->codable_, widest));
    for (Rows* rows : {&created->i_, &created->f_, &created->g_, &created->h_}) TERNION_CHECK(allocate(*rows, state));
    TERNION_CHECK(allocate(created->uv_, 2 * inner));
    for (Codes& codes : created->codes_) TERNION_CHECK(allocate(codes, widest));
    if (packing == Packing::Auto) {
        try {
            created->arranger_ =
                std::jthread([&arranged = *created](const std::stop_token& stop) { arranged.arrangeWeights(stop); });
            return std::unique_ptr<DeviceModel>(std::move(created));
        } catch (const std::system_error&) {  // no thread to be had: at once, then
        }
    }
    created->arrangeWeights({});
    return std::unique_ptr<DeviceModel>(std::move(created));
}

Status CpuModel::allocateTriples() {
    std::size_t size = 0;
    model_->forEachBitLinear([&](const std::string&, const BitLinear& linear) { size += triplesBytes(linear.weight); });
    TERNION_TRY(dense_, AlignedBuffer::allocate(size));
    auto rest = dense_.bytes();
    model_->forEachBitLinear([&](const std::string&, const BitLinear& linear) {
        const std::size_t bytes = triplesBytes(linear.weight);
        triples_[&linear.weight].bytes = rest.first(bytes);
        rest = rest.subspan(bytes);
    });
    return {};
}

void CpuModel::arrangeWeights(const std::stop_token& stop) {
    model_->forEachBitLinear([&](const std::string&, const BitLinear& linear) {
        if (stop.stop_requested()) return;
        gatherOnHugePages(linear.weight.packed());
        if (const auto found = triples_.find(&linear.weight); found != triples_.end()) {
            packTriples(linear.weight, found->second.bytes);
            found->second.packed.store(true, std::memory_order_release);
        }
    });
}

// ---- Parts ----------------------------------------------------------------------------------------------------------------

template <class Work>
void CpuModel::forEachToken(int tokens, const Work& work) {
    pool_.run(tokens, 1, [&](int begin, int end) {
        for (int t = begin; t < end; ++t) work(t);
    });
}

float CpuModel::rmsNorm(const float* x, const std::vector<float>& g, float* out) const {
    const float r1 = profile::inverseRms(kernels_.sumOfSquares(x, g.size()), g.size(), model_->config.rmsNormEps);
    kernels_.weigh(x, g.data(), out, g.size());
    return r1;
}

float CpuModel::bitLinearInverse(const float* x, std::size_t n, float r1) const {
    return profile::bitLinearInverse(kernels_.sumOfSquares(x, n), n, r1);
}

void CpuModel::quantise(const BitLinear& linear, const float* x, float r, float* weighed, Codes& codes, int row) const {
    const std::size_t n = linear.norm.size();
    const float step = profile::codeStep(kernels_.weigh(x, linear.norm.data(), weighed, n) * r);
    const auto at = static_cast<std::size_t>(row);
    codes.steps[at] = step;
    codes.sums[at] = kernels_.quantise(weighed, profile::codeFactor(r, step), codes.row(row, linear.weight), n);
}

const std::byte* CpuModel::triplesOf(const TernaryMatrix& matrix) const {
    const auto found = triples_.find(&matrix);
    return found != triples_.end() && found->second.packed.load(std::memory_order_acquire) ? found->second.bytes.data()
                                                                                           : nullptr;
}

/// finish(token, row, rows, accumulators of these rows, gamma * step)
template <class Finish>
void CpuModel::multiply(const TernaryMatrix& matrix, const std::byte* triples, Codes& codes, int tokens, int begin, int end,
                        const Finish& finish) const {
    constexpr int tileRows = 48;  // their weights stay in the nearest cache while token after token meets them
    alignas(64) std::array<std::int32_t, std::size_t{tileRows} * chunkTokens> accumulators;  // NOLINT(*-member-init)
    const int blocks = matrix.blocksPerRow();
    const bool dense = triples != nullptr && tokens < 4;  // more tokens share the unpacking, which is quicker from two bits
    for (int row = begin, rows = 0; row < end; row += rows) {
        const int lead = dense ? row % 3 : 0;  // rows before it in its triple, which come along
        rows = std::min(tileRows - lead, end - row);
        const std::byte* weights =
            dense ? triples + static_cast<std::size_t>(row / 3) * tripleBytes(blocks) : matrix.packedRow(row).data();
        (dense ? kernels_.accumulateTriples : kernels_.accumulate)(weights, lead + rows, blocks, codes.row(0, matrix),
                                                                   codes.sums.data(), tokens, accumulators.data());
        for (int t = 0; t < tokens; ++t)
            finish(t, row, static_cast<std::size_t>(rows), accumulators.data() + std::ptrdiff_t{t} * (lead + rows) + lead,
                   matrix.gamma() * codes.steps[static_cast<std::size_t>(t)]);
    }
}

void CpuModel::project(const TernaryMatrix& matrix, Codes& codes, int tokens, int begin, int end, float* y,
                       std::ptrdiff_t stride) const {
    multiply(matrix, triplesOf(matrix), codes, tokens, begin, end,
             [&](int t, int row, std::size_t rows, const std::int32_t* sums, float factor) {
                 kernels_.rescale(sums, factor, y + t * stride + row, rows);
             });
}

void CpuModel::addProjection(const BitLinear& linear, Codes& codes, int tokens, Rows& y) {
    pool_.run(linear.weight.rows(), rowGrain, [&](int begin, int end) {
        multiply(linear.weight, triplesOf(linear.weight), codes, tokens, begin, end,
                 [&](int t, int row, std::size_t rows, const std::int32_t* sums, float factor) {
                     kernels_.addRescaled(sums, factor, y.row(t) + row, rows);
                 });
    });
}

void CpuModel::addSeenProjection(const BitLinear& linear, Codes& codes, int tokens, Rows& y, Rows& room, TraceTensor tensor,
                                 int layer, const CpuWatch& watch) {
    pool_.run(linear.weight.rows(), rowGrain, [&](int begin, int end) {
        project(linear.weight, codes, tokens, begin, end, room.row(0), room.width);
        for (int t = 0; t < tokens; ++t) {
            watch.see(tensor, layer, t, begin, end, room.row(t) + begin);
            for (int c = begin; c < end; ++c) y.row(t)[c] += room.row(t)[c];
        }
    });
}

void CpuModel::seeRows(TraceTensor tensor, int layer, int tokens, Rows& rows, const CpuWatch& watch) {
    if (!watch.sees(tensor, layer)) return;
    forEachToken(tokens, [&](int t) { watch.see(tensor, layer, t, 0, rows.width, rows.row(t)); });
}

// ---- The pass -------------------------------------------------------------------------------------------------------------

void CpuModel::runLayer(int layer, int tokens, float* h, const CpuWatch* watch) {
    if (watch != nullptr) seeRows(TraceTensor::Residual, layer, tokens, x_, *watch);
    mixTokens(layer, tokens, h, watch);
    if (watch != nullptr) seeRows(TraceTensor::MidResidual, layer, tokens, x_, *watch);
    mixChannels(layer, tokens, watch);
    if (watch != nullptr) seeRows(TraceTensor::LayerOutput, layer, tokens, x_, *watch);
}

/// The MLGRU: x = x + BL_o(RMSNorm(BL_g(a)) * silu(h)), a = RMSNorm(x).
void CpuModel::mixTokens(int index, int tokens, float* h, const CpuWatch* watch) {
    const Layer& layer = model_->layers[static_cast<std::size_t>(index)];
    forEachToken(tokens, [&](int t) {
        const float* a = normed_.row(t);
        const float r1 = rmsNorm(x_.row(t), layer.attnNorm, normed_.row(t));
        const float r = bitLinearInverse(a, layer.attnNorm.size(), r1);
        quantise(layer.i, a, r, codable_.row(t), codes_[0], t);
        quantise(layer.f, a, r, codable_.row(t), codes_[1], t);
        quantise(layer.g, a, r, codable_.row(t), codes_[2], t);
    });
    lap("norm_quantise", index);
    // A channel's recurrence needs nothing of another channel: each thread takes its own through all tokens.
    pool_.run(h_.width, rowGrain, [&](int begin, int end) {
        project(layer.i.weight, codes_[0], tokens, begin, end, i_.row(0), i_.width);
        project(layer.f.weight, codes_[1], tokens, begin, end, f_.row(0), f_.width);
        project(layer.g.weight, codes_[2], tokens, begin, end, g_.row(0), g_.width);
        const auto count = static_cast<std::size_t>(end - begin);
        const float* bound = layer.lowerBound.empty() ? nullptr : layer.lowerBound.data() + begin;
        const float* before = h + begin;
        for (int t = 0; t < tokens; ++t) {
            if (watch != nullptr)
                seenGates(index, t, begin, end, before, *watch);
            else
                kernels_.gates(i_.row(t) + begin, f_.row(t) + begin, bound, before, h_.row(t) + begin, count);
            before = h_.row(t) + begin;
        }
        std::memcpy(h + begin, before, count * sizeof(float));
    });
    lap("bit_linear i f g, mlgru", index, {&layer.i, &layer.f, &layer.g});
    forEachToken(tokens, [&](int t) {
        float* o = normed_.row(t);
        const float r1 = rmsNorm(g_.row(t), layer.gNorm, o);
        kernels_.glu(h_.row(t), o, o, layer.gNorm.size());
        quantise(layer.o, o, bitLinearInverse(o, layer.gNorm.size(), r1), codable_.row(t), codes_[0], t);
    });
    lap("gate_quantise", index);
    if (watch != nullptr && watch->sees(TraceTensor::TokenMixer, index))
        addSeenProjection(layer.o, codes_[0], tokens, x_, g_, TraceTensor::TokenMixer, index, *watch);
    else
        addProjection(layer.o, codes_[0], tokens, x_);
    lap("bit_linear o", index, {&layer.o});
}

void CpuModel::seenGates(int index, int token, int begin, int end, const float* before, const CpuWatch& watch) {
    float *i = i_.row(token) + begin, *f = f_.row(token) + begin, *h = h_.row(token) + begin;
    const std::vector<float>& bounds = model_->layers[static_cast<std::size_t>(index)].lowerBound;
    const float* bound = bounds.empty() ? nullptr : bounds.data() + begin;
    const int count = end - begin;
    const auto see = [&](TraceTensor tensor, float* values) { watch.see(tensor, index, token, begin, end, values); };
    see(TraceTensor::CandidateProjection, i);
    see(TraceTensor::ForgetProjection, f);
    see(TraceTensor::OutputGate, g_.row(token) + begin);
    const bool edited = watch.edits(TraceTensor::ForgetGate, index) || watch.edits(TraceTensor::Candidate, index) ||
                        watch.edits(TraceTensor::State, index);
    if (!edited) {
        kernels_.gates(i, f, bound, before, h, static_cast<std::size_t>(count));
    } else {
        for (int c = 0; c < count; ++c) f[c] = profile::sigmoid(f[c]);
        if (bound != nullptr)
            for (int c = 0; c < count; ++c) f[c] = profile::aboveLowerBound(f[c], bound[c]);
    }
    see(TraceTensor::ForgetGate, f);
    if (edited)
        for (int c = 0; c < count; ++c) i[c] = profile::silu(i[c]) * (1.0F - f[c]);
    see(TraceTensor::Candidate, i);
    if (edited)
        for (int c = 0; c < count; ++c) h[c] = profile::mlgru(f[c], before[c], i[c]);
    see(TraceTensor::State, h);
}

/// The GLU: x = x + BL_down(silu(u) * v), (u, v) = BL_gate(RMSNorm(x)).
void CpuModel::mixChannels(int index, int tokens, const CpuWatch* watch) {
    const Layer& layer = model_->layers[static_cast<std::size_t>(index)];
    forEachToken(tokens, [&](int t) {
        float* m = normed_.row(t);
        const float r1 = rmsNorm(x_.row(t), layer.mlpNorm, m);
        quantise(layer.gate, m, bitLinearInverse(m, layer.mlpNorm.size(), r1), codable_.row(t), codes_[0], t);
    });
    lap("norm_quantise", index);
    const int inner = uv_.width / 2;
    pool_.run(inner, rowGrain, [&](int begin, int end) {
        project(layer.gate.weight, codes_[0], tokens, begin, end, uv_.row(0), uv_.width);
        project(layer.gate.weight, codes_[0], tokens, inner + begin, inner + end, uv_.row(0), uv_.width);
        for (int t = 0; t < tokens; ++t) {
            float* u = uv_.row(t) + begin;
            if (watch != nullptr) {
                watch->see(TraceTensor::GluProjection, index, t, begin, end, u);
                watch->see(TraceTensor::GluProjection, index, t, inner + begin, inner + end, u + inner);
            }
            kernels_.glu(u, u + inner, u, static_cast<std::size_t>(end - begin));
            if (watch != nullptr) watch->see(TraceTensor::Glu, index, t, begin, end, u);
        }
    });
    lap("bit_linear gate, glu", index, {&layer.gate});
    forEachToken(tokens, [&](int t) {
        const float r = bitLinearInverse(uv_.row(t), layer.down.norm.size(), 1.0F);
        quantise(layer.down, uv_.row(t), r, codable_.row(t), codes_[0], t);
    });
    lap("glu_quantise", index);
    if (watch != nullptr && watch->sees(TraceTensor::ChannelMixer, index))
        addSeenProjection(layer.down, codes_[0], tokens, x_, g_, TraceTensor::ChannelMixer, index, *watch);
    else
        addProjection(layer.down, codes_[0], tokens, x_);
    lap("bit_linear down", index, {&layer.down});
}

/// Logits `[tokens - firstToken, V]` of what lies in x_.
void CpuModel::runHead(int firstToken, int tokens, float* logits) {
    const BitLinear& head = model_->head;
    forEachToken(tokens - firstToken, [&](int t) {
        float* x = normed_.row(t);
        const float r1 = rmsNorm(x_.row(firstToken + t), model_->norm, x);
        quantise(head, x, bitLinearInverse(x, model_->norm.size(), r1), codable_.row(t), codes_[0], t);
    });
    lap("norm_quantise", -1);
    pool_.run(head.weight.rows(), rowGrain, [&](int begin, int end) {
        project(head.weight, codes_[0], tokens - firstToken, begin, end, logits, head.weight.rows());
    });
    lap("bit_linear head", -1, {&head});
}

Result<ForwardOutput> CpuModel::forward(std::span<const TokenId> tokens, DeviceState& state, const ForwardOptions& options) {
    const ModelConfig& config = model_->config;
    TERNION_CHECK(checkTokens(tokens, config));
    const int total = static_cast<int>(tokens.size());
    const auto vocab = static_cast<std::size_t>(config.vocabSize);
    const int logitRows = logitRowsOf(options.logits, total);
    ForwardOutput output;
    TERNION_TRY(output.trace, Trace::create(options.trace, config, total));
    TERNION_CHECK(checkIntervention(options.intervention, config));
    const bool watched = !output.trace.tensors.empty() || !options.intervention.empty();
    output.logits.resize(static_cast<std::size_t>(logitRows) * vocab);

    auto& own = static_cast<CpuState&>(state);
    const ThreadPool::OwnCore core(pool_);
    for (int first = 0; first < total; first += chunkTokens) {
        if (options.stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
        const int count = std::min(chunkTokens, total - first);
        const CpuWatch watch(output.trace, options.intervention, first);
        const auto part = tokens.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
        for (int t = 0; t < count; ++t)
            model_->embeddings.row(part[static_cast<std::size_t>(t)], {x_.row(t), static_cast<std::size_t>(x_.width)});
        for (int l = 0; l < config.numLayers; ++l)
            runLayer(l, count, own.layer(l), watched && watch.seesLayer(l) ? &watch : nullptr);
        own.advance(count);
        // The rows of logits that are wanted are the last ones of the whole.
        if (const int skipped = std::max(0, total - logitRows - first); skipped < count)
            runHead(skipped, count,
                    output.logits.data() + static_cast<std::size_t>(first + skipped - (total - logitRows)) * vocab);
        if (!output.trace.has({TraceTensor::Residual, config.numLayers})) continue;
        forEachToken(count, [&](int t) {
            const float r1 = rmsNorm(x_.row(t), model_->norm, x_.row(t));
            for (int k = 0; k < x_.width; ++k) x_.row(t)[k] *= r1;
        });
        seeRows(TraceTensor::Residual, config.numLayers, count, x_, watch);
    }
    return output;
}

Result<std::vector<float>> CpuModel::readOut(std::span<const float> x, const std::stop_token& stop) {
    const auto width = static_cast<std::size_t>(x_.width), vocab = static_cast<std::size_t>(model_->config.vocabSize);
    TERNION_CHECK(checkLayerInput(0, x.size(), model_->config));
    std::vector<float> logits(x.size() / width * vocab);
    const ThreadPool::OwnCore core(pool_);
    for (std::size_t done = 0; done < x.size();) {
        if (stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
        const std::size_t count = std::min(chunkTokens * width, x.size() - done);
        std::memcpy(x_.row(0), x.data() + done, count * sizeof(float));
        runHead(0, static_cast<int>(count / width), logits.data() + done / width * vocab);
        done += count;
    }
    return logits;
}

Result<std::vector<float>> CpuModel::forwardLayer(int layer, std::span<const float> x, DeviceState& state) {
    const auto width = static_cast<std::size_t>(x_.width);
    TERNION_CHECK(checkLayerInput(layer, x.size(), model_->config));
    std::vector<float> out(x.begin(), x.end());
    for (std::size_t at = 0; at < out.size(); at += chunkTokens * width) {
        const std::size_t count = std::min(chunkTokens * width, out.size() - at);
        std::memcpy(x_.row(0), out.data() + at, count * sizeof(float));
        runLayer(layer, static_cast<int>(count / width), static_cast<CpuState&>(state).layer(layer), nullptr);
        std::memcpy(out.data() + at, x_.row(0), count * sizeof(float));
    }
    return out;
}

Result<BitLinearOutput> CpuModel::bitLinear(const BitLinear& linear, std::span<const float> x) {
    const TernaryMatrix& matrix = linear.weight;
    const auto in = static_cast<std::size_t>(matrix.cols()), out = static_cast<std::size_t>(matrix.rows());
    TERNION_CHECK(checkBitLinearInput(linear, x.size()));
    Codes codes;
    TERNION_CHECK(allocate(codes, matrix.cols()));
    std::vector<float> weighed(in);
    AlignedBuffer triples;  // the model's own matrices too: a packing is tested with any
    if (packing() == Packing::Dense) {
        TERNION_TRY(triples, AlignedBuffer::allocate(triplesBytes(matrix)));
        packTriples(matrix, triples.bytes());
    }
    BitLinearOutput result;
    const std::size_t tokens = x.size() / in;
    result.codes.resize(x.size());
    result.accumulators.resize(tokens * out);
    result.y.resize(tokens * out);
    for (std::size_t first = 0; first < tokens; first += chunkTokens) {
        const int count = static_cast<int>(std::min<std::size_t>(chunkTokens, tokens - first));
        for (int t = 0; t < count; ++t) {
            const std::size_t at = (first + static_cast<std::size_t>(t)) * in;
            quantise(linear, x.data() + at, bitLinearInverse(x.data() + at, in, 1.0F), weighed.data(), codes, t);
            for (std::size_t k = 0; k < in; ++k) result.codes[at + k] = codes.row(t, matrix)[codePlace(k)];
        }
        result.steps.insert(result.steps.end(), codes.steps.begin(), codes.steps.begin() + count);
        pool_.run(matrix.rows(), rowGrain, [&](int begin, int end) {
            multiply(matrix, triples.data(), codes, count, begin, end,
                     [&](int t, int row, std::size_t rows, const std::int32_t* sums, float factor) {
                         const std::size_t at = (first + static_cast<std::size_t>(t)) * out + static_cast<std::size_t>(row);
                         std::copy_n(sums, rows, result.accumulators.data() + at);
                         kernels_.rescale(sums, factor, result.y.data() + at, rows);
                     });
        });
    }
    return result;
}

// ---- Around it ------------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<DeviceState>> CpuModel::createState() {
    return std::unique_ptr<DeviceState>(std::make_unique<CpuState>(model_->config.numLayers, model_->config.stateSize()));
}

MemoryUse CpuModel::memory() const {
    MemoryUse use;
    use.weights = model_->ternaryBytes() + model_->embeddingBytes() + dense_.size();
    use.perToken = dense_.size() > 0 ? dense_.size() : model_->ternaryBytes();
    use.state = static_cast<std::uint64_t>(model_->config.numLayers) * static_cast<std::uint64_t>(model_->config.stateSize()) *
                sizeof(float);
    for (const Rows* rows : {&x_, &normed_, &codable_, &i_, &f_, &g_, &h_, &uv_}) use.scratch += rows->buffer.size();
    for (const Codes& codes : codes_) use.scratch += codes.buffer.size();
    return use;
}

void CpuModel::lap(const char* kernel, int layer, std::initializer_list<const BitLinear*> read) {
    if (laps_ == nullptr) return;
    const auto now = std::chrono::steady_clock::now();
    KernelTime& time =
        laps_->kernels.emplace_back(KernelTime{kernel, std::chrono::duration<double>(now - laps_->last).count(), 0, layer});
    for (const BitLinear* linear : read) {
        const auto dense = triples_.find(&linear->weight);
        time.weightBytes += dense != triples_.end() ? dense->second.bytes.size() : linear->weight.packed().size();
    }
    laps_->last = std::chrono::steady_clock::now();
}

Result<PassTimes> CpuModel::timeKernels(int tokens) {
    PassTimes times{std::clamp(tokens, 1, chunkTokens), {}};
    const std::vector<TokenId> ids(static_cast<std::size_t>(times.tokens), 0);
    TERNION_TRY(const auto state, createState());
    Laps laps{{}, std::chrono::steady_clock::now()};
    laps_ = &laps;
    const auto done = forward(ids, *state, {});
    laps_ = nullptr;
    if (!done) return done.error();
    times.kernels = std::move(laps.kernels);
    return times;
}

Result<double> CpuModel::measureReadBandwidth() { return readBandwidth(kernels_, pool_); }

}  // namespace ternion
