#include "backend/vulkan/vulkan_model.h"

#include <algorithm>
#include <cstring>

#include "backend/input_checks.h"
#include "model/dense_trits.h"

namespace ternion::vulkan {
namespace {

// Tokens a submission, at most: stopping waits for one, and a processor takes its time.
constexpr std::size_t mostTokens(const DeviceInfo& device) { return device.software ? 16 : 128; }
constexpr std::size_t widestBufferBytes = std::size_t{32} << 20;  // what bounds a submission of a wide model

std::size_t sizeOf(int extent) { return static_cast<std::size_t>(extent); }

}  // namespace

Result<std::unique_ptr<VulkanState>> VulkanState::create(std::shared_ptr<Device> device, const ModelConfig& config) {
    std::unique_ptr<VulkanState> state(new VulkanState(std::move(device)));
    state->floats_ = sizeOf(config.numLayers) * sizeOf(config.stateSize());
    const VkDeviceSize bytes = state->floats_ * sizeof(float);
    TERNION_TRY(state->h_, state->device_->allocate(bytes, MemoryKind::Device));
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
    return {};
}

Result<std::unique_ptr<DeviceModel>> VulkanModel::load(std::shared_ptr<Device> device, std::shared_ptr<const Model> model,
                                                       Packing packing, const Progress& progress) {
    TERNION_TRY(auto weights, DeviceWeights::upload(*device, *model, packing, progress));
    TERNION_TRY(auto kernels, Kernels::create(*device, packing));
    std::unique_ptr<VulkanModel> loaded(
        new VulkanModel(std::move(device), std::move(model), packing, std::move(weights), std::move(kernels)));
    TERNION_CHECK(loaded->allocateScratch());
    return std::unique_ptr<DeviceModel>(std::move(loaded));
}

Status VulkanModel::allocateScratch() {
    const ModelConfig& config = model_->config;
    const std::size_t hidden = sizeOf(config.hiddenSize), state = sizeOf(config.stateSize()),
                      glu = sizeOf(config.intermediateSize);
    const std::size_t widest = std::max({3 * state, 2 * glu, sizeOf(config.vocabSize), 3 * hidden});
    chunk_ = static_cast<std::uint32_t>(
        std::clamp<std::size_t>(widestBufferBytes / (widest * sizeof(float)), 1, mostTokens(device())));

    const auto padded = [](int columns) { return sizeOf(codeColumns(columns)); };

    struct Row {
        Buffer Scratch::*buffer;
        MemoryKind kind;
        std::size_t bytesPerToken;
    };
    for (const Row& row : {
             Row{&Scratch::input, MemoryKind::Upload, hidden * sizeof(float)},
             Row{&Scratch::x, MemoryKind::Device, hidden * sizeof(float)},
             Row{&Scratch::y, MemoryKind::Device, std::max(3 * state, 2 * glu) * sizeof(float)},
             Row{&Scratch::values, MemoryKind::Device, std::max({3 * hidden, state, glu}) * sizeof(float)},
             Row{&Scratch::codes, MemoryKind::Device,
                 std::max({3 * padded(config.hiddenSize), padded(config.stateSize()), padded(config.intermediateSize)})},
             Row{&Scratch::scales, MemoryKind::Device, 3 * sizeof(float)},
             Row{&Scratch::sums, MemoryKind::Device, 3 * sizeof(std::int32_t)},
             Row{&Scratch::states, MemoryKind::Device, state * sizeof(float)},
             Row{&Scratch::logits, MemoryKind::Device, sizeOf(config.vocabSize) * sizeof(float)},
             Row{&Scratch::readback, MemoryKind::Readback, sizeOf(config.vocabSize) * sizeof(float)},
         }) {
        TERNION_TRY(scratch_.*row.buffer, device_->allocate(chunk_ * row.bytesPerToken, row.kind));
    }
    return {};
}

Result<std::unique_ptr<DeviceState>> VulkanModel::createState() {
    TERNION_TRY(auto state, VulkanState::create(device_, model_->config));
    return std::unique_ptr<DeviceState>(std::move(state));
}

MemoryUse VulkanModel::memory() const {
    MemoryUse use;
    use.weights = weights_.memory.bytes();
    use.state = sizeOf(model_->config.numLayers) * sizeOf(model_->config.stateSize()) * sizeof(float);
    for (const Buffer* buffer : {&scratch_.input, &scratch_.x, &scratch_.y, &scratch_.values, &scratch_.codes, &scratch_.scales,
                                 &scratch_.sums, &scratch_.states, &scratch_.logits, &scratch_.readback})
        use.scratch += buffer->size;
    return use;
}

void VulkanModel::embed(std::span<const TokenId> tokens) {
    auto rows = scratch_.input.as<float>();
    const std::size_t hidden = sizeOf(model_->config.hiddenSize);
    for (const TokenId token : tokens) {
        model_->embeddings.row(token, rows.first(hidden));
        rows = rows.subspan(hidden);
    }
}

QuantisePush VulkanModel::quantisePush(const Buffer& x, VkDeviceAddress weight, const DeviceBitLinear& linear,
                                       std::uint32_t tokens) const {
    return {x.address,
            scratch_.states.address,
            weight,
            scratch_.values.address,
            linear.norms,
            scratch_.codes.address,
            scratch_.scales.address,
            scratch_.sums.address,
            linear.columns,
            tokens,
            model_->config.rmsNormEps};
}

BitLinearPush VulkanModel::productPush(const DeviceBitLinear& linear, const Buffer& y, std::uint32_t tokens) const {
    return {linear.weights,
            scratch_.codes.address,
            scratch_.scales.address,
            scratch_.sums.address,
            y.address,
            linear.gamma,
            linear.rows,
            linear.columns,
            tokens};
}

void VulkanModel::recordTokenMixer(Commands& commands, std::size_t index, const VulkanState& state, std::uint32_t tokens,
                                   bool keepGates) const {
    const DeviceLayer& layer = weights_.layers[index];
    const Scratch& s = scratch_;
    const std::uint32_t width = layer.ifg.rows;
    const VkDeviceSize projection = VkDeviceSize{tokens} * width * sizeof(float);
    kernels_.normQuantise(commands, quantisePush(s.x, layer.attnNorm, layer.ifg, tokens), 3);
    kernels_.bitLinear(commands, productPush(layer.ifg, s.y, tokens), 3, ProductResult::Store);
    kernels_.mlgru(commands,
                   {s.y.address, s.y.address + projection, layer.lowerBound, state.h_.address + index * width * sizeof(float),
                    s.states.address, width, tokens, layer.lowerBound != 0 ? 1U : 0U, keepGates ? 1U : 0U});
    QuantisePush gate = quantisePush(s.y, layer.gNorm, layer.o, tokens);
    gate.x += 2 * projection;
    kernels_.gateQuantise(commands, gate);
    kernels_.bitLinear(commands, productPush(layer.o, s.x, tokens), 1, ProductResult::AddToResidual);
}

void VulkanModel::recordChannelMixer(Commands& commands, std::size_t index, std::uint32_t tokens) const {
    const DeviceLayer& layer = weights_.layers[index];
    const Scratch& s = scratch_;
    kernels_.normQuantise(commands, quantisePush(s.x, layer.mlpNorm, layer.gate, tokens), 1);
    kernels_.bitLinear(commands, productPush(layer.gate, s.y, tokens), 1, ProductResult::Store);
    kernels_.gluQuantise(commands, quantisePush(s.y, 0, layer.down, tokens));
    kernels_.bitLinear(commands, productPush(layer.down, s.x, tokens), 1, ProductResult::AddToResidual);
}

void VulkanModel::recordHead(Commands& commands, std::uint32_t first, std::uint32_t tokens) const {
    QuantisePush front = quantisePush(scratch_.x, weights_.norm, weights_.head, tokens);
    front.x += VkDeviceSize{first} * weights_.head.columns * sizeof(float);
    kernels_.normQuantise(commands, front, 1);
    kernels_.bitLinear(commands, productPush(weights_.head, scratch_.logits, tokens), 1, ProductResult::Store);
}

VulkanModel::ReadbackPlan VulkanModel::planReadback(std::uint32_t tokens, const ForwardOptions& options) const {
    const ModelConfig& config = model_->config;
    ReadbackPlan plan;
    plan.logits = options.logits == LogitsWanted::All ? tokens : options.logits == LogitsWanted::Last ? 1 : 0;
    plan.bytes = VkDeviceSize{plan.logits} * sizeOf(config.vocabSize) * sizeof(float);
    for (const auto& item : options.trace.items) {
        const int width = item.tensor == TraceTensor::Residual ? config.hiddenSize : config.stateSize();
        const VkDeviceSize size = VkDeviceSize{tokens} * sizeOf(width) * sizeof(float);
        plan.traced.push_back({item, plan.bytes, size});
        plan.bytes += size;
    }
    return plan;
}

void VulkanModel::recordPass(Commands& commands, const VulkanState& state, std::uint32_t tokens,
                             const ReadbackPlan& plan) const {
    const Scratch& s = scratch_;
    const auto keep = [&](TraceTensor tensor, std::size_t layer, const Buffer& from, VkDeviceSize part = 0) {
        for (const Traced& traced : plan.traced)
            if (traced.item.tensor == tensor && sizeOf(traced.item.layer) == layer)
                commands.copy(from, part * traced.size, s.readback, traced.offset, traced.size);
    };
    const auto wantsGates = [&](std::size_t layer) {
        return std::any_of(plan.traced.begin(), plan.traced.end(), [&](const Traced& traced) {
            return sizeOf(traced.item.layer) == layer && traced.item.tensor != TraceTensor::Residual;
        });
    };

    const std::size_t layers = weights_.layers.size();
    commands.copy(s.input, 0, s.x, 0, VkDeviceSize{tokens} * sizeOf(model_->config.hiddenSize) * sizeof(float));
    for (std::size_t layer = 0; layer < layers; ++layer) {
        keep(TraceTensor::Residual, layer, s.x);
        recordTokenMixer(commands, layer, state, tokens, wantsGates(layer));
        keep(TraceTensor::Candidate, layer, s.y, 0);
        keep(TraceTensor::ForgetGate, layer, s.y, 1);
        keep(TraceTensor::OutputGate, layer, s.y, 2);
        keep(TraceTensor::State, layer, s.states);
        recordChannelMixer(commands, layer, tokens);
    }
    const bool wantsNorm = std::any_of(plan.traced.begin(), plan.traced.end(), [&](const Traced& traced) {
        return traced.item.tensor == TraceTensor::Residual && sizeOf(traced.item.layer) == layers;
    });
    if (wantsNorm) {
        kernels_.normQuantise(commands, quantisePush(s.x, weights_.norm, weights_.head, tokens), 1);
        keep(TraceTensor::Residual, layers, s.values);
    }
    if (plan.logits > 0) {
        recordHead(commands, tokens - plan.logits, plan.logits);
        commands.copy(s.logits, 0, s.readback, 0, VkDeviceSize{plan.logits} * weights_.head.rows * sizeof(float));
    }
}

Status VulkanModel::runChunk(std::span<const TokenId> tokens, int first, VulkanState& state, const ForwardOptions& options,
                             ForwardOutput& output) {
    const auto count = static_cast<std::uint32_t>(tokens.size());
    const ReadbackPlan plan = planReadback(count, options);
    if (plan.bytes > scratch_.readback.size) {
        TERNION_TRY(scratch_.readback, device_->allocate(plan.bytes, MemoryKind::Readback));
        ++readbackMade_;
    }
    embed(tokens);
    const bool plainDecode = count == 1 && options.logits == LogitsWanted::Last && options.trace.items.empty();
    if (plainDecode && state.decode_ && state.decodeReadback_ == readbackMade_) {
        TERNION_CHECK(device_->run(*state.decode_));
    } else {
        TERNION_TRY(auto commands, device_->commands());
        TERNION_CHECK(commands.begin());
        recordPass(commands, state, count, plan);
        TERNION_CHECK(commands.end());
        TERNION_CHECK(device_->run(commands));
        if (plainDecode) {
            state.decode_ = std::move(commands);
            state.decodeReadback_ = readbackMade_;
        }
    }
    state.position_ += count;

    const float* const values = scratch_.readback.as<const float>().data();
    output.logits.insert(output.logits.end(), values, values + std::size_t{plan.logits} * weights_.head.rows);
    for (const Traced& traced : plan.traced)
        output.trace.put(traced.item, first, static_cast<int>(count), values + traced.offset / sizeof(float));
    return {};
}

Result<ForwardOutput> VulkanModel::forward(std::span<const TokenId> tokens, DeviceState& state, const ForwardOptions& options) {
    TERNION_CHECK(checkTokens(tokens, model_->config));
    ForwardOutput output;
    TERNION_TRY(output.trace, Trace::create(options.trace, model_->config, static_cast<int>(tokens.size())));
    for (std::size_t first = 0; first < tokens.size(); first += chunk_) {
        if (options.stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
        const auto part = tokens.subspan(first, std::min<std::size_t>(chunk_, tokens.size() - first));
        ForwardOptions partOptions = options;
        if (options.logits == LogitsWanted::Last && first + part.size() < tokens.size())
            partOptions.logits = LogitsWanted::None;
        TERNION_CHECK(runChunk(part, static_cast<int>(first), static_cast<VulkanState&>(state), partOptions, output));
    }
    return output;
}

Result<std::vector<float>> VulkanModel::forwardLayer(int layer, std::span<const float> x, DeviceState& state) {
    TERNION_CHECK(checkLayerInput(layer, x.size(), model_->config));
    const std::size_t hidden = sizeOf(model_->config.hiddenSize);
    std::vector<float> result;
    while (!x.empty()) {
        const auto part = x.first(std::min(x.size(), chunk_ * hidden));
        const auto tokens = static_cast<std::uint32_t>(part.size() / hidden);
        std::copy(part.begin(), part.end(), scratch_.input.as<float>().begin());
        TERNION_TRY(const auto out, device_->allocate(part.size_bytes(), MemoryKind::Readback));
        TERNION_TRY(auto commands, device_->commands());
        TERNION_CHECK(commands.begin());
        commands.copy(scratch_.input, 0, scratch_.x, 0, part.size_bytes());
        recordTokenMixer(commands, sizeOf(layer), static_cast<VulkanState&>(state), tokens, false);
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
    output.scales.resize(tokens);
    output.accumulators.resize(tokens * rows);
    output.y.resize(tokens * rows);
    const std::size_t outBytes = tokens * rows * sizeof(float);
    TERNION_TRY(const auto input, device_->allocate(x.size_bytes(), MemoryKind::Upload));
    TERNION_TRY(const auto values, device_->allocate(x.size_bytes(), MemoryKind::Device));
    TERNION_TRY(const auto codes, device_->allocate(tokens * padded, MemoryKind::Readback));
    TERNION_TRY(const auto scales, device_->allocate(tokens * sizeof(float), MemoryKind::Readback));
    TERNION_TRY(const auto sums, device_->allocate(tokens * sizeof(float), MemoryKind::Readback));
    TERNION_TRY(const auto accumulators, device_->allocate(outBytes, MemoryKind::Readback));
    TERNION_TRY(const auto y, device_->allocate(outBytes, MemoryKind::Readback));
    std::copy(x.begin(), x.end(), input.as<float>().begin());

    const auto count = static_cast<std::uint32_t>(tokens);
    TERNION_TRY(auto commands, device_->commands());
    TERNION_CHECK(commands.begin());
    kernels_.plainQuantise(commands, {input.address, 0, 0, values.address, weights.norms, codes.address, scales.address,
                                      sums.address, weights.columns, count, 0.0F});
    for (const auto& [out, result] :
         {std::pair{&accumulators, ProductResult::Accumulators}, std::pair{&y, ProductResult::Store}})
        kernels_.bitLinear(commands,
                           {weights.weights, codes.address, scales.address, sums.address, out->address, weights.gamma,
                            weights.rows, weights.columns, count},
                           1, result);
    TERNION_CHECK(commands.end());
    TERNION_CHECK(device_->run(commands));

    for (std::size_t token = 0; token < tokens; ++token)
        std::memcpy(output.codes.data() + token * columns, codes.mapped + token * padded, columns);
    std::memcpy(output.scales.data(), scales.mapped, tokens * sizeof(float));
    std::memcpy(output.accumulators.data(), accumulators.mapped, outBytes);
    std::memcpy(output.y.data(), y.mapped, outBytes);
    return output;
}

}  // namespace ternion::vulkan
