#include "backend/vulkan/vulkan_weights.h"

#include <algorithm>
#include <cstring>

#include "model/dense_trits.h"

namespace ternion::vulkan {
namespace {

constexpr VkDeviceSize alignment = 256;
constexpr VkDeviceSize stagingBytes = VkDeviceSize{16} << 20;
constexpr VkDeviceSize blockBytes = VkDeviceSize{128} << 20;

constexpr VkDeviceSize aligned(VkDeviceSize size) { return (size + alignment - 1) / alignment * alignment; }

std::size_t packedBytes(const TernaryMatrix& matrix, Packing packing) {
    if (packing == Packing::TwoBit) return matrix.packed().size();
    return static_cast<std::size_t>(matrix.rows()) * denseRowBytes(matrix.cols());
}

/// All that upload() puts, alignment included.
VkDeviceSize bytesOf(const Model& model, Packing packing) {
    VkDeviceSize bytes = 0;
    const auto add = [&](std::size_t floats) { bytes += aligned(floats * sizeof(float)); };
    model.forEachBitLinear([&](const std::string&, const BitLinear& linear) {
        bytes += aligned(packedBytes(linear.weight, packing));
        add(linear.norm.size());
    });
    for (const Layer& layer : model.layers) {
        add(layer.attnNorm.size());
        add(layer.gNorm.size());
        add(layer.mlpNorm.size());
        add(layer.lowerBound.size());
    }
    add(model.norm.size());
    return bytes;
}

}  // namespace

Result<WeightMemory> WeightMemory::create(Device& device, VkDeviceSize expected) {
    WeightMemory memory;
    memory.device_ = &device;
    memory.expected_ = expected;
    TERNION_TRY(memory.staging_, device.allocate(std::min(stagingBytes, aligned(expected)), MemoryKind::Upload));
    return memory;
}

Result<VkDeviceAddress> WeightMemory::put(std::span<const std::span<const std::byte>> parts) {
    VkDeviceSize size = 0;
    for (const auto& part : parts) size += part.size();
    size = aligned(size);
    if (blocks_.empty() || used_ + size > blocks_.back().size) {
        TERNION_CHECK(flush());
        const VkDeviceSize rest = expected_ - std::min(expected_, bytes_);
        TERNION_TRY(auto block, device_->allocate(std::max(size, std::min(rest, blockBytes)), MemoryKind::Device));
        blocks_.push_back(std::move(block));
        used_ = 0;
    }
    const VkDeviceSize start = used_;
    VkDeviceSize offset = start;
    for (const auto& part : parts) {
        TERNION_CHECK(write(part, offset));
        offset += part.size();
    }
    used_ += size;
    bytes_ += size;
    return blocks_.back().address + start;
}

Status WeightMemory::write(std::span<const std::byte> part, VkDeviceSize offset) {
    while (!part.empty()) {
        if (staged_ == staging_.size) TERNION_CHECK(flush());
        const auto piece = part.first(std::min<std::size_t>(part.size(), staging_.size - staged_));
        std::memcpy(staging_.mapped + staged_, piece.data(), piece.size());
        copies_.push_back({staged_, offset, piece.size()});
        staged_ += piece.size();
        offset += piece.size();
        part = part.subspan(piece.size());
    }
    return {};
}

Status WeightMemory::flush() {
    if (copies_.empty()) return {};
    TERNION_TRY(auto commands, device_->commands());
    TERNION_CHECK(commands.begin());
    for (const Copy& copy : copies_) commands.copy(staging_, copy.from, blocks_.back(), copy.to, copy.size);
    TERNION_CHECK(commands.end());
    TERNION_CHECK(device_->run(commands));
    copies_.clear();
    staged_ = 0;
    return {};
}

namespace {

/// Without their norms.
Result<DeviceBitLinear> putTrits(WeightMemory& memory, Packing packing, std::span<const BitLinear* const> linears) {
    const BitLinear& first = *linears.front();
    DeviceBitLinear device;
    device.projections = static_cast<std::uint32_t>(linears.size());
    device.rows = static_cast<std::uint32_t>(first.weight.rows());
    device.columns = static_cast<std::uint32_t>(first.weight.cols());
    std::vector<std::span<const std::byte>> trits;
    std::vector<std::vector<std::byte>> packed;
    for (const BitLinear* linear : linears) {
        if (packing == Packing::Dense) {
            packDense(linear->weight, 0, packed.emplace_back(packedBytes(linear->weight, packing)));
            trits.emplace_back(packed.back());
        } else {
            trits.push_back(linear->weight.packed());
        }
    }
    TERNION_TRY(device.weights, memory.put(trits));
    return device;
}

Result<VkDeviceAddress> putNorm(WeightMemory& memory, const fixed::NormWeights& weights) {
    const std::vector<std::int32_t> widened(weights.mantissas.begin(), weights.mantissas.end());
    return memory.put(widened);
}

Status goesOn(const Progress& progress, const Device& device, const WeightMemory& memory, const Model& model, Packing packing) {
    if (progress.stopped()) return Error{ErrorCode::Cancelled, "stopped", {}};
    progress.tell("Copying the model to " + device.physical().info.name,
                  static_cast<double>(memory.bytes()) / static_cast<double>(bytesOf(model, packing)));
    return {};
}

}  // namespace

Result<DeviceBitLinear> putBitLinears(WeightMemory& memory, Packing packing, std::initializer_list<const BitLinear*> linears) {
    TERNION_TRY(auto device, putTrits(memory, packing, linears));
    std::vector<std::span<const std::byte>> norms;
    for (const BitLinear* linear : linears) {
        device.gamma[norms.size()] = linear->weight.gamma();
        norms.push_back(std::as_bytes(std::span(linear->norm)));
    }
    TERNION_TRY(device.norms, memory.put(norms));
    return device;
}

Result<DeviceBitLinear> putBitLinears(WeightMemory& memory, Packing packing,
                                      std::initializer_list<const fixed::Linear*> linears) {
    std::vector<const BitLinear*> sources;
    std::vector<std::int32_t> norms;
    for (const fixed::Linear* linear : linears) {
        sources.push_back(linear->source);
        norms.insert(norms.end(), linear->weights.mantissas.begin(), linear->weights.mantissas.end());
    }
    TERNION_TRY(auto device, putTrits(memory, packing, sources));
    TERNION_TRY(device.norms, memory.put(norms));
    return device;
}

Result<DeviceWeights> DeviceWeights::start(Device& device, const Model& model, Packing packing) {
    const VkDeviceSize needed = bytesOf(model, packing);
    if (const VkDeviceSize available = device.available(); needed > available)
        return Error{ErrorCode::DeviceOutOfMemory,
                     "the model needs " + std::to_string(needed >> 20) + " MiB and " + std::to_string(available >> 20) +
                         " MiB are available; close other programs that use the device, or choose another one",
                     device.physical().info.name};
    DeviceWeights weights;
    TERNION_TRY(weights.memory, WeightMemory::create(device, needed));
    weights.layers.reserve(model.layers.size());
    return weights;
}

Result<DeviceWeights> DeviceWeights::upload(Device& device, const Model& model, Packing packing, const Progress& progress) {
    TERNION_TRY(auto weights, start(device, model, packing));
    WeightMemory& memory = weights.memory;
    for (const Layer& layer : model.layers) {
        TERNION_CHECK(goesOn(progress, device, memory, model, packing));
        DeviceLayer on;
        TERNION_TRY(on.attnNorm, memory.put(layer.attnNorm));
        TERNION_TRY(on.ifg, putBitLinears(memory, packing, {&layer.i, &layer.f, &layer.g}));
        TERNION_TRY(on.gNorm, memory.put(layer.gNorm));
        TERNION_TRY(on.o, putBitLinears(memory, packing, {&layer.o}));
        TERNION_TRY(on.mlpNorm, memory.put(layer.mlpNorm));
        TERNION_TRY(on.gate, putBitLinears(memory, packing, {&layer.gate}));
        TERNION_TRY(on.down, putBitLinears(memory, packing, {&layer.down}));
        if (!layer.lowerBound.empty()) {
            TERNION_TRY(on.lowerBound, memory.put(layer.lowerBound));
        }
        weights.layers.push_back(on);
    }
    TERNION_TRY(weights.norm, memory.put(model.norm));
    TERNION_TRY(weights.head, putBitLinears(memory, packing, {&model.head}));
    TERNION_CHECK(memory.flush());
    return weights;
}

Result<DeviceWeights> DeviceWeights::upload(Device& device, const Model& model, const fixed::Weights& numbers, Packing packing,
                                            const Progress& progress) {
    TERNION_TRY(auto weights, start(device, model, packing));
    WeightMemory& memory = weights.memory;
    for (const fixed::LayerWeights& layer : numbers.layers) {
        TERNION_CHECK(goesOn(progress, device, memory, model, packing));
        DeviceLayer on;
        TERNION_TRY(on.attnNorm, putNorm(memory, layer.attention.weights));
        TERNION_TRY(on.ifg, putBitLinears(memory, packing, {&layer.i, &layer.f, &layer.g}));
        TERNION_TRY(on.gNorm, putNorm(memory, layer.output.weights));
        TERNION_TRY(on.o, putBitLinears(memory, packing, {&layer.o}));
        TERNION_TRY(on.mlpNorm, putNorm(memory, layer.mlp.weights));
        TERNION_TRY(on.gate, putBitLinears(memory, packing, {&layer.gate}));
        TERNION_TRY(on.down, putBitLinears(memory, packing, {&layer.down}));
        if (!layer.lowerBound.empty()) {
            TERNION_TRY(on.lowerBound, memory.put(layer.lowerBound));
        }
        weights.layers.push_back(on);
    }
    TERNION_TRY(weights.norm, putNorm(memory, numbers.final.weights));
    TERNION_TRY(weights.head, putBitLinears(memory, packing, {&numbers.head}));
    TERNION_TRY(weights.sigmoid, memory.put(fixed::sigmoidTable()));
    TERNION_CHECK(memory.flush());
    return weights;
}

}  // namespace ternion::vulkan
