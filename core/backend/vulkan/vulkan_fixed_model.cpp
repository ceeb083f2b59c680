#include "backend/vulkan/vulkan_fixed_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "backend/input_checks.h"
#include "backend/vulkan/pass_limits.h"
#include "model/dense_trits.h"

namespace ternion::vulkan {
namespace {

// Tokens a submission, at most: stopping waits for one, and a processor takes its time.
constexpr std::uint32_t mostFixedTokens = 128, mostTokensOfSoftware = 16;
constexpr VkDeviceSize valueBytes = sizeof(std::int32_t);

void toFixed(std::span<const float> from, std::span<std::int32_t> to, int fraction, std::int32_t limit = fixed::largest) {
    std::transform(from.begin(), from.end(), to.begin(), [&](float v) { return fixed::fromFloat(v, fraction, limit); });
}

template <class Out>
void toFloats(std::span<const std::int32_t> from, int fraction, Out to) {
    std::transform(from.begin(), from.end(), to, [&](std::int32_t v) { return fixed::toFloat(v, fraction); });
}

}  // namespace

// ---- A state --------------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<VulkanFixedState>> VulkanFixedState::create(std::shared_ptr<Device> device, const ModelConfig& config) {
    std::unique_ptr<VulkanFixedState> state(new VulkanFixedState(std::move(device)));
    state->values_ = sizeOf(config.numLayers) * sizeOf(config.stateSize());
    const VkDeviceSize bytes = state->values_ * valueBytes;
    TERNION_TRY(state->h_, state->device_->allocate(bytes, MemoryKind::Device));
    TERNION_TRY(state->upload_, state->device_->allocate(bytes, MemoryKind::Upload));
    TERNION_TRY(state->readback_, state->device_->allocate(bytes, MemoryKind::Readback));
    TERNION_CHECK(state->reset());
    return state;
}

Status VulkanFixedState::transfer(const Buffer& from, const Buffer& to) const {
    TERNION_TRY(auto commands, device_->commands());
    TERNION_CHECK(commands.begin());
    commands.copy(from, 0, to, 0, values_ * valueBytes);
    TERNION_CHECK(commands.end());
    return device_->run(commands);
}

Status VulkanFixedState::reset() { return restore({std::vector<float>(values_), 0}); }

Result<StateSnapshot> VulkanFixedState::snapshot() const {
    TERNION_CHECK(transfer(h_, readback_));
    StateSnapshot snapshot{std::vector<float>(values_), position_};
    toFloats(readback_.as<const std::int32_t>().first(values_), fixed::stateFraction, snapshot.h.begin());
    return snapshot;
}

Status VulkanFixedState::restore(const StateSnapshot& snapshot) {
    TERNION_CHECK(checkSnapshot(snapshot, values_));
    toFixed(snapshot.h, upload_.as<std::int32_t>(), fixed::stateFraction, fixed::largestState);
    TERNION_CHECK(transfer(upload_, h_));
    position_ = snapshot.position;
    return {};
}

// ---- Loading --------------------------------------------------------------------------------------------------------------

Result<std::unique_ptr<DeviceModel>> VulkanFixedModel::load(std::shared_ptr<Device> device, std::shared_ptr<const Model> model,
                                                            Packing packing, const Progress& progress) {
    if (!device->physical().int64)
        return Error{ErrorCode::Unsupported,
                     "its driver has no integers of 64 bits (shaderInt64), which the fixed profile computes in; take the float "
                     "profile, or the fixed one on the CPU",
                     device->physical().info.name};
    const ProductTuning tuning = productTuning(*device, packing);  // while there is memory
    auto numbers = fixed::Weights::of(*model);
    TERNION_TRY(auto weights, DeviceWeights::upload(*device, *model, numbers, packing, progress));
    TERNION_TRY(auto kernels, FixedKernels::create(*device, packing, tuning));
    std::unique_ptr<VulkanFixedModel> loaded(new VulkanFixedModel(std::move(device), std::move(model), packing,
                                                                  std::move(numbers), std::move(weights), std::move(kernels)));
    TERNION_CHECK(loaded->allocateScratch());
    return std::unique_ptr<DeviceModel>(std::move(loaded));
}

