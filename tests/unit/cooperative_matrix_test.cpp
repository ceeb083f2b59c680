// SPIR-V that says SPV_NV_cooperative_matrix, said in SPV_KHR_cooperative_matrix.
#include "backend/vulkan/cooperative_matrix.h"

#include <gtest/gtest.h>

#include <array>
#include <initializer_list>
#include <map>

#include "backend/vulkan/frozen_constants.h"
#include "shaders.h"

namespace ternion::vulkan {
namespace {

using Words = std::vector<std::uint32_t>;

Words module(std::uint32_t bound, std::initializer_list<Words> instructions) {
    Words words{0x07230203, 0x00010500, 0, bound, 0};
    for (const Words& one : instructions) {
        words.push_back(static_cast<std::uint32_t>(one.size()) << 16 | one[0]);
        words.insert(words.end(), one.begin() + 1, one.end());
    }
    return words;
}

// Ids: 1 uint, 2 int, 3 int8, 4 bool, 5 true, 6 false, 7 scope, 8 M, 9 N, 10 K, 11 A, 12 B, 13 sum; 14 to 17 values, 18
// pointer, 19 stride.
TEST(CooperativeMatrix, EveryInstructionOfOneExtensionIsSaidInTheOther) {
    const Words nv = module(20, {{17, 5357},
                                 {21, 1, 32, 0},
                                 {21, 2, 32, 1},
                                 {21, 3, 8, 1},
                                 {41, 4, 5},
                                 {42, 4, 6},
                                 {5358, 11, 3, 7, 8, 10},
                                 {5358, 12, 3, 7, 10, 9},
                                 {5358, 13, 2, 7, 8, 9},
                                 {5359, 11, 14, 18, 19, 6, 32},
                                 {5359, 12, 15, 18, 19, 5, 32},
                                 {5361, 13, 17, 14, 15, 16},
                                 {5360, 18, 17, 19, 5, 32}});
    const Words khr = module(23, {{17, 6022},
                                  {21, 1, 32, 0},
                                  {43, 1, 20, 0},
                                  {43, 1, 21, 1},
                                  {43, 1, 22, 2},
                                  {21, 2, 32, 1},
                                  {21, 3, 8, 1},
                                  {41, 4, 5},
                                  {42, 4, 6},
                                  {4456, 11, 3, 7, 8, 10, 20},
                                  {4456, 12, 3, 7, 10, 9, 21},
                                  {4456, 13, 2, 7, 8, 9, 22},
                                  {4457, 11, 14, 18, 20, 19, 32},
                                  {4457, 12, 15, 18, 21, 19, 32},
                                  {4459, 13, 17, 14, 15, 16, 15},
                                  {4458, 18, 17, 21, 19, 32}});
    EXPECT_EQ(khrCooperativeMatrix(nv, nv), khr);
}

// Where M, N and K are the same number, frozen types of A and B differ in nothing but their ids.
TEST(CooperativeMatrix, TheKernelIsSaidInTheOtherForDevicesOfEveryShape) {
    for (const auto& [m, n, k] : {std::array{16U, 16U, 16U}, std::array{16U, 16U, 32U}, std::array{16U, 8U, 32U}}) {
        const auto built = shaders::find("bit_linear_matrix");
        const Words frozen = withFrozenConstants(built, std::array{512U, m, n, k, 128U, 128U, 32U, 32U, 0U});
        const Words khr = khrCooperativeMatrix(frozen, built);
        ASSERT_GT(khr.size(), 5U);
        std::map<std::uint32_t, int> types;  // by the constant that says what they are for
        for (std::size_t at = 5; at < khr.size(); at += khr[at] >> 16) {
            const std::uint32_t op = khr[at] & 0xFFFF;
            EXPECT_FALSE(op >= 5358 && op <= 5361) << "still of the other extension";
            if (op == 4456) ++types[khr[at + 6]];
        }
        EXPECT_EQ(types.size(), 3U);
        for (const auto& [use, count] : types) EXPECT_EQ(count, 1) << use;
    }
}

TEST(CooperativeMatrix, AnyOtherModuleIsLeftAlone) {
    const Words plain = module(3, {{17, 1}, {21, 1, 32, 0}, {21, 2, 32, 1}});
    EXPECT_EQ(khrCooperativeMatrix(plain, plain), plain);
}

}  // namespace
}  // namespace ternion::vulkan
