// A whole model on a board against the golden model, to the last bit. The board is the reference of the instructions, so what
// fails here is a program or the backend; the RTL has benches of its own (tests/rtl).
#include "backend/fpga_model.h"

#include <gtest/gtest.h>

#include "fixed_models.h"
#include "link/in_process_board.h"
#include "program/reference_accelerator.h"

namespace ternion::fpga {
namespace {

struct Shape {
    Configuration configuration;
    int width, inner;
};
void PrintTo(const Shape& shape, std::ostream* out) {
    *out << shape.configuration.lanes << " lanes, " << shape.configuration.rows() << " rows, width " << shape.width;
}

constexpr int layers = 3;

class FpgaModels : public testing::TestWithParam<Shape> {
protected:
    static std::unique_ptr<DeviceModel> onBoard(const std::shared_ptr<const Model>& model, const Configuration& configuration) {
        CardSettings card;
        card.memoryBytes = 16 << 20;
        auto board = InProcessBoard::open(
            [&](DeviceMemory& memory) { return std::make_unique<ReferenceAccelerator>(memory, configuration); }, card);
        if (!board) throw std::logic_error(board.error().text());
        DeviceInfo device;
        device.backend = "fpga";
        auto made = FpgaModel::create(model, device, std::move(*board), {});
        if (!made) throw std::logic_error(made.error().text());
        return std::move(*made);
    }

    std::shared_ptr<const Model> model_ = modelOf(GetParam().width, GetParam().inner, layers, 5);
    std::unique_ptr<DeviceModel> golden_ = goldenModel(model_);
    std::unique_ptr<DeviceModel> board_ = onBoard(model_, GetParam().configuration);
    std::unique_ptr<DeviceState> goldenState_ = std::move(*golden_->createState());
    std::unique_ptr<DeviceState> boardState_ = std::move(*board_->createState());

    /// The same on both.
    void forwardBoth(std::vector<TokenId> tokens, const ForwardOptions& options) {
        const auto golden = golden_->forward(tokens, *goldenState_, options);
        const auto found = board_->forward(tokens, *boardState_, options);
        ASSERT_TRUE(golden.ok());
        ASSERT_TRUE(found.ok()) << found.error().text();
        ASSERT_NO_FATAL_FAILURE(expectSame(*golden, *found));
        expectSame(goldenState_->snapshot()->h, boardState_->snapshot()->h, "states");
    }
};

INSTANTIATE_TEST_SUITE_P(Fpga, FpgaModels,
                         testing::Values(Shape{{64, 1, false}, 128, 192}, Shape{{64, 1, false}, 100, 75},
                                         Shape{{16, 1, false}, 48, 40}, Shape{{32, 2, false}, 96, 130},
                                         Shape{{64, 1, true}, 112, 96}));

TEST_P(FpgaModels, EveryIntermediateIsTheGoldenOnes) {
    ForwardOptions options;
    options.logits = LogitsWanted::All;
    options.trace = everything(layers);
    forwardBoth({3, 1, 4, 1, 5, 9, 2, 6}, options);
    options.logits = LogitsWanted::Last;
    options.trace = {};
    forwardBoth({82, 0, 82}, options);
}

TEST_P(FpgaModels, EditsAreTheSame) {
    ForwardOptions options;
    options.trace = everything(layers);
    const std::vector<Edit> edits{{TraceTensor::Residual, 1, 3, 5, Edit::Kind::Scale, 0.37F},
                                  {TraceTensor::ForgetGate, 0, 0, 0, Edit::Kind::Clamp, 0.25F, 0.5F},
                                  {TraceTensor::State, 2, 1, 2, Edit::Kind::Pin, 0.75F},
                                  {TraceTensor::GluProjection, 1, GetParam().inner - 1, 2, Edit::Kind::Pin, -1.5F},
                                  {TraceTensor::LayerOutput, 2, 0, 4, Edit::Kind::Pin, 0.0F}};
    options.intervention = edits;
    forwardBoth({7, 8, 9}, options);
}

TEST_P(FpgaModels, StatesComeAndGo) {
    forwardBoth({10, 11, 12}, {});
    const auto before = boardState_->snapshot();
    ASSERT_TRUE(before.ok());
    EXPECT_EQ(before->position, 3);

    auto other = board_->createState();  // a second conversation on the same board
    ASSERT_TRUE(other.ok());
    ASSERT_TRUE(board_->forward(std::vector<TokenId>{40, 41}, **other, {}).ok());
    forwardBoth({13}, {});
    ASSERT_TRUE((*other)->restore(*before).ok());
    ASSERT_TRUE(boardState_->restore(*before).ok());
    ASSERT_TRUE(goldenState_->restore(*before).ok());
    forwardBoth({14, 15}, {});
    const auto again = board_->forward(std::vector<TokenId>{14, 15}, **other, {});
    ASSERT_TRUE(again.ok());
    expectSame(boardState_->snapshot()->h, (*other)->snapshot()->h, "the same tokens from the same state");
    ASSERT_TRUE(boardState_->reset().ok());
    ASSERT_TRUE(goldenState_->reset().ok());
    forwardBoth({1}, {});
}

TEST_P(FpgaModels, PartsOfAPass) {
    std::vector<float> x(static_cast<std::size_t>(GetParam().width) * 2);
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = static_cast<float>(k % 17) * 0.31F - 2.0F;
    expectSame(*golden_->readOut(x, {}), *board_->readOut(x, {}), "read out");
    expectSame(*golden_->forwardLayer(1, x, *goldenState_), *board_->forwardLayer(1, x, *boardState_), "layer 1");
    expectSame(goldenState_->snapshot()->h, boardState_->snapshot()->h, "states");
}

}  // namespace
}  // namespace ternion::fpga
