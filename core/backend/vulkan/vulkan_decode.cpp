#include "backend/vulkan/vulkan_decode.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ternion::vulkan {
namespace {

constexpr std::uint32_t lanes = 256;               // a workgroup's invocations
constexpr std::uint32_t mostVocabulary = 1 << 16;  // that tokens are drawn from: half a weight of each adds up to 32 bits
constexpr std::uint32_t mostBlocks = 32;           // of a vector: the kernel's arrays hold no more
constexpr std::uint32_t patience = 1U << 20;       // readings: about a second
constexpr std::uint32_t sets = 4;                  // of vectors that are exchanged, used in turn
constexpr std::uint32_t copies = 2;                // of all sets
constexpr std::uint32_t empty = 0xFFFFFFFF;        // an element that nobody has published

// Twins of the kernel's structures. The head's row has its norm, norms, weights and gamma where a layer's first ones are.
struct TableRow {
    VkDeviceAddress attnNorm, ifgNorms, ifg, lowerBound, gNorm, oNorms, o, mlpNorm, gateNorms, gate, downNorms, down;
    std::array<float, 6> gamma;
    float bounded, unused;
};
struct Choice {
    float inverseTemperature;
    std::uint32_t topK, topP, leastWeight;
    std::array<std::uint32_t, PersistentDecode::mostTokens - 1> draws;
};
struct Request {
    std::uint32_t token, count, stopAt;
    Choice choice;
};
struct Reply {
    std::uint32_t fed, gaveUp;
    std::array<std::uint32_t, PersistentDecode::mostTokens> token;
};

std::uint32_t blocksOf(std::uint32_t columns) {
    return static_cast<std::uint32_t>(TernaryMatrix::blocksFor(static_cast<int>(columns)));
}
/// A drawn token's place in `drawing`: the token, thirteen meetings, twelve tallies of 32, two words of each workgroup.
VkDeviceSize drawingBytes(std::uint32_t groups) { return (1 + 13 + 12 * 32 + 2 * VkDeviceSize{groups}) * 4; }
std::uint32_t quadsPerRow(std::uint32_t columns) { return blocksOf(columns) * 4; }

}  // namespace

Result<std::optional<PersistentDecode>> PersistentDecode::create(Device& device, const Model& model,
                                                                 const DeviceWeights& weights, Packing packing) {
    const PhysicalDevice& physical = device.physical();
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
        4 * std::max({3 * quadsPerRow(hidden), quadsPerRow(state), quadsPerRow(glu)});  // of codes: four times the weights'
    const std::uint32_t mostHidden = (hidden + decode.groups_ - 1) / decode.groups_;
    const auto layers = static_cast<std::uint32_t>(model.layers.size());
    const std::uint32_t subgroups = lanes / std::max(physical.subgroupSize, 1U);
    const std::uint32_t sharedBytes = 16 * sharedQuads + 4 * (mostHidden + 12 * lanes + 14 * subgroups + 33) + sizeof(Choice) +
                                      (layers + 1) * std::uint32_t{sizeof(TableRow)};
    if (packing != Packing::TwoBit || !physical.persists() || blocksOf(most) > mostBlocks ||
        sharedBytes > physical.limits.maxComputeSharedMemorySize)
        return std::optional<PersistentDecode>{};

    decode.constants_ = {hidden,
                         state,
                         glu,
                         vocabulary,
                         layers,
                         physical.subgroupSize,
                         static_cast<std::uint32_t>(model.embeddings.type()),
                         decode.groups_,
                         blocksOf(hidden),
                         blocksOf(state),
                         blocksOf(glu),
                         sharedQuads,
                         mostHidden};
    TERNION_CHECK(decode.makePipeline(device, false));

    const VkDeviceSize setWords = 3 * VkDeviceSize{hidden} + 2 * VkDeviceSize{state} + glu + 2 * decode.groups_;
    TERNION_TRY(decode.drawing_, device.allocate((mostTokens - 1) * drawingBytes(decode.groups_), MemoryKind::Device));
    TERNION_TRY(decode.exchange_, device.allocate(copies * sets * setWords * sizeof(float), MemoryKind::Device));
    TERNION_TRY(decode.table_, device.allocate((layers + 1) * sizeof(TableRow), MemoryKind::Device));
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
                    layer.lowerBound != 0 ? 1.0F : 0.0F,
                    0};
    }
    table[layers] = {};
    table[layers].attnNorm = weights.norm;
    table[layers].ifgNorms = weights.head.norms;
    table[layers].ifg = weights.head.weights;
    table[layers].gamma[0] = weights.head.gamma[0];
    TERNION_TRY(auto commands, device.commands());
    TERNION_CHECK(commands.begin());
    commands.copy(staging, 0, decode.table_, 0, decode.table_.size);
    TERNION_CHECK(commands.end());
    TERNION_CHECK(device.run(commands));

    decode.vocabulary_ = vocabulary;
    decode.push_ = {decode.table_.address,
                    decode.embeddings_.address,
                    0,
                    decode.logits_.address,
                    decode.exchange_.address,
                    decode.request_.address,
                    decode.reply_.address,
                    decode.drawing_.address,
                    model.config.rmsNormEps,
                    patience};
    return std::optional<PersistentDecode>(std::move(decode));
}

