// What the float profile asks of the compiled kernels: that neither a compiler nor a driver may fuse a multiplication with an
// addition. `precise` in GLSL is easily lost (by one return value that is not kept in a precise variable, or when glslc -O
// unrolls a loop), and no driver that the tests run on needs to take advantage of it.
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "shaders.h"

namespace ternion {
namespace {

class Kernel : public testing::TestWithParam<const char*> {};

TEST_P(Kernel, FusesNoFloatOperations) {
    const auto words = shaders::find(GetParam());
    constexpr std::size_t header = 5;
    ASSERT_GT(words.size(), header);
    enum : std::uint32_t { extInst = 12, fAdd = 129, fSub = 131, fMul = 133, decorate = 71, noContraction = 42, fma = 50 };
    std::set<std::uint32_t> exact;
    std::vector<std::uint32_t> operations;
    for (std::size_t at = header; at < words.size(); at += words[at] >> 16) {
        ASSERT_GT(words[at] >> 16, 0U);
        const std::uint32_t code = words[at] & 0xFFFF;
        if (code == decorate && words[at + 2] == noContraction) exact.insert(words[at + 1]);
        if (code == fAdd || code == fSub || code == fMul) operations.push_back(words[at + 2]);
        EXPECT_FALSE(code == extInst && words[at + 4] == fma) << "at word " << at;
    }
    EXPECT_FALSE(operations.empty());
    for (const std::uint32_t id : operations) EXPECT_TRUE(exact.contains(id)) << "%" << id << " may be contracted";
}

INSTANTIATE_TEST_SUITE_P(Shaders, Kernel,
                         testing::Values("bit_linear", "bit_linear_shuffled", "bit_linear_dot", "bit_linear_dot_shuffled",
                                         "bit_linear_matrix", "decode_token", "decode_token_dot", "fixed_edit",
                                         "fixed_glu_quantise", "fixed_mlgru", "gate_quantise", "gate_quantise_shuffled",
                                         "glu_quantise", "glu_quantise_shuffled", "mlgru", "mlgru_activated", "norm_quantise",
                                         "norm_quantise_shuffled", "plain_quantise", "plain_quantise_shuffled"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace ternion
