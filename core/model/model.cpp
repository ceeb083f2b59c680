#include "model/model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include "base/hasher.h"

namespace ternion {
namespace {

Result<TernaryMatrix> randomMatrix(int rows, int cols, std::mt19937_64& random) {
    const auto blocks = static_cast<std::size_t>(TernaryMatrix::blocksFor(cols));
    TERNION_TRY(auto packed, AlignedBuffer::allocate(static_cast<std::size_t>(rows) * blocks * TernaryMatrix::blockBytes));
    // Two random bits a code with 3 made 1 would favour zero; three bits modulo 3 would favour 0 and 1. From 81 = 3^4
    // equally likely bytes, one byte of four codes at a time: each trit a third.
    std::array<std::byte, 81> bytes{};
    for (int k = 0; k < 81; ++k)
        bytes[static_cast<std::size_t>(k)] = static_cast<std::byte>(k % 3 | k / 3 % 3 << 2 | k / 9 % 3 << 4 | k / 27 << 6);
    auto* out = packed.data();
    for (std::size_t at = 0; at < packed.size();) {
        std::uint64_t draw = random();
        for (int k = 0; k < 4 && at < packed.size(); ++k, ++at, draw >>= 16) out[at] = bytes[(draw & 0xFFFF) * 81 >> 16];
    }
    if (const int used = cols % TernaryMatrix::blockColumns; used != 0)
        for (int row = 0; row < rows; ++row) {
            auto* block =
                out + (static_cast<std::size_t>(row) + 1) * blocks * TernaryMatrix::blockBytes - TernaryMatrix::blockBytes;
            for (int col = used; col < TernaryMatrix::blockColumns; ++col) {
                auto& byte = block[col / 128 * 32 + col % 32];
                const int shift = col % 128 / 32 * 2;
                byte = (byte & ~static_cast<std::byte>(3 << shift)) | static_cast<std::byte>(1 << shift);
            }
        }
    const float gamma = 1.0F / std::sqrt(static_cast<float>(cols));
    return TernaryMatrix::fromPacked(std::move(packed), rows, cols, gamma);
}

Result<BitLinear> randomBitLinear(int rows, int cols, std::mt19937_64& random) {
    TERNION_TRY(auto weight, randomMatrix(rows, cols, random));
    return BitLinear{std::move(weight), std::vector<float>(static_cast<std::size_t>(cols), 1.0F)};
}

}  // namespace

Result<Embedding> Embedding::create(AlignedBuffer data, Type type, int rows, int cols) {
    const auto expected = static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols) * bytesOf(type);
    if (rows < 0 || cols < 0 || data.size() != expected)
        return Error{ErrorCode::BadInput,
                     "the embeddings take " + std::to_string(data.size()) + " bytes; expected " + std::to_string(expected),
                     {}};
    Embedding embedding;
    embedding.data_ = std::move(data);
    embedding.type_ = type;
    embedding.rows_ = rows;
    embedding.cols_ = cols;
    return embedding;
}

void Embedding::row(TokenId token, std::span<float> out) const {
    const std::size_t bytes = static_cast<std::size_t>(cols_) * bytesOf(type_);
    toFloats(type_, data_.bytes().subspan(static_cast<std::size_t>(token) * bytes, bytes),
             out.first(static_cast<std::size_t>(cols_)));
}

void Model::forEachBitLinear(const std::function<void(const std::string&, const BitLinear&)>& visit) const {
    for (std::size_t l = 0; l < layers.size(); ++l) {
        const std::string prefix = "model.layers." + std::to_string(l) + ".";
        visit(prefix + "attn.i_proj", layers[l].i);
        visit(prefix + "attn.f_proj", layers[l].f);
        visit(prefix + "attn.g_proj", layers[l].g);
        visit(prefix + "attn.o_proj", layers[l].o);
        visit(prefix + "mlp.gate_proj", layers[l].gate);
        visit(prefix + "mlp.down_proj", layers[l].down);
    }
    visit("lm_head", head);
}

std::uint64_t Model::ternaryBytes() const {
    std::uint64_t sum = 0;
    forEachBitLinear([&](const std::string&, const BitLinear& linear) { sum += linear.weight.packed().size(); });
    return sum;
}

