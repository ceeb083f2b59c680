#include "backend/vulkan/vulkan_kernels.h"

#include <algorithm>
#include <chrono>

namespace ternion::vulkan {
namespace {

/// How a BitLinear's rows are spread over invocations.
struct ProductShape {
    std::uint32_t workgroup;  // invocations
    std::uint32_t lanes;      // invocations that share a row
    std::uint32_t tile;       // prefill: tokens that share one reading of the weights
};

ProductShape productShape(const PhysicalDevice& device) {
    // A processor runs a workgroup's invocations one after another: none of them should wait for the others.
    return device.info.software ? ProductShape{64, 1, 4} : ProductShape{256, 16, 8};
}

constexpr std::uint32_t divideUp(std::uint32_t count, std::uint32_t by) { return (count + by - 1) / by; }

}  // namespace

Result<Kernels> Kernels::create(Device& device, Packing packing) {
    Kernels kernels;
    const auto make = [&](Pipeline& pipeline, std::string_view name, std::size_t pushBytes,
                          std::span<const std::uint32_t> constants = {}) -> Status {
        TERNION_TRY(pipeline, device.pipeline(name, constants, pushBytes));
        return {};
    };
    TERNION_CHECK(make(kernels.normQuantise_, "norm_quantise", sizeof(QuantisePush)));
    TERNION_CHECK(make(kernels.plainQuantise_, "plain_quantise", sizeof(QuantisePush)));
    TERNION_CHECK(make(kernels.gateQuantise_, "gate_quantise", sizeof(QuantisePush)));
    TERNION_CHECK(make(kernels.gluQuantise_, "glu_quantise", sizeof(QuantisePush)));
    TERNION_CHECK(make(kernels.mlgru_, "mlgru", sizeof(MlgruPush)));

    const ProductShape shape = productShape(device.physical());
    const std::uint32_t dense = packing == Packing::Dense ? 1 : 0;
    for (std::size_t tile = 0; tile < kernels.bitLinear_.size(); ++tile)
        for (std::uint32_t result = 0; result < kernels.bitLinear_[tile].size(); ++result)
            TERNION_CHECK(make(kernels.bitLinear_[tile][result], device.physical().packedDot ? "bit_linear_dot" : "bit_linear",
                               sizeof(BitLinearPush),
                               std::array{shape.workgroup, shape.lanes, tile == 0 ? 1U : shape.tile, result, dense}));
    kernels.groupRows_ = shape.workgroup / shape.lanes;
    kernels.tileTokens_ = shape.tile;
    kernels.maxGroups_ = device.physical().limits.maxComputeWorkGroupCount[0];
    return kernels;
}

void Kernels::bitLinear(Commands& commands, const BitLinearPush& push, std::uint32_t projections, ProductResult result) const {
    const bool tiled = push.tokens > 1;
    commands.dispatch(
        bitLinear_[tiled ? 1 : 0][static_cast<std::size_t>(result)], push,
        {std::min(divideUp(push.rows, groupRows_), maxGroups_), divideUp(push.tokens, tiled ? tileTokens_ : 1), projections});
}

void Kernels::mlgru(Commands& commands, const MlgruPush& push) const {
    commands.dispatch(mlgru_, push, {divideUp(push.width, 64), 1, 1});
}

Result<double> measureReadBandwidth(Device& device) {
    struct Push {
        VkDeviceAddress source, sink;
        std::uint32_t quads;
    };
    constexpr VkDeviceSize most = VkDeviceSize{1} << 30;
    const VkDeviceSize size = std::min(most, device.available() / 4) / 16 * 16;
    TERNION_TRY(const auto source, device.allocate(size, MemoryKind::Device));
    TERNION_TRY(const auto sink, device.allocate(16, MemoryKind::Device));
    TERNION_TRY(const auto pipeline, device.pipeline("read_bandwidth", {}, sizeof(Push)));
    TERNION_TRY(auto once, device.commands());
    TERNION_CHECK(once.begin());
    once.zero(source);
    TERNION_CHECK(once.end());
    TERNION_CHECK(device.run(once));

    TERNION_TRY(auto commands, device.commands());
    TERNION_CHECK(commands.begin());
    const Push push{source.address, sink.address, static_cast<std::uint32_t>(size / 16)};
    commands.dispatch(pipeline, push, {4096, 1, 1});
    TERNION_CHECK(commands.end());
    TERNION_CHECK(device.run(commands));  // warm
    using Clock = std::chrono::steady_clock;
    double best = 0.0;
    const auto begin = Clock::now();
    do {
        const auto start = Clock::now();
        TERNION_CHECK(device.run(commands));
        best = std::max(best, static_cast<double>(size) / std::chrono::duration<double>(Clock::now() - start).count());
    } while (Clock::now() - begin < std::chrono::milliseconds(200));
    return best;
}

}  // namespace ternion::vulkan
