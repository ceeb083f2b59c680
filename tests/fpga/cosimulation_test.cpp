// The sample model on the RTL, cycle by cycle, against the golden model: every intermediate, then text. A few tokens here;
//   TERNION_COSIMULATED_TOKENS=64 TERNION_COSIMULATED_TEXT=512 fpga_tests --gtest_filter='Cosimulation*'
// is the long run.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "backend/fpga_model.h"
#include "checkpoint/checkpoint.h"
#include "fixed_models.h"
#include "link/in_process_board.h"
#include "sim/board_accelerator.h"

namespace ternion::fpga {
namespace {

int numberFrom(const char* variable, int otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::atoi(text);
}

class Cosimulation : public testing::Test {
protected:
    void SetUp() override {
        const auto checkpoint = openCheckpoint(std::filesystem::path(TERNION_RESOURCES) / "sample-model/ternary-49m.gguf");
        ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().text();
        golden_ = goldenModel(checkpoint->model);
        auto board = InProcessBoard::open(makeBoardAccelerator);
        ASSERT_TRUE(board.ok()) << board.error().text();
        DeviceInfo device;
        device.backend = "fpga";
        device.address = "sim";
        auto made = FpgaModel::create(checkpoint->model, device, std::move(*board), {});
        ASSERT_TRUE(made.ok()) << made.error().text();
        board_ = std::move(*made);
        goldenState_ = std::move(*golden_->createState());
        boardState_ = std::move(*board_->createState());
    }

    std::unique_ptr<DeviceModel> golden_, board_;
    std::unique_ptr<DeviceState> goldenState_, boardState_;
};

TEST_F(Cosimulation, EveryIntermediateOfTheSampleModel) {
    std::vector<TokenId> tokens(static_cast<std::size_t>(numberFrom("TERNION_COSIMULATED_TOKENS", 2)));
    std::iota(tokens.begin(), tokens.end(), 100);
    ForwardOptions options;
    options.logits = LogitsWanted::All;
    options.trace = everything(golden_->model().config.numLayers);
    const auto golden = golden_->forward(tokens, *goldenState_, options);
    const auto found = board_->forward(tokens, *boardState_, options);
    ASSERT_TRUE(golden.ok());
    ASSERT_TRUE(found.ok()) << found.error().text();
    expectSame(*golden, *found);
    expectSame(goldenState_->snapshot()->h, boardState_->snapshot()->h, "states");
}

TEST_F(Cosimulation, TextOfTheSampleModelAndItsCycles) {
    const int wanted = numberFrom("TERNION_COSIMULATED_TEXT", 4);
    TokenId token = 1;
    double simulating = 0.0;
    for (int t = 0; t < wanted; ++t) {
        const auto golden = golden_->forward({&token, 1}, *goldenState_, {});
        const auto begin = std::chrono::steady_clock::now();
        const auto found = board_->forward({&token, 1}, *boardState_, {});
        simulating += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        ASSERT_TRUE(golden.ok());
        ASSERT_TRUE(found.ok()) << found.error().text();
        ASSERT_NO_FATAL_FAILURE(expectSame(golden->logits, found->logits, "logits of token " + std::to_string(t)));
        token = static_cast<TokenId>(std::max_element(golden->logits.begin(), golden->logits.end()) - golden->logits.begin());
    }
    expectSame(goldenState_->snapshot()->h, boardState_->snapshot()->h, "states");

    const auto cycles = board_->lastToken();
    ASSERT_TRUE(cycles.has_value());
    const auto words = static_cast<double>(cycles->readBytes) / Configuration{}.wordBytes();  // one a cycle, at most
    const double bound = std::max(static_cast<double>(cycles->array), words);
    const auto share = [](std::uint64_t part, std::uint64_t whole) {
        return static_cast<double>(part) / static_cast<double>(whole);
    };
    std::printf(
        "%d tokens, %.2f tokens/s of co-simulation; %llu cycles a token, %.3f of max(compute, memory); array busy %.1f %%\n",
        wanted, wanted / simulating, static_cast<unsigned long long>(cycles->total), static_cast<double>(cycles->total) / bound,
        100.0 * share(cycles->array, cycles->matVec));
    EXPECT_TRUE(cycles->simulated);
    EXPECT_GE(share(cycles->array, cycles->matVec), 0.9);
    EXPECT_LE(static_cast<double>(cycles->total), 1.25 * bound);
}

}  // namespace
}  // namespace ternion::fpga
