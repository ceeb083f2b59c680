#include "backend/vulkan/product_tuning.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "backend/vulkan/bit_linear_product.h"
#include "backend/vulkan/kept_file.h"
#include "base/log.h"
#include "model/dense_trits.h"

namespace ternion::vulkan {
namespace {

constexpr FileKind tuningKind{'T', 'R', 'N', 'T', 'U', 'N', 'E', '1'};

// A processor reads for each invocation in turn: what can be read once should be, and nobody should wait.
constexpr std::array softwareOne{ProductShape{32, 1, 8, 1}, ProductShape{32, 1, 4, 1}};
constexpr std::array softwareSeveral{ProductShape{32, 1, 8, 2}, ProductShape{32, 1, 4, 4}};
constexpr std::array hardwareOne{ProductShape{256, 16, 1, 1}, ProductShape{256, 32, 1, 1}, ProductShape{256, 8, 1, 1},
                                 ProductShape{128, 16, 1, 1}, ProductShape{64, 16, 1, 1},  ProductShape{128, 32, 2, 1},
                                 ProductShape{64, 64, 1, 1},  ProductShape{64, 8, 2, 1}};
constexpr std::array hardwareSeveral{ProductShape{256, 16, 1, 8}, ProductShape{256, 8, 1, 8},  ProductShape{256, 32, 1, 8},
                                     ProductShape{256, 16, 1, 4}, ProductShape{128, 16, 2, 4}, ProductShape{64, 8, 2, 8},
                                     ProductShape{128, 8, 4, 4}};

// What is timed: the products of layers of 1.3B, as often as they take more memory than caches hold.
constexpr std::uint32_t hidden = 2048, inner = 5632, layers = 6, severalTokens = 16;
struct Matrix {
    std::uint32_t projections, rows, columns;
};
constexpr std::array matrices{Matrix{3, hidden, hidden}, Matrix{1, hidden, hidden}, Matrix{1, 2 * inner, hidden},
                              Matrix{1, hidden, inner}};
constexpr int rounds = 4;
constexpr double mostSeconds = 0.3;  // on the device, after which no further round begins

struct Kept {
    ProductShape one, several;
    double seconds;
};

std::filesystem::path pathFor(const Device& device, Packing packing) {
    return device.cacheFolder() /
           device.physical().key.fileName(packing == Packing::Dense ? "products-dense" : "products-2bit");
}

std::optional<ProductTuning> load(const Device& device, Packing packing) {
    if (device.cacheFolder().empty()) return std::nullopt;
    const auto data = loadKept(pathFor(device, packing), tuningKind);
    Kept kept{};
    if (data.size() != sizeof kept) return std::nullopt;
    std::memcpy(&kept, data.data(), sizeof kept);
    const auto isOneOf = [](const ProductShape& shape, std::span<const ProductShape> all) {
        return std::find(all.begin(), all.end(), shape) != all.end();
    };
    if (!isOneOf(kept.one, shapesFor(device.physical(), false)) || !isOneOf(kept.several, shapesFor(device.physical(), true)) ||
        !(kept.seconds > 0.0) || !std::isfinite(kept.seconds))
        return std::nullopt;
    return ProductTuning{kept.one, kept.several, kept.seconds};
}

/// What the products work on, all of it zero: that takes the same time.
struct Bench {
    Buffer weights, codes, steps, sums, y;
    VkDeviceSize layerBytes = 0;

    static Result<Bench> create(Device& device, Packing packing) {
        Bench bench;
        for (const Matrix& matrix : matrices)
            bench.layerBytes += std::uint64_t{matrix.projections} * matrix.rows * packedRowBytes(packing, matrix.columns);
        const VkDeviceSize tokens = 3 * severalTokens;
        const auto codes = static_cast<VkDeviceSize>(codeColumns(static_cast<int>(inner)));
        for (const auto& [buffer, bytes] : {std::pair{&bench.weights, layers * bench.layerBytes},
                                            std::pair{&bench.codes, tokens * codes}, std::pair{&bench.steps, tokens * 4},
                                            std::pair{&bench.sums, tokens * 4}, std::pair{&bench.y, tokens * 2 * inner * 4}}) {
            TERNION_TRY(*buffer, device.allocate(bytes, MemoryKind::Device));
        }
        TERNION_TRY(auto commands, device.commands());
        TERNION_CHECK(commands.begin());
        for (const Buffer* buffer : {&bench.weights, &bench.codes, &bench.steps, &bench.sums, &bench.y})
            commands.fill(*buffer, 0);
        TERNION_CHECK(commands.end());
        TERNION_CHECK(device.run(commands));
        return bench;
    }

