#include "backend/vulkan/vulkan_kernels.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "backend/vulkan/pass_limits.h"

namespace ternion::vulkan {
namespace {

constexpr std::uint32_t mlgruInvocations = 288;  // of mlgru_activated

// On matrix units a workgroup makes a square of results, its subgroups a square each: many, so that they hide each other's
// waits.
constexpr std::uint32_t matrixTile = 128, subgroupTile = 32;
constexpr std::uint32_t matrixSubgroups = matrixTile / subgroupTile * (matrixTile / subgroupTile);
constexpr std::uint32_t matrixSharedBytes = 2 * matrixTile * (9 * 16 + 4);

// Twins of the push constants of edit, glu and add.
struct EditPush {
    VkDeviceAddress values, edits;
    EditRange range;
    std::uint32_t width;
};
struct PairPush {
    VkDeviceAddress first, second;
    std::uint32_t width;
};

bool usesMatrix(const PhysicalDevice& device) {
    return device.matrix && device.limits.maxComputeSharedMemorySize >= matrixSharedBytes &&
           device.limits.maxComputeWorkGroupInvocations >=
               std::max(mlgruInvocations, matrixSubgroups * device.matrix->subgroupSize);
}

}  // namespace

Result<Kernels> Kernels::create(Device& device, Packing packing, const ProductTuning& tuning) {
    Kernels kernels;
    kernels.packing_ = packing;
    const std::uint32_t shuffled = device.physical().subgroupSize;
    const auto makeReducing = [&](Pipeline& pipeline, std::string name, std::size_t pushBytes,
                                  std::span<const std::uint32_t> constants) -> Status {
        if (shuffled > 1) name += "_shuffled";
        TERNION_TRY(pipeline, device.pipeline(name, constants, pushBytes, shuffled > 1));
        return {};
    };
    const std::uint32_t batch = device.physical().info.software ? 1 : 8;  // columns read together: latency hidden
    struct Front {
        Pipeline& pipeline;
        const char* name;
        std::uint32_t projections;
    };
    for (const Front& front :
         {Front{kernels.normQuantise_[0], "norm_quantise", 1}, Front{kernels.normQuantise_[1], "norm_quantise", 3},
          Front{kernels.plainQuantise_, "plain_quantise", 1}, Front{kernels.gateQuantise_, "gate_quantise", 1},
          Front{kernels.gluQuantise_, "glu_quantise", 1}})
        TERNION_CHECK(
            makeReducing(front.pipeline, front.name, sizeof(QuantisePush), std::array{shuffled, batch, front.projections}));
    for (const std::uint32_t keepGates : {0U, 1U}) {
        TERNION_TRY(kernels.mlgru_[0][keepGates], device.pipeline("mlgru", std::array{keepGates}, sizeof(MlgruPush)));
        if (!usesMatrix(device.physical())) continue;
        TERNION_TRY(kernels.mlgru_[1][keepGates], device.pipeline("mlgru_activated", std::array{keepGates}, sizeof(MlgruPush)));
    }

    TERNION_TRY(kernels.edit_, device.pipeline("edit", {}, sizeof(EditPush)));
    TERNION_TRY(kernels.editedMlgru_, device.pipeline("mlgru_edited", {}, sizeof(EditedMlgruPush)));
    TERNION_TRY(kernels.glu_, device.pipeline("glu", {}, sizeof(PairPush)));
    TERNION_TRY(kernels.add_, device.pipeline("add", {}, sizeof(PairPush)));

    TERNION_TRY(kernels.one_, BitLinearProduct::create(device, packing, tuning.one));
    TERNION_TRY(kernels.several_, BitLinearProduct::create(device, packing, tuning.several));

    if (packing == Packing::TwoBit && usesMatrix(device.physical())) {
        const CooperativeMatrix& matrix = *device.physical().matrix;
        for (std::uint32_t result = 0; result < kernels.matrix_.size(); ++result) {
            TERNION_TRY(kernels.matrix_[result],
                        device.pipeline("bit_linear_matrix",
                                        std::array{matrixSubgroups * matrix.subgroupSize, matrix.m, matrix.n, matrix.k,
                                                   matrixTile, matrixTile, subgroupTile, subgroupTile, result},
                                        sizeof(BitLinearPush)));
        }
        kernels.fuses_ = true;
    }
    return kernels;
}

void Kernels::bitLinear(Commands& commands, const BitLinearPush& push, std::uint32_t projections, ProductResult result) const {
    if (fuses(push.tokens))
        return commands.dispatch(matrix_[static_cast<std::size_t>(result)], push,
                                 {divideUp(push.tokens, matrixTile), divideUp(push.rows, matrixTile), projections},
                                 std::uint64_t{projections} * push.rows * packedRowBytes(packing_, push.columns));
    (push.tokens > 1 ? several_ : one_).record(commands, push, projections, result);
}

void Kernels::mlgru(Commands& commands, const MlgruPush& push, bool activated, bool keepGates) const {
    commands.dispatch(mlgru_[activated ? 1 : 0][keepGates ? 1 : 0], push, {divideUp(push.width, mlgruChannels), 1, 1});
}

void Kernels::edit(Commands& commands, VkDeviceAddress values, VkDeviceAddress edits, EditRange range, std::uint32_t width,
                   std::uint32_t tokens) const {
    commands.dispatch(edit_, EditPush{values, edits, range, width}, {divideUp(width, elementChannels), tokens, 1});
}

void Kernels::editedMlgru(Commands& commands, const EditedMlgruPush& push) const {
    commands.dispatch(editedMlgru_, push, {divideUp(push.width, mlgruChannels), 1, 1});
}

void Kernels::glu(Commands& commands, VkDeviceAddress uv, VkDeviceAddress out, std::uint32_t width,
                  std::uint32_t tokens) const {
    commands.dispatch(glu_, PairPush{uv, out, width}, {divideUp(width, elementChannels), tokens, 1});
}

void Kernels::add(Commands& commands, VkDeviceAddress x, VkDeviceAddress y, std::uint32_t width, std::uint32_t tokens) const {
    commands.dispatch(add_, PairPush{x, y, width}, {divideUp(width, elementChannels), tokens, 1});
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
    once.fill(source, 0);
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
