// SPIR-V that says SPV_NV_cooperative_matrix, said in SPV_KHR_cooperative_matrix.
#include "backend/vulkan/cooperative_matrix.h"

#include <gtest/gtest.h>

#include <initializer_list>

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
    EXPECT_EQ(khrCooperativeMatrix(nv), khr);
}

TEST(CooperativeMatrix, AnyOtherModuleIsLeftAlone) {
    const Words plain = module(3, {{17, 1}, {21, 1, 32, 0}, {21, 2, 32, 1}});
    EXPECT_EQ(khrCooperativeMatrix(plain), plain);
}

}  // namespace
}  // namespace ternion::vulkan
