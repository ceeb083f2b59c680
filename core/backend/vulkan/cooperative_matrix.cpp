#include "backend/vulkan/cooperative_matrix.h"

#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace ternion::vulkan {
namespace {

/// Of either extension's list of shapes.
template <class Properties, class Get>
std::vector<Properties> shapes(Get get, VkPhysicalDevice device, VkStructureType type) {
    std::uint32_t count = 0;
    if (get == nullptr || get(device, &count, nullptr) != VK_SUCCESS) return {};
    std::vector<Properties> all(count, Properties{});
    for (Properties& one : all) one.sType = type;
    get(device, &count, all.data());
    return all;
}

template <class Properties>
std::optional<CooperativeMatrix> choose(const std::vector<Properties>& all, VkComponentTypeNV Properties::*sum) {
    for (const Properties& one : all)
        if (one.AType == VK_COMPONENT_TYPE_SINT8_NV && one.BType == VK_COMPONENT_TYPE_SINT8_NV &&
            one.CType == VK_COMPONENT_TYPE_SINT32_NV && one.*sum == VK_COMPONENT_TYPE_SINT32_NV &&
            one.scope == VK_SCOPE_SUBGROUP_NV && one.MSize == 16 && (one.NSize == 8 || one.NSize == 16) &&
            (one.KSize == 16 || one.KSize == 32))
            return CooperativeMatrix{one.MSize, one.NSize, one.KSize};
    return {};
}

/// A string as SPIR-V holds it: four characters a word, a zero at its end.
std::vector<std::uint32_t> spirvString(std::string_view text) {
    std::vector<std::uint32_t> words(text.size() / 4 + 1);
    std::memcpy(words.data(), text.data(), text.size());
    return words;
}

}  // namespace

VkPhysicalDeviceCooperativeMatrixFeaturesNV cooperativeMatrixFeatures(bool khr, VkBool32 enabled) {
    return {khr ? VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR
                : VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_NV,
            nullptr, enabled, VK_FALSE};
}

std::optional<CooperativeMatrix> findCooperativeMatrix(const Api& api, VkPhysicalDevice device, bool khr) {
    auto found =
        khr ? choose(shapes<VkCooperativeMatrixPropertiesKHR>(api.vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR, device,
                                                              VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR),
                     &VkCooperativeMatrixPropertiesKHR::ResultType)
            : choose(shapes<VkCooperativeMatrixPropertiesNV>(api.vkGetPhysicalDeviceCooperativeMatrixPropertiesNV, device,
                                                             VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_NV),
                     &VkCooperativeMatrixPropertiesNV::DType);
    if (!found) return {};
    VkPhysicalDeviceSubgroupProperties subgroup{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES, nullptr, 0, 0, 0, VK_FALSE};
    VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &subgroup, {}};
    api.vkGetPhysicalDeviceProperties2(device, &properties);
    found->subgroupSize = subgroup.subgroupSize;
    found->khr = khr;
    return found;
}

std::vector<std::uint32_t> khrCooperativeMatrix(std::span<const std::uint32_t> frozen, std::span<const std::uint32_t> built) {
    // As numbered by the SPIR-V specification and by the two extensions.
    enum : std::uint32_t { opExtension = 10, opCapability = 17, opTypeInt = 21, opConstantTrue = 41, opConstant = 43 };
    enum : std::uint32_t { nvCapability = 5357, nvType, nvLoad, nvStore, nvMulAdd };
    enum : std::uint32_t { khrCapability = 6022, khrType = 4456, khrLoad, khrStore, khrMulAdd };
    constexpr std::uint32_t allSigned = 15;
    constexpr std::size_t headerWords = 5, boundAt = 3;
    using Words = std::vector<std::uint32_t>;

    const auto forEach = [](std::span<const std::uint32_t> words, const auto& visit) {
        for (std::size_t at = headerWords; at < words.size(); at += words[at] >> 16)
            visit(words[at] & 0xFFFF, words.subspan(at, words[at] >> 16));
    };
    std::uint32_t unsignedWord = 0, int32 = 0, yes = 0, sumRows = 0;
    forEach(built, [&](std::uint32_t op, std::span<const std::uint32_t> it) {
        if (op == opTypeInt && it[2] == 32 && it[3] == 1) int32 = it[1];
        if (op == nvType && it[2] == int32) sumRows = it[4];
    });
    if (sumRows == 0) return {frozen.begin(), frozen.end()};
    std::unordered_map<std::uint32_t, std::uint32_t> uses;  // of the types: 0 for A, 1 for B, 2 for the sum
    forEach(built, [&](std::uint32_t op, std::span<const std::uint32_t> it) {
        if (op == nvType) uses[it[1]] = it[2] == int32 ? 2 : it[4] == sumRows ? 0 : 1;
    });
    forEach(frozen, [&](std::uint32_t op, std::span<const std::uint32_t> it) {
        if (op == opTypeInt && it[2] == 32 && it[3] == 0) unsignedWord = it[1];
        if (op == opConstantTrue) yes = it[2];
    });

    Words out(frozen.begin(), frozen.begin() + headerWords);
    const std::uint32_t zero = out[boundAt];  // the constants 0, 1, 2: uses; by rows and by columns
    out[boundAt] += 3;
    const auto put = [&](std::uint32_t op, const Words& operands) {
        out.push_back(static_cast<std::uint32_t>(operands.size() + 1) << 16 | op);
        out.insert(out.end(), operands.begin(), operands.end());
    };
    forEach(frozen, [&](std::uint32_t op, std::span<const std::uint32_t> it) {
        Words operands(it.begin() + 1, it.end());
        const auto layout = [&](std::size_t major) { return zero + (operands[major] == yes ? 1 : 0); };
        if (op == opExtension && operands == spirvString("SPV_NV_cooperative_matrix"))
            put(op, spirvString("SPV_KHR_cooperative_matrix"));
        else if (op == opCapability && operands[0] == nvCapability)
            put(op, {khrCapability});
        else if (op == nvType) {
            operands.push_back(zero + uses[operands[0]]);
            put(khrType, operands);
        } else if (op == nvLoad || op == nvStore) {  // ... pointer or matrix, stride, is it by columns, access
            const std::size_t stride = op == nvLoad ? 3 : 2;
            operands[stride + 1] = std::exchange(operands[stride], layout(stride + 1));
            put(op == nvLoad ? khrLoad : khrStore, operands);
        } else if (op == nvMulAdd) {
            operands.push_back(allSigned);
            put(khrMulAdd, operands);
        } else
            put(op, operands);
        if (op == opTypeInt && it[1] == unsignedWord)
            for (std::uint32_t value = 0; value < 3; ++value) put(opConstant, {unsignedWord, zero + value, value});
    });
    return out;
}

}  // namespace ternion::vulkan
