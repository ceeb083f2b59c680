// Faults built into the RTL (its parameters STUCK_LANE and TRUNCATES): a comparison with the golden model names where they show
// first.
#include <gtest/gtest.h>

#include <cmath>

#include "VerilatedNarrow.h"
#include "VerilatedStuckLane.h"
#include "VerilatedTruncating.h"
#include "backend/fixed_profile.h"
#include "backend/fpga_model.h"
#include "compare/lockstep.h"
#include "fixed_models.h"
#include "link/in_process_board.h"
#include "sim/verilated_model.h"

namespace ternion::fpga {
namespace {

constexpr int width = 64, inner = 96, layers = 2, lanes = 16, stuckLane = 5;

template <class Chip>
std::shared_ptr<DeviceModel> boardOf(const std::shared_ptr<const Model>& model) {
    auto board = InProcessBoard::open([](DeviceMemory& memory) -> std::unique_ptr<Accelerator> {
        return std::make_unique<VerilatedAccelerator<Chip>>(memory);
    });
    EXPECT_TRUE(board.ok()) << board.error().text();
    DeviceInfo device;
    device.backend = "fpga";
    device.address = "sim";
    auto made = FpgaModel::create(model, device, std::move(*board), {});
    EXPECT_TRUE(made.ok()) << made.error().text();
    return std::move(*made);
}

ComparisonSummary compared(const std::vector<std::shared_ptr<DeviceModel>>& sides) {
    LockstepPlan plan;
    plan.prompt = {3, 17};
    plan.tokens = 4;
    const auto result = runLockstep(sides, plan, {}, {});
    EXPECT_TRUE(result.ok()) << result.error().text();
    return result->comparisons.front();
}

Model wholeOne() { return makeModel(width, inner, layers, 7); }
std::shared_ptr<const Model> wholeModel() { return std::make_shared<const Model>(wholeOne()); }

/// The model as an array with that lane at 0 sees it.
std::shared_ptr<const Model> withoutTheLane() {
    Model model = wholeOne();
    const auto strip = [](TernaryMatrix& matrix) {
        std::vector<std::int8_t> trits;
        for (int row = 0; row < matrix.rows(); ++row)
            for (int column = 0; column < matrix.cols(); ++column)
                trits.push_back(static_cast<std::int8_t>(column % lanes == stuckLane ? 0 : matrix.trit(row, column)));
        matrix = std::move(*TernaryMatrix::fromTrits(trits, matrix.rows(), matrix.cols(), matrix.gamma()));
    };
    for (Layer& layer : model.layers)
        for (BitLinear* linear : {&layer.i, &layer.f, &layer.g, &layer.o, &layer.gate, &layer.down}) strip(linear->weight);
    strip(model.head.weight);
    return std::make_shared<const Model>(std::move(model));
}

TEST(PlantedFaults, ASoundBoardDiffersNowhere) {
    const auto found = compared({goldenModel(wholeModel()), boardOf<VerilatedNarrow>(wholeModel())});
    EXPECT_EQ(found.compared, 6);
    EXPECT_EQ(found.maxAbs(), 0.0F);
    EXPECT_FALSE(found.divergence.has_value());
}

TEST(PlantedFaults, AStuckLaneIsNamed) {
    const auto found = compared({goldenModel(wholeModel()), boardOf<VerilatedStuckLane>(wholeModel())});
    ASSERT_TRUE(found.divergence.has_value());
    const Divergence& first = *found.divergence;
    EXPECT_EQ(first.position, 0);
    ASSERT_TRUE(first.item.has_value());
    EXPECT_EQ(*first.item, (TraceRequest::Item{TraceTensor::CandidateProjection, 0})) << describe(first);

    // The channel and its values are those that the fault makes, and nothing but the lane differs.
    const auto expected = compared({goldenModel(wholeModel()), goldenModel(withoutTheLane())});
    ASSERT_TRUE(expected.divergence.has_value());
    EXPECT_EQ(describe(first), describe(*expected.divergence));
    EXPECT_EQ(compared({goldenModel(withoutTheLane()), boardOf<VerilatedStuckLane>(wholeModel())}).maxAbs(), 0.0F);
}

TEST(PlantedFaults, AWrongRoundingIsNamed) {
    const auto found = compared({goldenModel(wholeModel()), boardOf<VerilatedTruncating>(wholeModel())});
    ASSERT_TRUE(found.divergence.has_value());
    const Divergence& first = *found.divergence;
    EXPECT_EQ(first.position, 0);
    ASSERT_TRUE(first.item.has_value());
    EXPECT_EQ(*first.item, (TraceRequest::Item{TraceTensor::CandidateProjection, 0})) << describe(first);
    const float unit = std::ldexp(1.0F, -fixed::valueFraction);
    EXPECT_EQ(first.first - first.other, unit) << "halves upwards became downwards: one unit of the last place";
}

}  // namespace
}  // namespace ternion::fpga
