// Sides of a comparison that are small, on the processor, and may break.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "backend/cpu/cpu_backend.h"
#include "compare/lockstep.h"
#include "observed_device.h"

namespace ternion {

inline constexpr int smallLayers = 3;

inline Model smallModel() {
    ModelConfig config;
    config.vocabSize = 61;
    config.hiddenSize = 64;
    config.numLayers = smallLayers;
    config.intermediateSize = 96;
    return std::move(*randomModel(config, 11));
}

inline std::shared_ptr<DeviceModel> sideOf(Model model, Profile profile = Profile::Fixed) {
    auto loaded = makeCpuBackend({.instructionSet = {}, .threads = 1})
                      ->load(std::make_shared<const Model>(std::move(model)), 0, {}, {Packing::TwoBit, profile});
    EXPECT_TRUE(loaded.ok());
    return std::move(*loaded);
}

inline LockstepPlan planOf(int tokens) {
    LockstepPlan plan;
    plan.prompt = {1, 5, 9};
    plan.tokens = tokens;
    return plan;
}

/// `row`'s first trit that is none becomes one.
inline void flipTrit(TernaryMatrix& matrix, int row) {
    std::vector<std::int8_t> trits;
    bool flipped = false;
    for (int r = 0; r < matrix.rows(); ++r)
        for (int c = 0; c < matrix.cols(); ++c) {
            int trit = matrix.trit(r, c);
            if (r == row && trit == 0 && !std::exchange(flipped, true)) trit = 1;
            trits.push_back(static_cast<std::int8_t>(trit));
        }
    matrix = std::move(*TernaryMatrix::fromTrits(trits, matrix.rows(), matrix.cols(), matrix.gamma()));
}

/// Fails at a pass.
inline std::shared_ptr<DeviceModel> failing(const std::shared_ptr<DeviceModel>& device, int pass) {
    return std::make_shared<ObservedDevice>(device, device->device(),
                                            [left = pass](std::span<const TokenId>) mutable -> std::optional<Error> {
                                                if (left-- > 0) return std::nullopt;
                                                return Error{ErrorCode::DeviceLost, "pulled out", "test"};
                                            });
}

}  // namespace ternion
