// A device that fails in the middle of an answer: the conversation goes on elsewhere as if nothing had happened.
#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "engine/session.h"
#include "observed_device.h"

namespace ternion {
namespace {

class DeviceFailure : public testing::TestWithParam<ErrorCode> {
protected:
    static std::shared_ptr<DeviceModel> cpu() {
        ModelConfig config;
        config.vocabSize = 97;
        config.hiddenSize = 96;
        config.numLayers = 3;
        config.intermediateSize = 200;
        static const auto model = std::make_shared<const Model>(*randomModel(config, 3));
        return *makeCpuBackend()->load(model, 0, {});
    }
    /// Fails at its pass number `passes` (from 0) and never before.
    static std::shared_ptr<DeviceModel> failing(int passes) {
        const auto real = cpu();
        return std::make_shared<ObservedDevice>(real, real->device(), [passes](auto) mutable -> std::optional<Error> {
            if (passes-- != 0) return std::nullopt;
            return Error{GetParam(), "the test's failure", {}};
        });
    }
    struct Written {
        std::vector<TokenId> ids;
        std::optional<Error> error;
    };
    static Written write(Session& session, int count) {
        GenerateOptions options;
        options.maxTokens = count;
        options.stopAtEos = false;
        Written written;
        const auto result = session.generate(options, [&](const GeneratedToken& token) {
            written.ids.push_back(token.sampled.id);
            return true;
        });
        if (!result) written.error = result.error();
        return written;
    }
    static constexpr int length = 20;
    const std::vector<TokenId> prompt{1, 2, 3, 4, 5};
};

TEST_P(DeviceFailure, InTheMiddleOfAnAnswerAnotherDeviceWritesTheSameText) {
    const auto calm = Session::create(cpu(), nullptr).value();
    ASSERT_TRUE(calm->prefill(prompt).ok());
    const auto expected = write(*calm, length).ids;
    for (const int written : {0, 1, 7, length - 1}) {
        const auto session = Session::create(failing(1 + written), nullptr).value();
        ASSERT_TRUE(session->prefill(prompt).ok());
        auto first = write(*session, length);
        ASSERT_TRUE(first.error.has_value());
        EXPECT_EQ(first.error->code, GetParam());
        ASSERT_EQ(first.ids.size(), static_cast<std::size_t>(written));
        EXPECT_EQ(session->tokens().size(), prompt.size() + first.ids.size());
        EXPECT_FALSE(session->snapshot().ok());

        ASSERT_TRUE(session->moveTo(cpu()).ok());
        const auto rest = write(*session, length - written);
        EXPECT_FALSE(rest.error.has_value());
        first.ids.insert(first.ids.end(), rest.ids.begin(), rest.ids.end());
        EXPECT_EQ(first.ids, expected);
        EXPECT_EQ(session->snapshot()->state.h, calm->snapshot()->state.h);
    }
}

TEST_P(DeviceFailure, WhereTheNextDeviceFailsTooTheSessionStaysForAThird) {
    const auto calm = Session::create(cpu(), nullptr).value();
    ASSERT_TRUE(calm->prefill(prompt).ok());
    const auto session = Session::create(failing(1 + 4), nullptr).value();
    ASSERT_TRUE(session->prefill(prompt).ok());
    auto ids = write(*session, length).ids;
    EXPECT_FALSE(session->moveTo(failing(0)).ok());
    EXPECT_EQ(session->tokens().size(), prompt.size() + ids.size());
    ASSERT_TRUE(session->moveTo(cpu()).ok());
    const auto rest = write(*session, length - 4).ids;
    ids.insert(ids.end(), rest.begin(), rest.end());
    EXPECT_EQ(ids, write(*calm, length).ids);
}

INSTANTIATE_TEST_SUITE_P(Codes, DeviceFailure, testing::Values(ErrorCode::DeviceLost, ErrorCode::DeviceOutOfMemory));

}  // namespace
}  // namespace ternion