Status VulkanFixedModel::allocateScratch() {
    const ModelConfig& config = model_->config;
    const std::size_t hidden = sizeOf(config.hiddenSize), state = sizeOf(config.stateSize()),
                      inner = sizeOf(config.intermediateSize);
    const auto padded = [](int columns) { return sizeOf(codeColumns(columns)); };
    struct Row {
        Buffer Scratch::*buffer;
        std::size_t bytesPerToken;
    };
    const std::array rows{
        Row{&Scratch::x, hidden * valueBytes},
        Row{&Scratch::y, std::max({4 * state, 3 * inner, hidden}) * valueBytes},  // i, f, g and h; u, v and silu(u) * v
        Row{&Scratch::codes,
            std::max({3 * padded(config.hiddenSize), padded(config.stateSize()), padded(config.intermediateSize)})},
        Row{&Scratch::rescales, 3 * sizeof(FixedRescale)},
        Row{&Scratch::sums, 3 * sizeof(std::int32_t)},
    };
    std::size_t bytesPerToken = 0;
    for (const Row& row : rows) bytesPerToken += row.bytesPerToken;
    chunk_ = static_cast<std::uint32_t>(
        std::clamp<std::size_t>((packing_ == Packing::Dense ? denseScratchBytes : scratchBytes) / bytesPerToken, 1,
                                device_->physical().info.software ? mostTokensOfSoftware : mostFixedTokens));
    headTokens_ = std::min(chunk_, mostHeadTokens);
    for (const Row& row : rows) {
        TERNION_TRY(scratch_.*row.buffer, device_->allocate(chunk_ * row.bytesPerToken, MemoryKind::Device));
    }
    TERNION_TRY(scratch_.input, device_->allocate(chunk_ * hidden * valueBytes, MemoryKind::Upload));
    const std::size_t logits = headTokens_ * sizeOf(config.vocabSize) * valueBytes;
    TERNION_TRY(scratch_.logits, device_->allocate(logits, MemoryKind::Device));
    TERNION_TRY(scratch_.readback, device_->allocate(logits, MemoryKind::Readback));
    return {};
}

Result<std::unique_ptr<DeviceState>> VulkanFixedModel::createState() {
    TERNION_TRY(auto state, VulkanFixedState::create(device_, model_->config));
    return std::unique_ptr<DeviceState>(std::move(state));
}

MemoryUse VulkanFixedModel::memory() const {
    MemoryUse use;
    use.weights = use.perToken = weights_.memory.bytes();
    use.state = sizeOf(model_->config.numLayers) * sizeOf(model_->config.stateSize()) * valueBytes;
    for (const Buffer* buffer :
         {&scratch_.x, &scratch_.y, &scratch_.codes, &scratch_.rescales, &scratch_.sums, &scratch_.logits})
        use.scratch += buffer->size;
    use.trace = scratch_.edits.size;
    const std::uint64_t logits = scratch_.logits.size;
    if (scratch_.readback.size > logits) use.trace += scratch_.readback.size - logits;
    return use;
}

// ---- Recording ------------------------------------------------------------------------------------------------------------

FixedQuantisePush VulkanFixedModel::quantisePush(VkDeviceAddress x, const fixed::Norm& norm, VkDeviceAddress weight,
                                                 std::initializer_list<const fixed::Linear*> linears, const DeviceBitLinear& on,
                                                 std::uint32_t tokens) const {
    FixedQuantisePush push{x,
                           0,
                           weight,
                           on.norms,
                           scratch_.codes.address,
                           scratch_.rescales.address,
                           scratch_.sums.address,
                           weights_.sigmoid,
                           scratch_.edits.address,
                           {},
                           on.columns,
                           tokens,
                           {norm.epsilon.constant, norm.epsilon.factor, norm.epsilon.shift},
                           {}};
    std::transform(linears.begin(), linears.end(), push.scales.begin(), [](const fixed::Linear* linear) {
        return FixedQuantisePush::Scale{linear->scale.mantissa, linear->scale.exponent};
    });
    return push;
}

BitLinearPush VulkanFixedModel::productPush(const DeviceBitLinear& linear, const Buffer& y, std::uint32_t tokens) const {
    return {linear.weights,
            scratch_.codes.address,
            scratch_.rescales.address,
            scratch_.sums.address,
            y.address,
            {},
            linear.rows,
            linear.columns,
            tokens};
}

void VulkanFixedModel::keep(Commands& commands, const Watch& watch, TraceRequest::Item item, const Buffer& buffer,
                            VkDeviceSize offset) const {
    for (const Traced& traced : watch.plan.traced)
        if (traced.item == item) commands.copy(buffer, offset, scratch_.readback, traced.offset, traced.size);
}