Status PersistentDecode::makePipeline(Device& device, bool draws) {
    auto constants = constants_;
    constants.back() = draws ? 1 : 0;
    const char* kernel = device.physical().packedMixedDot ? "decode_token_dot" : "decode_token";
    TERNION_TRY(pipelines_[draws ? 1 : 0], device.pipeline(kernel, constants, sizeof(Push), true));
    return {};
}

Result<Commands> PersistentDecode::record(Device& device, const Buffer& h, const Buffer& before, bool draws) {
    const Pipeline& pipeline = pipelines_[draws ? 1 : 0];
    if (!pipeline.pipeline) TERNION_CHECK(makePipeline(device, draws));
    TERNION_TRY(auto commands, device.commands());
    TERNION_CHECK(commands.begin());
    commands.copy(h, 0, before, 0, h.size);
    commands.fill(exchange_, empty);
    if (draws) commands.fill(drawing_, 0);
    Push push = push_;
    push.state = h.address;
    commands.dispatch(pipeline, push, {groups_, 1, 1});
    commands.copy(logits_, 0, readback_, 0, vocabulary_ * sizeof(float));
    TERNION_CHECK(commands.end());
    return commands;
}

Result<PersistentDecode::Outcome> PersistentDecode::run(Device& device, const Commands& commands,
                                                        const DecodeRequest& request) {
    const TokenChoice& choice = request.choice;
    std::size_t most = mostTokens;
    if (choice.draws()) most = vocabulary_ <= mostVocabulary ? std::min(most, request.draws.size() + 1) : 1;
    const auto count = static_cast<std::uint32_t>(std::clamp(request.count, 1, static_cast<int>(most)));
    auto& reply = reply_.as<Reply>()[0];
    reply = {};
    Request& told = request_.as<Request>()[0];
    told = {static_cast<std::uint32_t>(request.first),
            count,
            static_cast<std::uint32_t>(request.stopAt.value_or(-1)),
            {choice.inverseTemperature, choice.topK, choice.topP, choice.leastWeight, {}}};
    std::copy_n(request.draws.begin(), std::min<std::size_t>(request.draws.size(), count - 1), told.choice.draws.begin());
    TERNION_CHECK(device.run(commands));
    Outcome outcome;
    outcome.gaveUp = reply.gaveUp != 0;
    if (!outcome.gaveUp)
        for (std::uint32_t k = 1; k < reply.fed; ++k) outcome.chosen.push_back(static_cast<TokenId>(reply.token[k - 1]));
    return outcome;
}

}  // namespace ternion::vulkan
