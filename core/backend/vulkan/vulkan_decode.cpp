#include "backend/vulkan/vulkan_decode.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "model/dense_trits.h"

namespace ternion::vulkan {
namespace {

constexpr std::uint32_t lanes = 256;  // a workgroup's invocations
constexpr std::uint32_t mostQuads = lanes;
constexpr std::uint32_t patience = 1U << 20;  // readings: about a second
constexpr std::uint32_t stepsOfALayer = 4;

// Twins of the kernel's structures.
struct TableRow {
    VkDeviceAddress attnNorm, ifgNorms, ifg, lowerBound, gNorm, oNorms, o, mlpNorm, gateNorms, gate, downNorms, down;
    std::array<float, 6> gamma;
    std::uint32_t bounded, unused;
};
struct Request {
    std::uint32_t token, count, tag, stopAt;
};
struct Reply {
    std::uint32_t fed, gaveUp;
    std::array<std::uint32_t, PersistentDecode::mostTokens> token;
};

std::uint32_t quadsPerRow(std::uint32_t columns, Packing packing) {
    const auto cols = static_cast<int>(columns);
    return static_cast<std::uint32_t>(packing == Packing::Dense ? denseWords(cols) / 4 : TernaryMatrix::blocksFor(cols) * 4);
}

/// Of the codes that a row's weights meet.
std::uint32_t codeQuads(std::uint32_t columns, Packing packing) {
    return quadsPerRow(columns, packing) * (packing == Packing::Dense ? 5 : 4);
}

std::uint32_t columnsOfALane(std::uint32_t columns, Packing packing) {
    return (codeQuads(columns, packing) * 16 + lanes - 1) / lanes;
}

}  // namespace

Result<std::optional<PersistentDecode>> PersistentDecode::create(Device& device, const Model& model,
                                                                 const DeviceWeights& weights, Packing packing) {
    const PhysicalDevice& physical = device.physical();
    using Use = VulkanPaths::Use;
    const bool forced = physical.paths.persistent == Use::On;
    const auto hidden = static_cast<std::uint32_t>(model.config.hiddenSize);
    const auto state = static_cast<std::uint32_t>(model.config.stateSize());
    const auto glu = static_cast<std::uint32_t>(model.config.intermediateSize);
    const auto vocabulary = static_cast<std::uint32_t>(model.config.vocabSize);

    PersistentDecode decode;
    // A device that does not tell how many it has surely runs one.
    const std::uint32_t units = physical.computeUnits > 0 ? physical.computeUnits : 1;
    // Each owns something of every vector: who writes nothing would not hold back who overwrites what it reads.
    decode.groups_ = std::min({units, lanes, hidden, state, glu, vocabulary});
    const std::uint32_t most = std::max({hidden, state, glu});
    const std::uint32_t sharedQuads =
        std::max({3 * codeQuads(hidden, packing), codeQuads(state, packing), codeQuads(glu, packing)});
    const std::uint32_t sharedBytes = 4 * (4 * sharedQuads + hidden + 3 * lanes + 9 * lanes);
    // Dense weights: right on lavapipe, wrong on an H100; the cause is not found.
    if (packing != Packing::TwoBit || !physical.exchange || physical.subgroupSize < 4 ||
        quadsPerRow(most, packing) > mostQuads || sharedBytes > physical.limits.maxComputeSharedMemorySize ||
        physical.paths.persistent == Use::Off || (physical.computeUnits == 0 && !forced))
        return std::optional<PersistentDecode>{};

    // As many quads of weights on their way as the step with the most has, within what registers hold.
    const auto passes = [&](std::uint32_t count, std::uint32_t columns, std::uint32_t projections) {
        const std::uint32_t rows = std::min((count + decode.groups_ - 1) / decode.groups_, lanes);
        const std::uint32_t atOnce = lanes / quadsPerRow(columns, packing);
        return (rows + atOnce - 1) / atOnce * projections;
    };
    const std::uint32_t ahead = std::clamp(
        std::max({passes(state, hidden, 3), passes(hidden, state, 1), passes(glu, hidden, 2), passes(hidden, glu, 1)}), 1U,
        physical.info.software ? 1U : 18U);

    const std::array constants{hidden,
                               state,
                               glu,
                               vocabulary,
                               static_cast<std::uint32_t>(model.layers.size()),
                               physical.subgroupSize,
                               static_cast<std::uint32_t>(model.embeddings.type()),
                               packing == Packing::Dense ? 1U : 0U,
                               sharedQuads,
                               columnsOfALane(hidden, packing),
                               columnsOfALane(state, packing),
                               columnsOfALane(glu, packing),
                               ahead,
                               decode.groups_};
    TERNION_TRY(decode.pipeline_,
                device.pipeline(physical.packedDot ? "decode_token_dot" : "decode_token", constants, sizeof(Push), true));

    const VkDeviceSize exchangeBytes = (VkDeviceSize{hidden} + 2 * VkDeviceSize{state} + glu + 2 * decode.groups_) * 8;
    TERNION_TRY(decode.exchange_, device.allocate(exchangeBytes, MemoryKind::Device));
    TERNION_TRY(decode.table_, device.allocate(weights.layers.size() * sizeof(TableRow), MemoryKind::Device));
    TERNION_TRY(decode.logits_, device.allocate(VkDeviceSize{vocabulary} * sizeof(float), MemoryKind::Device));
    TERNION_TRY(decode.readback_, device.allocate(VkDeviceSize{vocabulary} * sizeof(float), MemoryKind::Readback));
    TERNION_TRY(decode.request_, device.allocate(sizeof(Request), MemoryKind::Upload));
    TERNION_TRY(decode.reply_, device.allocate(sizeof(Reply), MemoryKind::Readback));
    const auto embeddings = model.embeddings.bytes();
    TERNION_TRY(decode.embeddings_, device.allocate((embeddings.size() + 3) / 4 * 4, MemoryKind::Upload));
    std::memcpy(decode.embeddings_.mapped, embeddings.data(), embeddings.size());

    TERNION_TRY(const auto staging, device.allocate(decode.table_.size, MemoryKind::Upload));
    const auto table = staging.as<TableRow>();
    for (std::size_t k = 0; k < weights.layers.size(); ++k) {
        const DeviceLayer& layer = weights.layers[k];
        table[k] = {layer.attnNorm,
                    layer.ifg.norms,
                    layer.ifg.weights,
                    layer.lowerBound,
                    layer.gNorm,
                    layer.o.norms,
                    layer.o.weights,
                    layer.mlpNorm,
                    layer.gate.norms,
                    layer.gate.weights,
                    layer.down.norms,
                    layer.down.weights,
                    {layer.ifg.gamma[0], layer.ifg.gamma[1], layer.ifg.gamma[2], layer.o.gamma[0], layer.gate.gamma[0],
                     layer.down.gamma[0]},
                    layer.lowerBound != 0 ? 1U : 0U,
                    0};
    }
    TERNION_TRY(auto commands, device.commands());
    TERNION_CHECK(commands.begin());
    commands.zero(decode.exchange_);
    commands.copy(staging, 0, decode.table_, 0, weights.layers.size() * sizeof(TableRow));
    TERNION_CHECK(commands.end());
    TERNION_CHECK(device.run(commands));

    decode.vocabulary_ = vocabulary;
    decode.push_ = {decode.table_.address,
                    weights.norm,
                    weights.head.norms,
                    weights.head.weights,
                    decode.embeddings_.address,
                    0,
                    decode.logits_.address,
                    decode.exchange_.address,
                    decode.request_.address,
                    decode.reply_.address,
                    weights.head.gamma[0],
                    model.config.rmsNormEps,
                    patience,
                    0};
    return std::optional<PersistentDecode>(std::move(decode));
}

Result<Commands> PersistentDecode::record(Device& device, const Buffer& h, const Buffer& before) const {
    TERNION_TRY(auto commands, device.commands());
    TERNION_CHECK(commands.begin());
    commands.copy(h, 0, before, 0, h.size);
    Push push = push_;
    push.state = h.address;
    commands.dispatch(pipeline_, push, {groups_, 1, 1});
    commands.copy(logits_, 0, readback_, 0, vocabulary_ * sizeof(float));
    TERNION_CHECK(commands.end());
    return commands;
}

Result<PersistentDecode::Outcome> PersistentDecode::run(Device& device, const Commands& commands, TokenId first,
                                                        std::uint32_t count, TokenId stopAt) {
    auto& reply = reply_.as<Reply>()[0];
    reply = {};
    request_.as<Request>()[0] = {static_cast<std::uint32_t>(first), count, tag_, static_cast<std::uint32_t>(stopAt)};
    TERNION_CHECK(device.run(commands));
    // Ahead of all tags that may have been written, whether it went well or not.
    const auto layers = static_cast<std::uint32_t>(table_.size / sizeof(TableRow));
    tag_ += count * (stepsOfALayer * layers + 2);
    Outcome outcome;
    outcome.gaveUp = reply.gaveUp != 0;
    if (!outcome.gaveUp)
        for (std::uint32_t k = 1; k < reply.fed; ++k) outcome.chosen.push_back(static_cast<TokenId>(reply.token[k - 1]));
    return outcome;
}

}  // namespace ternion::vulkan