void VulkanFixedModel::see(Commands& commands, const Watch& watch, TraceRequest::Item item, const Buffer& buffer,
                           VkDeviceSize offset, std::uint32_t tokens) const {
    if (const EditRange range = watch.edits.of(item); !range.empty())
        kernels_.edit(commands, buffer.address + offset, scratch_.edits.address, range,
                      static_cast<std::uint32_t>(widthOf(item.tensor, model_->config)), tokens, fixed::fractionOf(item.tensor));
    keep(commands, watch, item, buffer, offset);
}

/// A mixer's last product and the residual connection.
void VulkanFixedModel::recordAddition(Commands& commands, TraceRequest::Item item, const DeviceBitLinear& linear,
                                      std::uint32_t tokens, const Watch& watch) const {
    const Scratch& s = scratch_;
    if (!watch.sees(item))
        return kernels_.bitLinear(commands, productPush(linear, s.x, tokens), 1, ProductResult::AddToResidual);
    kernels_.bitLinear(commands, productPush(linear, s.y, tokens), 1, ProductResult::Store);
    see(commands, watch, item, s.y, 0, tokens);
    kernels_.add(commands, s.x.address, s.y.address, linear.rows, tokens);
}

void VulkanFixedModel::recordLayer(Commands& commands, int layer, const VulkanFixedState& state, std::uint32_t tokens,
                                   const Watch& watch) const {
    const DeviceLayer& on = weights_.layers[sizeOf(layer)];
    const fixed::LayerWeights& w = numbers_.layers[sizeOf(layer)];
    const Scratch& s = scratch_;
    const std::uint32_t width = on.ifg.rows;
    const VkDeviceSize gates = VkDeviceSize{tokens} * width * valueBytes;
    const auto seen = [&](TraceTensor tensor, const Buffer& buffer, VkDeviceSize offset) {
        see(commands, watch, {tensor, layer}, buffer, offset, tokens);
    };
    const auto kept = [&](TraceTensor tensor, VkDeviceSize offset) { keep(commands, watch, {tensor, layer}, s.y, offset); };
    const auto edits = [&](TraceTensor tensor) { return watch.edits.of({tensor, layer}); };

    seen(TraceTensor::Residual, s.x, 0);
    kernels_.normQuantiseThree(commands,
                               quantisePush(s.x.address, w.attention, on.attnNorm, {&w.i, &w.f, &w.g}, on.ifg, tokens));
    kernels_.bitLinear(commands, productPush(on.ifg, s.y, tokens), 3, ProductResult::Store);
    seen(TraceTensor::CandidateProjection, s.y, 0);
    seen(TraceTensor::ForgetProjection, s.y, gates);
    seen(TraceTensor::OutputGate, s.y, 2 * gates);
    kernels_.mlgru(commands,
                   {s.y.address, s.y.address + gates, on.lowerBound, state.h_.address + sizeOf(layer) * width * valueBytes,
                    s.y.address + 3 * gates, weights_.sigmoid, s.edits.address, edits(TraceTensor::ForgetGate),
                    edits(TraceTensor::Candidate), edits(TraceTensor::State), width, tokens, on.lowerBound != 0 ? 1U : 0U});
    kept(TraceTensor::Candidate, 0);
    kept(TraceTensor::ForgetGate, gates);
    kept(TraceTensor::State, 3 * gates);
    FixedQuantisePush gate = quantisePush(s.y.address + 2 * gates, w.output, on.gNorm, {&w.o}, on.o, tokens);
    gate.state = s.y.address + 3 * gates;
    kernels_.gateQuantise(commands, gate);
    recordAddition(commands, {TraceTensor::TokenMixer, layer}, on.o, tokens, watch);

    seen(TraceTensor::MidResidual, s.x, 0);
    kernels_.normQuantise(commands, quantisePush(s.x.address, w.mlp, on.mlpNorm, {&w.gate}, on.gate, tokens));
    kernels_.bitLinear(commands, productPush(on.gate, s.y, tokens), 1, ProductResult::Store);
    seen(TraceTensor::GluProjection, s.y, 0);
    FixedQuantisePush down = quantisePush(s.y.address, w.glu, 0, {&w.down}, on.down, tokens);
    down.edit = edits(TraceTensor::Glu);
    kernels_.gluQuantise(commands, down);
    kept(TraceTensor::Glu, VkDeviceSize{tokens} * on.gate.rows * valueBytes);
    recordAddition(commands, {TraceTensor::ChannelMixer, layer}, on.down, tokens, watch);
    seen(TraceTensor::LayerOutput, s.x, 0);
}

