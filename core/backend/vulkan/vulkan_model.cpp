#include "backend/vulkan/vulkan_model.h"

#include <algorithm>
#include <cstring>
#include <future>
#include <utility>

#include "backend/input_checks.h"
#include "backend/vulkan/pass_limits.h"
#include "model/dense_trits.h"

namespace ternion::vulkan {
namespace {

// Tokens a submission, at most: stopping waits for one, and a processor takes its time.
std::size_t mostTokens(const PhysicalDevice& device) { return device.info.software ? 16 : device.matrix ? 2048 : 128; }
// ... and a multiple of this where there are so many: no tile of the kernels is then left partly empty.
constexpr std::size_t tokenGrain = 128;
// Threads, at most, that gather a pass' embeddings while its commands are recorded: rows at random, each a wait for memory.
constexpr std::size_t gatherers = 4;

/// Lies in memory between any two steps.
bool isStream(TraceTensor tensor) {
    return tensor == TraceTensor::Residual || tensor == TraceTensor::MidResidual || tensor == TraceTensor::LayerOutput;
}
/// The gates' kernel leaves it in memory where it is told to.
bool isGate(TraceTensor tensor) {
    return tensor == TraceTensor::OutputGate || tensor == TraceTensor::ForgetGate || tensor == TraceTensor::Candidate ||
           tensor == TraceTensor::State;
}

}  // namespace

Result<std::unique_ptr<VulkanState>> VulkanState::create(std::shared_ptr<Device> device, const ModelConfig& config) {
    std::unique_ptr<VulkanState> state(new VulkanState(std::move(device)));
    state->floats_ = sizeOf(config.numLayers) * sizeOf(config.stateSize());
    const VkDeviceSize bytes = state->floats_ * sizeof(float);
    TERNION_TRY(state->h_, state->device_->allocate(bytes, MemoryKind::Device));
    TERNION_TRY(state->before_, state->device_->allocate(bytes, MemoryKind::Device));
    TERNION_TRY(state->upload_, state->device_->allocate(bytes, MemoryKind::Upload));
    TERNION_TRY(state->readback_, state->device_->allocate(bytes, MemoryKind::Readback));
    TERNION_CHECK(state->reset());
    return state;
}

Status VulkanState::transfer(const Buffer& from, const Buffer& to) const {
    TERNION_TRY(auto commands, device_->commands());
    TERNION_CHECK(commands.begin());
    commands.copy(from, 0, to, 0, floats_ * sizeof(float));
    TERNION_CHECK(commands.end());
    return device_->run(commands);
}

Status VulkanState::reset() { return restore({std::vector<float>(floats_), 0}); }

Result<StateSnapshot> VulkanState::snapshot() const {
    TERNION_CHECK(transfer(h_, readback_));
    const auto values = readback_.as<const float>().first(floats_);
    return StateSnapshot{{values.begin(), values.end()}, position_};
}

Status VulkanState::restore(const StateSnapshot& snapshot) {
    TERNION_CHECK(checkSnapshot(snapshot, floats_));
    std::copy(snapshot.h.begin(), snapshot.h.end(), upload_.as<float>().begin());
    TERNION_CHECK(transfer(upload_, h_));
    position_ = snapshot.position;
    positionBefore_ = -1;
    return {};
}

Status VulkanState::rewind() {
    if (positionBefore_ < 0) return Error{ErrorCode::Unsupported, "there is no earlier state to go back to", {}};
    TERNION_CHECK(transfer(before_, h_));
    position_ = std::exchange(positionBefore_, -1);
    return {};
}

Result<std::unique_ptr<DeviceModel>> VulkanModel::load(std::shared_ptr<Device> device, std::shared_ptr<const Model> model,
                                                       Packing packing, const Progress& progress) {
    const ProductTuning tuning = productTuning(*device, packing);  // while there is memory
    TERNION_TRY(auto weights, DeviceWeights::upload(*device, *model, packing, progress));
    TERNION_TRY(auto kernels, Kernels::create(*device, packing, tuning));
    std::unique_ptr<VulkanModel> loaded(
        new VulkanModel(std::move(device), std::move(model), packing, std::move(weights), std::move(kernels)));
    TERNION_TRY(loaded->persistent_, PersistentDecode::create(*loaded->device_, *loaded->model_, loaded->weights_, packing));
    TERNION_CHECK(loaded->allocateScratch());
    return std::unique_ptr<DeviceModel>(std::move(loaded));
}

Status VulkanModel::allocateScratch() {
    const ModelConfig& config = model_->config;
    const std::size_t hidden = sizeOf(config.hiddenSize), state = sizeOf(config.stateSize()),
                      glu = sizeOf(config.intermediateSize);
    const auto padded = [](int columns) { return sizeOf(codeColumns(columns)); };

    struct Row {
        Buffer Scratch::*buffer;
        std::size_t bytesPerToken;
    };
    const std::size_t inner = kernels_.fuses() ? glu : 2 * glu;  // few tokens, which are not fused, find room enough
    const std::array rows{
        Row{&Scratch::x, hidden * sizeof(float)},
        Row{&Scratch::y, std::max(3 * state, inner) * sizeof(float)},  // i, f and g, and h in f's place; then the GLU
        Row{&Scratch::codes,
            std::max({3 * padded(config.hiddenSize), padded(config.stateSize()), padded(config.intermediateSize)})},
        Row{&Scratch::steps, 3 * sizeof(float)},
        Row{&Scratch::sums, 3 * sizeof(std::int32_t)},
    };
    std::size_t bytesPerToken = 0;
    for (const Row& row : rows) bytesPerToken += row.bytesPerToken;
    std::size_t tokens = std::clamp<std::size_t>(
        (packing_ == Packing::Dense ? denseScratchBytes : scratchBytes) / bytesPerToken, 1, mostTokens(device_->physical()));
    if (tokens > tokenGrain) tokens = tokens / tokenGrain * tokenGrain;
    chunk_ = static_cast<std::uint32_t>(tokens);
    headTokens_ = std::min(chunk_, mostHeadTokens);
    // A trace keeps f, so that h needs a place of its own, and so does a GLU's product beside u and v.
    const std::size_t watched = std::max(4 * state, 3 * glu);
    watchedChunk_ =
        static_cast<std::uint32_t>(std::clamp<std::size_t>(tokens * std::max(3 * state, inner) / watched, 1, tokens));

    for (const Row& row : rows) {
        // At least a token of which everything is seen, or as many as are not fused.
        const std::size_t least =
            row.buffer == &Scratch::y ? std::max(watched, kernels_.fuses() ? 2 * glu * Kernels::fewestForMatrix : 0) : 0;
        TERNION_TRY(scratch_.*row.buffer,
                    device_->allocate(std::max(chunk_ * row.bytesPerToken, least * sizeof(float)), MemoryKind::Device));
    }
    for (Buffer& input : scratch_.input) {
        TERNION_TRY(input, device_->allocate(chunk_ * hidden * sizeof(float), MemoryKind::Upload));
    }
    const std::size_t logits = headTokens_ * sizeOf(config.vocabSize) * sizeof(float);
    TERNION_TRY(scratch_.logits, device_->allocate(logits, MemoryKind::Device));
    TERNION_TRY(scratch_.readback, device_->allocate(logits, MemoryKind::Readback));
    return {};
}

Result<std::unique_ptr<DeviceState>> VulkanModel::createState() {
    TERNION_TRY(auto state, VulkanState::create(device_, model_->config));
    return std::unique_ptr<DeviceState>(std::move(state));
}

MemoryUse VulkanModel::memory() const {
    MemoryUse use;
    use.weights = use.perToken = weights_.memory.bytes();
    use.state = 2 * sizeOf(model_->config.numLayers) * sizeOf(model_->config.stateSize()) * sizeof(float);
    for (const Buffer* buffer : {&scratch_.x, &scratch_.y, &scratch_.codes, &scratch_.steps, &scratch_.sums, &scratch_.logits})
        use.scratch += buffer->size;
    if (persistent_) use.scratch += persistent_->deviceBytes();
    use.trace = scratch_.edits.size;
    const std::uint64_t logits = scratch_.logits.size;
    if (scratch_.readback.size > logits) use.trace += scratch_.readback.size - logits;
    return use;
}

void VulkanModel::embed(std::span<const TokenId> tokens, std::span<float> rows) const {
    const std::size_t hidden = sizeOf(model_->config.hiddenSize);
    for (const TokenId token : tokens) {
        model_->embeddings.row(token, rows.first(hidden));
        rows = rows.subspan(hidden);
    }
}

QuantisePush VulkanModel::quantisePush(const Buffer& x, VkDeviceAddress weight, const DeviceBitLinear& linear,
                                       std::uint32_t tokens) const {
    return {x.address,
            0,
            weight,
            0,
            linear.norms,
            scratch_.codes.address,
            scratch_.steps.address,
            scratch_.sums.address,
            linear.columns,
            tokens,
            model_->config.rmsNormEps};
}

BitLinearPush VulkanModel::productPush(const DeviceBitLinear& linear, const Buffer& y, std::uint32_t tokens) const {
    return {linear.weights,
            scratch_.codes.address,
            scratch_.steps.address,
            scratch_.sums.address,
            y.address,
            linear.gamma,
            linear.rows,
            linear.columns,
            tokens};
}

void VulkanModel::recordRecurrence(Commands& commands, std::size_t index, const VulkanState& state, std::uint32_t tokens,
                                   bool keepGates) const {
    const DeviceLayer& layer = weights_.layers[index];
    const Scratch& s = scratch_;
    const std::uint32_t width = layer.ifg.rows;
    const std::uint32_t bounded = layer.lowerBound != 0 ? 1 : 0;
    const bool fused = kernels_.fuses(tokens);
    BitLinearPush product = productPush(layer.ifg, s.y, tokens);
    product.bounded = bounded;
    product.lowerBound = layer.lowerBound;
    kernels_.normQuantiseThree(commands, quantisePush(s.x, layer.attnNorm, layer.ifg, tokens));
    kernels_.bitLinear(commands, product, 3, fused ? ProductResult::Gates : ProductResult::Store);
    const VkDeviceSize gateBytes = VkDeviceSize{tokens} * width * sizeof(float);
    kernels_.mlgru(commands,
                   {s.y.address, s.y.address + gateBytes, layer.lowerBound, state.h_.address + index * width * sizeof(float),
                    s.y.address + (keepGates ? 3 : 1) * gateBytes, width, tokens, bounded},
                   fused, keepGates);
}

void VulkanModel::recordOutputGate(Commands& commands, std::size_t index, std::uint32_t tokens, bool keptGates) const {
    const DeviceLayer& layer = weights_.layers[index];
    const Scratch& s = scratch_;
    const VkDeviceSize gateBytes = VkDeviceSize{tokens} * layer.ifg.rows * sizeof(float);
    QuantisePush gate = quantisePush(s.y, layer.gNorm, layer.o, tokens);
    gate.x += 2 * gateBytes;
    gate.state = s.y.address + (keptGates ? 3 : 1) * gateBytes;
    kernels_.gateQuantise(commands, gate);
    kernels_.bitLinear(commands, productPush(layer.o, s.x, tokens), 1, ProductResult::AddToResidual);
}

void VulkanModel::recordChannelMixer(Commands& commands, std::size_t index, std::uint32_t tokens) const {
    const DeviceLayer& layer = weights_.layers[index];
    const Scratch& s = scratch_;
    const bool fused = kernels_.fuses(tokens);
    kernels_.normQuantise(commands, quantisePush(s.x, layer.mlpNorm, layer.gate, tokens));
    kernels_.bitLinear(commands, productPush(layer.gate, s.y, tokens), 1, fused ? ProductResult::Glu : ProductResult::Store);
    const QuantisePush down = quantisePush(s.y, 0, layer.down, tokens);
    fused ? kernels_.plainQuantise(commands, down) : kernels_.gluQuantise(commands, down);
    kernels_.bitLinear(commands, productPush(layer.down, s.x, tokens), 1, ProductResult::AddToResidual);
}

void VulkanModel::recordHead(Commands& commands, std::uint32_t first, std::uint32_t tokens) const {
    const std::uint32_t columns = weights_.head.columns, rows = weights_.head.rows;
    for (std::uint32_t done = 0; done < tokens; done += headTokens_) {
        const std::uint32_t count = std::min(headTokens_, tokens - done);
        QuantisePush front = quantisePush(scratch_.x, weights_.norm, weights_.head, count);
        front.x += VkDeviceSize{first + done} * columns * sizeof(float);
        kernels_.normQuantise(commands, front);
        kernels_.bitLinear(commands, productPush(weights_.head, scratch_.logits, count), 1, ProductResult::Store);
        commands.copy(scratch_.logits, 0, scratch_.readback, VkDeviceSize{done} * rows * sizeof(float),
                      VkDeviceSize{count} * rows * sizeof(float));
    }
}

void VulkanModel::keep(Commands& commands, const Watch& watch, TraceRequest::Item item, Seen seen) const {
    for (const Traced& traced : watch.plan.traced)
        if (traced.item == item) commands.copy(seen.buffer, seen.offset, scratch_.readback, traced.offset, traced.size);
}

void VulkanModel::see(Commands& commands, const Watch& watch, TraceRequest::Item item, Seen seen, std::uint32_t tokens) const {
    if (const EditRange range = watch.edits.of(item); !range.empty())
        kernels_.edit(commands, seen.buffer.address + seen.offset, scratch_.edits.address, range,
                      static_cast<std::uint32_t>(widthOf(item.tensor, model_->config)), tokens);
    keep(commands, watch, item, seen);
}

/// Whether something of the layer is asked for that its usual kernels never write to memory, or cannot be edited there.
bool VulkanModel::takesApart(const Watch& watch, int layer) const {
    for (const Traced& traced : watch.plan.traced)
        if (traced.item.layer == layer && !isStream(traced.item.tensor) && !isGate(traced.item.tensor)) return true;
    for (int k = 0; k < traceTensors; ++k) {
        const auto tensor = static_cast<TraceTensor>(k);
        if (const EditRange range = watch.edits.of({tensor, layer}); !isStream(tensor) && !range.empty()) return true;
    }
    return false;
}

void VulkanModel::recordMixers(Commands& commands, int layer, const VulkanState& state, std::uint32_t tokens,
                               const Watch& watch) const {
    const Buffer& y = scratch_.y;
    const auto index = sizeOf(layer);
    const bool gates = std::any_of(watch.plan.traced.begin(), watch.plan.traced.end(), [&](const Traced& traced) {
        return traced.item.layer == layer && isGate(traced.item.tensor);
    });
    recordRecurrence(commands, index, state, tokens, gates);
    const VkDeviceSize gateBytes = VkDeviceSize{tokens} * weights_.layers[index].ifg.rows * sizeof(float);
    keep(commands, watch, {TraceTensor::Candidate, layer}, {y, 0});
    keep(commands, watch, {TraceTensor::ForgetGate, layer}, {y, gateBytes});
    keep(commands, watch, {TraceTensor::OutputGate, layer}, {y, 2 * gateBytes});
    keep(commands, watch, {TraceTensor::State, layer}, {y, 3 * gateBytes});
    recordOutputGate(commands, index, tokens, gates);
    see(commands, watch, {TraceTensor::MidResidual, layer}, {scratch_.x}, tokens);
    recordChannelMixer(commands, index, tokens);
}

/// The same with every intermediate written to memory before the next is made of it.
void VulkanModel::recordMixersApart(Commands& commands, int layer, const VulkanState& state, std::uint32_t tokens,
                                    const Watch& watch) const {
    const DeviceLayer& weights = weights_.layers[sizeOf(layer)];
    const Scratch& s = scratch_;
    const std::uint32_t width = weights.ifg.rows, hidden = weights.o.rows, glu = weights.down.columns;
    const VkDeviceSize gateBytes = VkDeviceSize{tokens} * width * sizeof(float);
    kernels_.normQuantiseThree(commands, quantisePush(s.x, weights.attnNorm, weights.ifg, tokens));
    kernels_.bitLinear(commands, productPush(weights.ifg, s.y, tokens), 3, ProductResult::Store);
    see(commands, watch, {TraceTensor::CandidateProjection, layer}, {s.y, 0}, tokens);
    see(commands, watch, {TraceTensor::ForgetProjection, layer}, {s.y, gateBytes}, tokens);
    see(commands, watch, {TraceTensor::OutputGate, layer}, {s.y, 2 * gateBytes}, tokens);
    kernels_.editedMlgru(
        commands, {s.y.address, s.y.address + gateBytes, weights.lowerBound,
                   state.h_.address + sizeOf(layer) * width * sizeof(float), s.y.address + 3 * gateBytes, s.edits.address,
                   watch.edits.of({TraceTensor::ForgetGate, layer}), watch.edits.of({TraceTensor::Candidate, layer}),
                   watch.edits.of({TraceTensor::State, layer}), width, tokens, weights.lowerBound != 0 ? 1U : 0U});
    keep(commands, watch, {TraceTensor::Candidate, layer}, {s.y, 0});
    keep(commands, watch, {TraceTensor::ForgetGate, layer}, {s.y, gateBytes});
    keep(commands, watch, {TraceTensor::State, layer}, {s.y, 3 * gateBytes});

    QuantisePush gate = quantisePush(s.y, weights.gNorm, weights.o, tokens);
    gate.x += 2 * gateBytes;
    gate.state = s.y.address + 3 * gateBytes;
    kernels_.gateQuantise(commands, gate);
    kernels_.bitLinear(commands, productPush(weights.o, s.y, tokens), 1, ProductResult::Store);
    see(commands, watch, {TraceTensor::TokenMixer, layer}, {s.y}, tokens);
    kernels_.add(commands, s.x.address, s.y.address, hidden, tokens);
    see(commands, watch, {TraceTensor::MidResidual, layer}, {s.x}, tokens);

    const VkDeviceSize productAt = VkDeviceSize{tokens} * 2 * glu * sizeof(float);
    kernels_.normQuantise(commands, quantisePush(s.x, weights.mlpNorm, weights.gate, tokens));
    kernels_.bitLinear(commands, productPush(weights.gate, s.y, tokens), 1, ProductResult::Store);
    see(commands, watch, {TraceTensor::GluProjection, layer}, {s.y}, tokens);
    kernels_.glu(commands, s.y.address, s.y.address + productAt, glu, tokens);
    see(commands, watch, {TraceTensor::Glu, layer}, {s.y, productAt}, tokens);
    QuantisePush down = quantisePush(s.y, 0, weights.down, tokens);
    down.x += productAt;
    kernels_.plainQuantise(commands, down);
    kernels_.bitLinear(commands, productPush(weights.down, s.y, tokens), 1, ProductResult::Store);
    see(commands, watch, {TraceTensor::ChannelMixer, layer}, {s.y}, tokens);
    kernels_.add(commands, s.x.address, s.y.address, hidden, tokens);
}

void VulkanModel::recordPass(Commands& commands, const Buffer& input, const VulkanState& state, std::uint32_t tokens,
                             const Watch& watch) const {
    const Scratch& s = scratch_;
    const int layers = model_->config.numLayers;
    commands.copy(input, 0, s.x, 0, VkDeviceSize{tokens} * sizeOf(model_->config.hiddenSize) * sizeof(float));
    for (int layer = 0; layer < layers; ++layer) {
        commands.setLayer(layer);
        see(commands, watch, {TraceTensor::Residual, layer}, {s.x}, tokens);
        if (takesApart(watch, layer))
            recordMixersApart(commands, layer, state, tokens, watch);
        else
            recordMixers(commands, layer, state, tokens, watch);
        see(commands, watch, {TraceTensor::LayerOutput, layer}, {s.x}, tokens);
    }
    commands.setLayer(-1);
    const TraceRequest::Item normed{TraceTensor::Residual, layers};
    if (watch.plan.traces(normed)) {
        QuantisePush norm = quantisePush(s.x, weights_.norm, weights_.head, tokens);
        norm.values = s.y.address;
        norm.keepValues = 1;
        kernels_.normQuantise(commands, norm);
        keep(commands, watch, normed, {s.y});
    }
    recordHead(commands, tokens - watch.plan.logits, watch.plan.logits);
}

Status VulkanModel::makeRoomToRead(const ReadbackPlan& plan) {
    if (plan.bytes <= scratch_.readback.size) return {};
    TERNION_TRY(scratch_.readback, device_->allocate(plan.bytes, MemoryKind::Readback));
    ++readbackMade_;
    return {};
}

Status VulkanModel::finishChunk(const Chunk& chunk, VulkanState& state, ForwardOutput& output) {
    TERNION_CHECK(device_->wait());
    state.position_ += chunk.tokens;
    state.positionBefore_ = -1;
    const float* const values = scratch_.readback.as<const float>().data();
    output.logits.insert(output.logits.end(), values, values + std::size_t{chunk.plan.logits} * weights_.head.rows);
    for (const Traced& traced : chunk.plan.traced)
        output.trace.put(traced.item, chunk.first, static_cast<int>(chunk.tokens), values + traced.offset / sizeof(float));
    return {};
}

Result<DecodeOutput> VulkanModel::decode(const DecodeRequest& request, DeviceState& deviceState) {
    TERNION_CHECK(checkTokens({&request.first, 1}, model_->config));
    auto& state = static_cast<VulkanState&>(deviceState);
    if (!persistent_) return DeviceModel::decode(request, state);
    const bool draws = request.choice.draws();
    auto& commands = state.persistent_[draws ? 1 : 0];
    if (!commands) {
        TERNION_TRY(commands, persistent_->record(*device_, state.h_, state.before_, draws));
        if (draws) device_->keepPipelines();
    }
    TERNION_TRY(auto outcome, persistent_->run(*device_, *commands, request));
    if (outcome.gaveUp) {  // for good: the workgroups do not all run at once
        TERNION_CHECK(state.transfer(state.before_, state.h_));
        persistent_.reset();
        return DeviceModel::decode(request, state);
    }
    state.positionBefore_ = state.position_;
    state.position_ += 1 + static_cast<std::int64_t>(outcome.chosen.size());
    const auto logits = persistent_->logits();
    return DecodeOutput{std::move(outcome.chosen), {logits.begin(), logits.end()}};
}

Status VulkanModel::decodeStep(TokenId token, VulkanState& state, ForwardOutput& output) {
    const ReadbackPlan plan = ReadbackPlan::of(1, {}, model_->config);
    embed({&token, 1}, scratch_.input[0].as<float>());
    if (!state.decode_ || state.decodeReadback_ != readbackMade_) {
        TERNION_TRY(state.decode_, device_->commands());
        TERNION_CHECK(state.decode_->begin());
        recordPass(*state.decode_, scratch_.input[0], state, 1, {plan, {}});
        TERNION_CHECK(state.decode_->end());
        state.decodeReadback_ = readbackMade_;
    }
    TERNION_CHECK(device_->run(*state.decode_));
    ++state.position_;
    const auto logits = scratch_.readback.as<const float>().first(weights_.head.rows);
    output.logits.assign(logits.begin(), logits.end());
    return {};
}

Result<PassTimes> VulkanModel::timeKernels(int tokens) {
    const int count = std::clamp(tokens, 1, static_cast<int>(chunk_));
    const std::vector<TokenId> ids(sizeOf(count), 0);
    TERNION_TRY(const auto state, createState());
    const ReadbackPlan plan = ReadbackPlan::of(static_cast<std::uint32_t>(count), {}, model_->config);
    TERNION_CHECK(makeRoomToRead(plan));
    embed(ids, scratch_.input[0].as<float>());
    constexpr std::uint32_t ofALayer = 9, ofTheHead = 2;
    TERNION_TRY(auto commands,
                device_->timedCommands(static_cast<std::uint32_t>(weights_.layers.size()) * ofALayer + ofTheHead));
    TERNION_CHECK(commands.begin());
    recordPass(commands, scratch_.input[0], static_cast<const VulkanState&>(*state), static_cast<std::uint32_t>(count),
               {plan, {}});
    TERNION_CHECK(commands.end());
    TERNION_CHECK(device_->run(commands));
    PassTimes times{count, {}};
    TERNION_TRY(times.kernels, device_->times(commands));
    return times;
}

Result<ForwardOutput> VulkanModel::forward(std::span<const TokenId> tokens, DeviceState& deviceState,
                                           const ForwardOptions& options) {
    TERNION_CHECK(checkTokens(tokens, model_->config));
    auto& state = static_cast<VulkanState&>(deviceState);
    ForwardOutput output;
    TERNION_TRY(output.trace, Trace::create(options.trace, model_->config, static_cast<int>(tokens.size())));
    TERNION_CHECK(checkIntervention(options.intervention, model_->config));
    const bool watched = !options.trace.items.empty() || !options.intervention.empty();
    if (tokens.size() == 1 && options.logits == LogitsWanted::Last && !watched) {
        if (options.stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
        if (persistent_) {
            TERNION_TRY(auto decoded, decode({tokens.front()}, state));
            output.logits = std::move(decoded.logits);
            return output;
        }
        TERNION_CHECK(decodeStep(tokens.front(), state, output));
        return output;
    }
    // Equal parts. While the device works on one, the host gathers the next one's embeddings and records its commands.
    TERNION_TRY(const auto edits, EditRanges::upload(*device_, options.intervention, model_->config, scratch_.edits));
    const std::size_t most = watched ? watchedChunk_ : chunk_;
    const std::size_t parts = (tokens.size() + most - 1) / most;
    std::size_t share = parts == 0 ? 0 : (tokens.size() + parts - 1) / parts;
    if (share > tokenGrain) share = std::min<std::size_t>(most, (share + tokenGrain - 1) / tokenGrain * tokenGrain);
    TERNION_CHECK(makeRoomToRead(ReadbackPlan::of(static_cast<std::uint32_t>(share), options, model_->config)));
    std::optional<Chunk> running;
    const auto runParts = [&]() -> Status {
        for (std::size_t first = 0, part = 0; first < tokens.size(); first += share, ++part) {
            const auto here = tokens.subspan(first, std::min(share, tokens.size() - first));
            const auto count = static_cast<std::uint32_t>(here.size());
            ForwardOptions partOptions = options;
            if (options.logits == LogitsWanted::Last && first + count < tokens.size()) partOptions.logits = LogitsWanted::None;
            const Buffer& input = scratch_.input[part % scratch_.input.size()];
            std::vector<std::future<void>> gathering;
            const std::size_t each = std::max(tokenGrain, (here.size() + gatherers - 1) / gatherers);
            for (std::size_t begin = 0; begin < here.size(); begin += each)
                gathering.push_back(std::async(&VulkanModel::embed, this,
                                               here.subspan(begin, std::min(each, here.size() - begin)),
                                               input.as<float>().subspan(begin * sizeOf(model_->config.hiddenSize))));
            TERNION_TRY(auto commands, device_->commands());
            Chunk next{std::move(commands), static_cast<int>(first), count,
                       ReadbackPlan::of(count, partOptions, model_->config)};
            TERNION_CHECK(next.commands.begin());
            recordPass(next.commands, input, state, count, {next.plan, edits});
            TERNION_CHECK(next.commands.end());
            for (const auto& gathered : gathering) gathered.wait();
            if (const auto before = std::exchange(running, {})) TERNION_CHECK(finishChunk(*before, state, output));
            if (options.stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
            TERNION_CHECK(device_->submit(next.commands));
            running = std::move(next);
        }
        return {};
    };
    const Status ran = runParts();
    if (running) TERNION_CHECK(finishChunk(*running, state, output));  // even after an error: its commands must not go before
    if (!ran) return ran.error();
    return output;
}

Result<std::vector<float>> VulkanModel::readOut(std::span<const float> x, const std::stop_token& stop) {
    TERNION_CHECK(checkLayerInput(0, x.size(), model_->config));
    const std::size_t hidden = sizeOf(model_->config.hiddenSize);
    std::vector<float> logits;
    logits.reserve(x.size() / hidden * weights_.head.rows);
    while (!x.empty()) {
        if (stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
        const auto part = x.first(std::min(x.size(), headTokens_ * hidden));
        const auto tokens = static_cast<std::uint32_t>(part.size() / hidden);
        std::copy(part.begin(), part.end(), scratch_.input[0].as<float>().begin());
        TERNION_TRY(auto commands, device_->commands());
        TERNION_CHECK(commands.begin());
        commands.copy(scratch_.input[0], 0, scratch_.x, 0, part.size_bytes());
        recordHead(commands, 0, tokens);
        TERNION_CHECK(commands.end());
        TERNION_CHECK(device_->run(commands));
        const auto rows = scratch_.readback.as<const float>().first(std::size_t{tokens} * weights_.head.rows);
        logits.insert(logits.end(), rows.begin(), rows.end());
        x = x.subspan(part.size());
    }
    return logits;
}

Result<std::vector<float>> VulkanModel::forwardLayer(int layer, std::span<const float> x, DeviceState& state) {
    TERNION_CHECK(checkLayerInput(layer, x.size(), model_->config));
    const std::size_t hidden = sizeOf(model_->config.hiddenSize);
    std::vector<float> result;
    while (!x.empty()) {
        const auto part = x.first(std::min(x.size(), chunk_ * hidden));
        const auto tokens = static_cast<std::uint32_t>(part.size() / hidden);
        std::copy(part.begin(), part.end(), scratch_.input[0].as<float>().begin());
        TERNION_TRY(const auto out, device_->allocate(part.size_bytes(), MemoryKind::Readback));
        TERNION_TRY(auto commands, device_->commands());
        TERNION_CHECK(commands.begin());
        commands.copy(scratch_.input[0], 0, scratch_.x, 0, part.size_bytes());
        recordRecurrence(commands, sizeOf(layer), static_cast<VulkanState&>(state), tokens, false);
        recordOutputGate(commands, sizeOf(layer), tokens, false);
        recordChannelMixer(commands, sizeOf(layer), tokens);
        commands.copy(scratch_.x, 0, out, 0, part.size_bytes());
        TERNION_CHECK(commands.end());
        TERNION_CHECK(device_->run(commands));
        const auto values = out.as<const float>().first(part.size());
        result.insert(result.end(), values.begin(), values.end());
        x = x.subspan(part.size());
    }
    return result;
}

Result<BitLinearOutput> VulkanModel::bitLinear(const BitLinear& linear, std::span<const float> x) {
    TERNION_CHECK(checkBitLinearInput(linear, x.size()));
    const auto columns = sizeOf(linear.weight.cols()), rows = sizeOf(linear.weight.rows());
    const auto padded = sizeOf(codeColumns(linear.weight.cols()));
    const std::size_t tokens = x.size() / columns;
    // The matrix need not be the model's, so neither its weights nor what it works in are there yet.
    TERNION_TRY(auto memory,
                WeightMemory::create(*device_, linear.weight.packed().size() + linear.norm.size() * sizeof(float)));
    TERNION_TRY(const auto weights, putBitLinears(memory, packing_, {&linear}));
    TERNION_CHECK(memory.flush());

    BitLinearOutput output;
    output.codes.resize(tokens * columns);
    output.steps.resize(tokens);
    output.accumulators.resize(tokens * rows);
    output.y.resize(tokens * rows);
    const std::size_t outBytes = tokens * rows * sizeof(float);
    TERNION_TRY(const auto input, device_->allocate(x.size_bytes(), MemoryKind::Upload));
    TERNION_TRY(const auto codes, device_->allocate(tokens * padded, MemoryKind::Readback));
    TERNION_TRY(const auto steps, device_->allocate(tokens * sizeof(float), MemoryKind::Readback));
    TERNION_TRY(const auto sums, device_->allocate(tokens * sizeof(float), MemoryKind::Readback));
    TERNION_TRY(const auto accumulators, device_->allocate(outBytes, MemoryKind::Readback));
    TERNION_TRY(const auto y, device_->allocate(outBytes, MemoryKind::Readback));
    std::copy(x.begin(), x.end(), input.as<float>().begin());

    const auto count = static_cast<std::uint32_t>(tokens);
    TERNION_TRY(auto commands, device_->commands());
    TERNION_CHECK(commands.begin());
    kernels_.plainQuantise(commands, {input.address, 0, 0, 0, weights.norms, codes.address, steps.address, sums.address,
                                      weights.columns, count, 0.0F});
    for (const auto& [out, result] :
         {std::pair{&accumulators, ProductResult::Accumulators}, std::pair{&y, ProductResult::Store}})
        kernels_.bitLinear(commands,
                           {weights.weights, codes.address, steps.address, sums.address, out->address, weights.gamma,
                            weights.rows, weights.columns, count},
                           1, result);
    TERNION_CHECK(commands.end());
    TERNION_CHECK(device_->run(commands));

    for (std::size_t token = 0; token < tokens; ++token)
        std::memcpy(output.codes.data() + token * columns, codes.mapped + token * padded, columns);
    std::memcpy(output.steps.data(), steps.mapped, tokens * sizeof(float));
    std::memcpy(output.accumulators.data(), accumulators.mapped, outBytes);
    std::memcpy(output.y.data(), y.mapped, outBytes);
    return output;
}

}  // namespace ternion::vulkan