    Result<Commands> record(Device& device, const BitLinearProduct& product, Packing packing, std::uint32_t tokens) const {
        TERNION_TRY(auto commands, device.timedCommands(layers * static_cast<std::uint32_t>(matrices.size())));
        TERNION_CHECK(commands.begin());
        VkDeviceAddress at = weights.address;
        for (std::uint32_t layer = 0; layer < layers; ++layer)
            for (const Matrix& matrix : matrices) {
                product.record(
                    commands,
                    {at, codes.address, steps.address, sums.address, y.address, {}, matrix.rows, matrix.columns, tokens},
                    matrix.projections, ProductResult::Store);
                at += std::uint64_t{matrix.projections} * matrix.rows * packedRowBytes(packing, matrix.columns);
            }
        TERNION_CHECK(commands.end());
        return commands;
    }
};

struct Fastest {
    ProductShape shape;
    double seconds = std::numeric_limits<double>::infinity();
};

Result<Fastest> tryShapes(Device& device, Packing packing, const Bench& bench, bool several) {
    struct Candidate {
        ProductShape shape;
        BitLinearProduct product;
        Commands commands;
    };
    std::vector<Candidate> candidates;
    for (const ProductShape& shape : shapesFor(device.physical(), several)) {
        TERNION_TRY(auto product, BitLinearProduct::create(device, packing, shape, 1));
        TERNION_TRY(auto commands, bench.record(device, product, packing, several ? severalTokens : 1));
        candidates.push_back({shape, std::move(product), std::move(commands)});
    }
    // In turns, so that a clock that changes is as kind to each. The first round only wakes the device.
    Fastest fastest;
    double spent = 0.0;
    for (int round = 0; round < rounds && (round < 2 || spent < mostSeconds); ++round)
        for (const Candidate& candidate : candidates) {
            TERNION_CHECK(device.run(candidate.commands));
            TERNION_TRY(const auto times, device.times(candidate.commands));
            double seconds = 0.0;
            for (const KernelTime& time : times) seconds += time.seconds;
            spent += seconds;
            if (round > 0 && seconds < fastest.seconds) fastest = {candidate.shape, seconds};
        }
    return fastest;
}

Result<ProductTuning> tryAll(Device& device, Packing packing) {
    TERNION_TRY(const auto bench, Bench::create(device, packing));
    TERNION_TRY(const auto one, tryShapes(device, packing, bench, false));
    TERNION_TRY(const auto several, tryShapes(device, packing, bench, true));
    if (!(one.seconds > 0.0)) return Error{ErrorCode::Unsupported, "its clock stands still", device.physical().info.name};
    return ProductTuning{one.shape, several.shape, one.seconds};
}

/// Kept or tried, or the first shapes.
ProductTuning tunedOrNot(Device& device, Packing packing) {
    const PhysicalDevice& physical = device.physical();
    const ProductTuning first{shapesFor(physical, false).front(), shapesFor(physical, true).front(), 0.0};
    using Use = VulkanPaths::Use;
    const bool worthIt = !physical.info.software && !device.cacheFolder().empty();
    if (physical.paths.tune == Use::Off || (physical.paths.tune == Use::Auto && !worthIt)) return first;
    if (const auto kept = load(device, packing)) return *kept;
    const auto tuned = tryAll(device, packing);
    if (!tuned) {
        log(LogLevel::Warning, "kernels run in their usual shapes: " + tuned.error().text());
        return first;
    }
    if (!device.cacheFolder().empty()) {
        const Kept kept{tuned->one, tuned->several, tuned->seconds};
        const auto saved = saveKept(pathFor(device, packing), tuningKind, std::as_bytes(std::span(&kept, 1)));
        if (!saved) log(LogLevel::Warning, saved.error().text());
    }
    return *tuned;
}

}  // namespace

std::span<const ProductShape> shapesFor(const PhysicalDevice& device, bool several) {
    if (device.info.software) return several ? std::span<const ProductShape>(softwareSeveral) : softwareOne;
    return several ? std::span<const ProductShape>(hardwareSeveral) : hardwareOne;
}

ProductTuning productTuning(Device& device, Packing packing) {
    ProductTuning tuning = tunedOrNot(device, packing);
    const ProductShape& wanted = device.physical().paths.shape;
    for (ProductShape* const shape : {&tuning.one, &tuning.several}) {
        if (wanted.workgroup != 0) shape->workgroup = wanted.workgroup;
        if (wanted.lanes != 0) shape->lanes = wanted.lanes;
        if (wanted.rows != 0) shape->rows = wanted.rows;
    }
    if (wanted.tokens != 0) tuning.several.tokens = wanted.tokens;
    return tuning;
}

Packing fasterPacking(Device& device) {
    const PhysicalDevice& physical = device.physical();
    if (physical.matrix || physical.persists()) return Packing::TwoBit;
    const double twoBit = tunedOrNot(device, Packing::TwoBit).seconds;
    const double dense = twoBit > 0.0 ? tunedOrNot(device, Packing::Dense).seconds : 0.0;
    return dense > 0.0 && dense < twoBit ? Packing::Dense : Packing::TwoBit;
}

}  // namespace ternion::vulkan