void VulkanFixedModel::recordHead(Commands& commands, std::uint32_t first, std::uint32_t tokens) const {
    const std::uint32_t columns = weights_.head.columns, rows = weights_.head.rows;
    for (std::uint32_t done = 0; done < tokens; done += headTokens_) {
        const std::uint32_t count = std::min(headTokens_, tokens - done);
        const VkDeviceAddress x = scratch_.x.address + VkDeviceSize{first + done} * columns * valueBytes;
        kernels_.normQuantise(commands, quantisePush(x, numbers_.final, weights_.norm, {&numbers_.head}, weights_.head, count));
        kernels_.bitLinear(commands, productPush(weights_.head, scratch_.logits, count), 1, ProductResult::Store);
        commands.copy(scratch_.logits, 0, scratch_.readback, VkDeviceSize{done} * rows * valueBytes,
                      VkDeviceSize{count} * rows * valueBytes);
    }
}

void VulkanFixedModel::recordPass(Commands& commands, const VulkanFixedState& state, std::uint32_t tokens,
                                  const Watch& watch) const {
    const Scratch& s = scratch_;
    const int layers = model_->config.numLayers;
    commands.copy(s.input, 0, s.x, 0, VkDeviceSize{tokens} * sizeOf(model_->config.hiddenSize) * valueBytes);
    for (int layer = 0; layer < layers; ++layer) {
        commands.setLayer(layer);
        recordLayer(commands, layer, state, tokens, watch);
    }
    commands.setLayer(-1);
    keep(commands, watch, {TraceTensor::Residual, layers}, s.x, 0);  // the host norms it
    recordHead(commands, tokens - watch.plan.logits, watch.plan.logits);
}

// ---- Passes ---------------------------------------------------------------------------------------------------------------

Status VulkanFixedModel::makeRoomToRead(const ReadbackPlan& plan) {
    if (plan.bytes <= scratch_.readback.size) return {};
    TERNION_TRY(scratch_.readback, device_->allocate(plan.bytes, MemoryKind::Readback));
    ++readbackMade_;
    return {};
}

void VulkanFixedModel::put(std::span<const float> values) const {
    toFixed(values, scratch_.input.as<std::int32_t>(), fixed::valueFraction);
}

void VulkanFixedModel::embed(std::span<const TokenId> tokens) const {
    std::vector<float> row(sizeOf(model_->config.hiddenSize));
    auto out = scratch_.input.as<std::int32_t>();
    for (const TokenId token : tokens) {
        model_->embeddings.row(token, row);
        toFixed(row, out, fixed::valueFraction);
        out = out.subspan(row.size());
    }
}

void VulkanFixedModel::appendLogits(std::uint32_t rows, std::vector<float>& logits) const {
    const std::size_t count = std::size_t{rows} * weights_.head.rows;
    logits.resize(logits.size() + count);
    toFloats(scratch_.readback.as<const std::int32_t>().first(count), fixed::valueFraction,
             logits.end() - static_cast<std::ptrdiff_t>(count));
}

void VulkanFixedModel::readTraced(const ReadbackPlan& plan, int first, std::uint32_t tokens, Trace& trace) const {
    std::vector<float> values;
    for (const Traced& traced : plan.traced) {
        const auto read = scratch_.readback.as<std::int32_t>().subspan(traced.offset / valueBytes, traced.size / valueBytes);
        if (traced.item == TraceRequest::Item{TraceTensor::Residual, model_->config.numLayers}) {
            const std::size_t width = read.size() / tokens;
            for (std::size_t at = 0; at < read.size(); at += width)
                fixed::finalNorm(read.subspan(at, width), *model_, read.subspan(at, width));
        }
        values.resize(read.size());
        toFloats(read, fixed::fractionOf(traced.item.tensor), values.begin());
        trace.put(traced.item, first, static_cast<int>(tokens), values.data());
    }
}

Status VulkanFixedModel::decodeStep(TokenId token, VulkanFixedState& state, ForwardOutput& output) {
    embed({&token, 1});
    if (!state.decode_ || state.decodeReadback_ != readbackMade_) {
        TERNION_TRY(state.decode_, device_->commands());
        TERNION_CHECK(state.decode_->begin());
        recordPass(*state.decode_, state, 1, {ReadbackPlan::of(1, {}, model_->config), {}});
        TERNION_CHECK(state.decode_->end());
        state.decodeReadback_ = readbackMade_;
    }
    TERNION_CHECK(device_->run(*state.decode_));
    ++state.position_;
    appendLogits(1, output.logits);
    return {};
}