std::string Model::hash() const {
    Hasher hasher;
    for (const int field : {config.vocabSize, config.hiddenSize, config.numLayers, config.expandRatio, config.intermediateSize,
                            config.useLowerBound ? 1 : 0})
        hasher.add(std::int64_t{field});
    hasher.add(config.rmsNormEps);
    hasher.add(embeddings.bytes());
    forEachBitLinear([&](const std::string&, const BitLinear& linear) {
        hasher.add(linear.weight.packed());
        hasher.add(linear.weight.gamma());
        hasher.add(std::span<const float>(linear.norm));
    });
    for (const Layer& layer : layers)
        for (const auto* values : {&layer.attnNorm, &layer.gNorm, &layer.mlpNorm, &layer.lowerBound})
            hasher.add(std::span<const float>(*values));
    hasher.add(std::span<const float>(norm));
    return hasher.hex();
}

std::vector<float> lowerBoundsFrom(std::span<const float> raw, int layers, int width) {
    std::vector<float> bounds(raw.size());
    const auto rows = static_cast<std::size_t>(layers);
    const auto cols = static_cast<std::size_t>(width);
    std::vector<float> share(rows);
    for (std::size_t c = 0; c < cols; ++c) {
        float largest = raw[c];
        for (std::size_t l = 1; l < rows; ++l) largest = std::max(largest, raw[l * cols + c]);
        float sum = 0.0F;
        for (std::size_t l = 0; l < rows; ++l) sum += share[l] = std::exp(raw[l * cols + c] - largest);
        float running = 0.0F;
        for (std::size_t l = 0; l < rows; ++l) {
            running += share[l] / sum;
            bounds[l * cols + c] = running - share[0] / sum;
        }
    }
    return bounds;
}

Result<Model> randomModel(const ModelConfig& config, std::uint64_t seed) {
    TERNION_CHECK(config.validate());
    std::mt19937_64 random(seed);
    const int hidden = config.hiddenSize, state = config.stateSize(), inner = config.intermediateSize;
    const auto ones = [](int n) { return std::vector<float>(static_cast<std::size_t>(n), 1.0F); };
    const auto uniform = [&] { return static_cast<float>(random() >> 40) * 0x1p-24F; };

    Model model;
    model.name = "random";
    model.config = config;
    const auto count = static_cast<std::size_t>(config.vocabSize) * static_cast<std::size_t>(hidden);
    TERNION_TRY(auto embeddings, AlignedBuffer::allocate(count * 2));
    for (std::size_t k = 0; k < count; ++k) {
        const auto bits = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(uniform() - 0.5F) >> 16);
        std::memcpy(embeddings.data() + 2 * k, &bits, sizeof bits);
    }
    TERNION_TRY(model.embeddings, Embedding::create(std::move(embeddings), Embedding::Type::BF16, config.vocabSize, hidden));
    for (int l = 0; l < config.numLayers; ++l) {
        Layer layer;
        layer.attnNorm = ones(hidden);
        layer.gNorm = ones(state);
        layer.mlpNorm = ones(hidden);
        TERNION_TRY(layer.i, randomBitLinear(state, hidden, random));
        TERNION_TRY(layer.f, randomBitLinear(state, hidden, random));
        TERNION_TRY(layer.g, randomBitLinear(state, hidden, random));
        TERNION_TRY(layer.o, randomBitLinear(hidden, state, random));
        TERNION_TRY(layer.gate, randomBitLinear(2 * inner, hidden, random));
        TERNION_TRY(layer.down, randomBitLinear(hidden, inner, random));
        if (config.useLowerBound && l > 0) {
            layer.lowerBound = ones(state);
            for (float& b : layer.lowerBound) b = uniform() * static_cast<float>(l) / static_cast<float>(config.numLayers);
        }
        model.layers.push_back(std::move(layer));
    }
    model.norm = ones(hidden);
    TERNION_TRY(model.head, randomBitLinear(config.vocabSize, hidden, random));
    return model;
}

Result<ModelConfig> presetConfig(std::string_view name) {
    struct Preset {
        std::string_view name;
        int hidden;
        int layers;
    };
    constexpr std::array presets{Preset{"370M", 1024, 24}, Preset{"1.3B", 2048, 24}, Preset{"2.7B", 2560, 32}};
    for (const auto& preset : presets)
        if (preset.name == name) {
            ModelConfig config;
            config.vocabSize = 32000;
            config.hiddenSize = preset.hidden;
            config.numLayers = preset.layers;
            config.intermediateSize = ModelConfig::defaultIntermediateSize(preset.hidden, config.hiddenRatio);
            config.maxPositionEmbeddings = 2048;
            return config;
        }
    return Error{ErrorCode::NotFound, "there is no preset '" + std::string(name) + "'; choose 370M, 1.3B or 2.7B", {}};
}

}  // namespace ternion