Result<ForwardOutput> VulkanFixedModel::forward(std::span<const TokenId> tokens, DeviceState& deviceState,
                                                const ForwardOptions& options) {
    const ModelConfig& config = model_->config;
    TERNION_CHECK(checkTokens(tokens, config));
    TERNION_CHECK(checkIntervention(options.intervention, config));
    auto& state = static_cast<VulkanFixedState&>(deviceState);
    ForwardOutput output;
    TERNION_TRY(output.trace, Trace::create(options.trace, config, static_cast<int>(tokens.size())));
    const bool watched = !options.trace.items.empty() || !options.intervention.empty();
    if (tokens.size() == 1 && options.logits == LogitsWanted::Last && !watched) {
        if (options.stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
        TERNION_CHECK(decodeStep(tokens.front(), state, output));
        return output;
    }
    TERNION_TRY(const auto edits, EditRanges::upload(*device_, options.intervention, config, scratch_.edits));
    for (std::size_t first = 0; first < tokens.size(); first += chunk_) {
        if (options.stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
        const auto here = tokens.subspan(first, std::min<std::size_t>(chunk_, tokens.size() - first));
        const auto count = static_cast<std::uint32_t>(here.size());
        ForwardOptions part = options;
        if (options.logits == LogitsWanted::Last && first + count < tokens.size()) part.logits = LogitsWanted::None;
        const ReadbackPlan plan = ReadbackPlan::of(count, part, config);
        TERNION_CHECK(makeRoomToRead(plan));
        embed(here);
        TERNION_TRY(auto commands, device_->commands());
        TERNION_CHECK(commands.begin());
        recordPass(commands, state, count, {plan, edits});
        TERNION_CHECK(commands.end());
        TERNION_CHECK(device_->run(commands));
        state.position_ += count;
        appendLogits(plan.logits, output.logits);
        readTraced(plan, static_cast<int>(first), count, output.trace);
    }
    return output;
}

Result<PassTimes> VulkanFixedModel::timeKernels(int tokens) {
    const int count = std::clamp(tokens, 1, static_cast<int>(chunk_));
    TERNION_TRY(const auto state, createState());
    embed(std::vector<TokenId>(sizeOf(count), 0));
    constexpr std::uint32_t ofALayer = 9, ofTheHead = 2;
    TERNION_TRY(auto commands,
                device_->timedCommands(static_cast<std::uint32_t>(weights_.layers.size()) * ofALayer + ofTheHead));
    TERNION_CHECK(commands.begin());
    const auto timed = static_cast<std::uint32_t>(count);
    recordPass(commands, static_cast<const VulkanFixedState&>(*state), timed,
               {ReadbackPlan::of(timed, {}, model_->config), {}});
    TERNION_CHECK(commands.end());
    TERNION_CHECK(device_->run(commands));
    PassTimes times{count, {}};
    TERNION_TRY(times.kernels, device_->times(commands));
    return times;
}

// ---- Parts ----------------------------------------------------------------------------------------------------------------

Result<std::vector<float>> VulkanFixedModel::readOut(std::span<const float> x, const std::stop_token& stop) {
    TERNION_CHECK(checkLayerInput(0, x.size(), model_->config));
    const std::size_t hidden = sizeOf(model_->config.hiddenSize);
    std::vector<float> logits;
    logits.reserve(x.size() / hidden * weights_.head.rows);
    while (!x.empty()) {
        if (stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
        const auto part = x.first(std::min(x.size(), headTokens_ * hidden));
        const auto tokens = static_cast<std::uint32_t>(part.size() / hidden);
        put(part);
        TERNION_TRY(auto commands, device_->commands());
        TERNION_CHECK(commands.begin());
        commands.copy(scratch_.input, 0, scratch_.x, 0, part.size() * valueBytes);
        recordHead(commands, 0, tokens);
        TERNION_CHECK(commands.end());
        TERNION_CHECK(device_->run(commands));
        appendLogits(tokens, logits);
        x = x.subspan(part.size());
    }
    return logits;
}

Result<std::vector<float>> VulkanFixedModel::forwardLayer(int layer, std::span<const float> x, DeviceState& state) {
    TERNION_CHECK(checkLayerInput(layer, x.size(), model_->config));
    const std::size_t hidden = sizeOf(model_->config.hiddenSize);
    std::vector<float> result;
    result.reserve(x.size());
    while (!x.empty()) {
        const auto part = x.first(std::min(x.size(), chunk_ * hidden));
        put(part);
        TERNION_TRY(const auto out, device_->allocate(part.size() * valueBytes, MemoryKind::Readback));
        TERNION_TRY(auto commands, device_->commands());
        TERNION_CHECK(commands.begin());
        commands.copy(scratch_.input, 0, scratch_.x, 0, part.size() * valueBytes);
        recordLayer(commands, layer, static_cast<const VulkanFixedState&>(state),
                    static_cast<std::uint32_t>(part.size() / hidden), {{}, {}});
        commands.copy(scratch_.x, 0, out, 0, part.size() * valueBytes);
        TERNION_CHECK(commands.end());
        TERNION_CHECK(device_->run(commands));
        toFloats(out.as<const std::int32_t>().first(part.size()), fixed::valueFraction, std::back_inserter(result));
        x = x.subspan(part.size());
    }
    return result;
}

Result<BitLinearOutput> VulkanFixedModel::bitLinear(const BitLinear& linear, std::span<const float> x) {
    TERNION_CHECK(checkBitLinearInput(linear, x.size()));
    const auto columns = sizeOf(linear.weight.cols()), rows = sizeOf(linear.weight.rows());
    const auto padded = sizeOf(codeColumns(linear.weight.cols()));
    const std::size_t tokens = x.size() / columns;
    // The matrix need not be the model's, so neither its weights nor what it works in are there yet.
    fixed::Norm norm;
    const fixed::Linear alone = fixed::linearAlone(linear, norm);
    TERNION_TRY(auto memory, WeightMemory::create(*device_, linear.weight.packed().size() + columns * valueBytes));
    TERNION_TRY(const auto weights, putBitLinears(memory, packing_, {&alone}));
    TERNION_CHECK(memory.flush());

    const std::size_t outBytes = tokens * rows * valueBytes;
    TERNION_TRY(const auto input, device_->allocate(x.size() * valueBytes, MemoryKind::Upload));
    TERNION_TRY(const auto codes, device_->allocate(tokens * padded, MemoryKind::Readback));
    TERNION_TRY(const auto rescales, device_->allocate(tokens * sizeof(FixedRescale), MemoryKind::Readback));
    TERNION_TRY(const auto sums, device_->allocate(tokens * valueBytes, MemoryKind::Readback));
    TERNION_TRY(const auto accumulators, device_->allocate(outBytes, MemoryKind::Readback));
    TERNION_TRY(const auto y, device_->allocate(outBytes, MemoryKind::Readback));
    toFixed(x, input.as<std::int32_t>(), fixed::valueFraction);

    const auto count = static_cast<std::uint32_t>(tokens);
    TERNION_TRY(auto commands, device_->commands());
    TERNION_CHECK(commands.begin());
    FixedQuantisePush front = quantisePush(input.address, norm, 0, {&alone}, weights, count);
    front.codes = codes.address;
    front.rescales = rescales.address;
    front.sums = sums.address;
    kernels_.plainQuantise(commands, front);
    for (const auto& [out, result] :
         {std::pair{&accumulators, ProductResult::Accumulators}, std::pair{&y, ProductResult::Store}})
        kernels_.bitLinear(commands,
                           {weights.weights,
                            codes.address,
                            rescales.address,
                            sums.address,
                            out->address,
                            {},
                            weights.rows,
                            weights.columns,
                            count},
                           1, result);
    TERNION_CHECK(commands.end());
    TERNION_CHECK(device_->run(commands));

    BitLinearOutput output;
    output.codes.resize(tokens * columns);
    output.steps.resize(tokens);
    output.y.resize(tokens * rows);
    for (std::size_t token = 0; token < tokens; ++token) {
        std::memcpy(output.codes.data() + token * columns, codes.mapped + token * padded, columns);
        const FixedRescale& scale = rescales.as<const FixedRescale>()[token];
        output.steps[token] =
            static_cast<float>(std::ldexp(scale.multiplier, -scale.shift - fixed::valueFraction) / linear.weight.gamma());
    }
    const auto sumsOfProducts = accumulators.as<const std::int32_t>().first(tokens * rows);
    output.accumulators.assign(sumsOfProducts.begin(), sumsOfProducts.end());
    toFloats(y.as<const std::int32_t>().first(tokens * rows), fixed::valueFraction, output.y.begin());
    return output;
}

}  // namespace ternion::vulkan
