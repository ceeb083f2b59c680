#include "engine/session.h"

#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"

namespace ternion {
namespace {

ModelConfig sessionConfig() {
    ModelConfig config;
    config.vocabSize = 97;
    config.hiddenSize = 96;
    config.numLayers = 3;
    config.intermediateSize = 200;
    return config;
}

std::shared_ptr<DeviceModel> sessionDevice(const CpuOptions& options = {}) {
    static const auto model = std::make_shared<const Model>(*randomModel(sessionConfig(), 3));
    auto loaded = makeCpuBackend(options)->load(model, 0, {});
    EXPECT_TRUE(loaded.ok());
    return std::move(*loaded);
}

std::unique_ptr<Session> session(const std::shared_ptr<DeviceModel>& on = sessionDevice()) {
    auto created = Session::create(on, nullptr);
    EXPECT_TRUE(created.ok());
    return std::move(*created);
}

std::vector<float> logitsAfter(Session& session, std::vector<TokenId> tokens) {
    EXPECT_TRUE(session.prefill(tokens).ok());
    return {session.logits().begin(), session.logits().end()};
}

std::vector<TokenId> continuation(Session& session, int count, float temperature, std::uint64_t seed) {
    GenerateOptions options;
    options.maxTokens = count;
    options.stopAtEos = false;
    options.sampler = {.temperature = temperature, .seed = seed};
    std::vector<TokenId> ids;
    const auto result = session.generate(options, [&](const GeneratedToken& token) {
        ids.push_back(token.sampled.id);
        return true;
    });
    EXPECT_TRUE(result.ok());
    return ids;
}

TEST(Session, PrefillContinuesOrStartsOverButAlwaysMeansTheTokens) {
    const auto fresh = logitsAfter(*session(), {1, 5, 9, 11});
    const auto growing = session();
    logitsAfter(*growing, {1, 5});
    EXPECT_EQ(logitsAfter(*growing, {1, 5, 9, 11}), fresh);
    EXPECT_EQ(logitsAfter(*growing, {1, 5, 9, 11}), fresh);  // nothing new
    logitsAfter(*growing, {1, 6, 9, 11, 12});                // another branch
    EXPECT_EQ(logitsAfter(*growing, {1, 5, 9, 11}), fresh);
}

TEST(Session, SnapshotBringsBackTheWholeFuture) {
    const auto live = session();
    logitsAfter(*live, {1, 2, 3});
    const auto snapshot = live->snapshot();
    ASSERT_TRUE(snapshot.ok());
    EXPECT_EQ(snapshot->state.h.size(), 3U * 96U);
    const auto first = continuation(*live, 12, 1.0F, 4);
    EXPECT_NE(continuation(*live, 12, 1.0F, 4), first);  // it has moved on
    ASSERT_TRUE(live->restore(*snapshot).ok());
    EXPECT_EQ(continuation(*live, 12, 1.0F, 4), first);
    const auto other = session();
    ASSERT_TRUE(other->restore(*snapshot).ok());
    EXPECT_EQ(continuation(*other, 12, 1.0F, 4), first);
}

TEST(Session, TracesWhateverItRunsAndSaysTheSame) {
    const auto plain = session(), traced = session();
    std::vector<float> states;
    int end = 0;
    traced->setTrace({{{TraceTensor::State, 1}}}, [&](int firstToken, const Trace& trace) {
        EXPECT_EQ(firstToken, end);
        end += trace.tensors.front().tokens;
        states.insert(states.end(), trace.tensors.front().values.begin(), trace.tensors.front().values.end());
    });
    EXPECT_EQ(logitsAfter(*traced, {1, 2, 3}), logitsAfter(*plain, {1, 2, 3}));
    EXPECT_EQ(continuation(*traced, 9, 1.0F, 4), continuation(*plain, 9, 1.0F, 4));
    EXPECT_EQ(end, 12);
    const auto h = traced->snapshot()->state.h;
    EXPECT_EQ(std::vector(states.end() - 96, states.end()), std::vector(h.begin() + 96, h.begin() + 192));
    traced->setTrace({}, {});
    EXPECT_EQ(continuation(*traced, 5, 1.0F, 4), continuation(*plain, 5, 1.0F, 4));
    EXPECT_EQ(end, 12);
}

TEST(Session, AnInterventionStartsOverAndItsEndBringsTheOldTextBack) {
    const auto live = session();
    logitsAfter(*live, {1, 2, 3});
    const auto before = continuation(*live, 12, 1.0F, 4);
    ASSERT_TRUE(live->setIntervention(withoutLayer(1)).ok());
    EXPECT_TRUE(live->tokens().empty());
    logitsAfter(*live, {1, 2, 3});
    EXPECT_NE(continuation(*live, 12, 1.0F, 4), before);
    EXPECT_EQ(live->setIntervention({{TraceTensor::State, 7}}).error().code, ErrorCode::InvalidArgument);
    EXPECT_FALSE(live->tokens().empty());  // what was refused changed nothing
    ASSERT_TRUE(live->setIntervention({}).ok());
    logitsAfter(*live, {1, 2, 3});
    EXPECT_EQ(continuation(*live, 12, 1.0F, 4), before);
}

TEST(Session, GoesOnFromTheSameStateOnAnotherDevice) {
    const auto stays = session();
    const auto moves = session();
    logitsAfter(*stays, {1, 2, 3});
    logitsAfter(*moves, {1, 2, 3});
    ASSERT_TRUE(moves->moveTo(sessionDevice({.instructionSet = "scalar", .threads = 1})).ok());
    EXPECT_EQ(continuation(*moves, 16, 0.0F, 0), continuation(*stays, 16, 0.0F, 0));
    EXPECT_EQ(moves->tokens().size(), 19U);
}

TEST(Session, ChangesItsDeviceBetweenTwoTokensOfAnAnswer) {
    const auto stays = session();
    const auto moves = session();
    logitsAfter(*stays, {1, 2, 3});
    logitsAfter(*moves, {1, 2, 3});
    GenerateOptions options;
    options.maxTokens = 20;
    options.stopAtEos = false;
    options.sampler = {.temperature = 1.0F, .seed = 4};
    std::vector<TokenId> ids;
    const auto result = moves->generate(options, [&](const GeneratedToken& token) {
        ids.push_back(token.sampled.id);
        return ids.size() % 5 != 0 || moves->moveTo(sessionDevice({.instructionSet = "scalar", .threads = 1})).ok();
    });
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(ids, continuation(*stays, 20, 1.0F, 4));
}

TEST(Session, StopsAtOnceAndStaysUsable) {
    const auto live = session();
    logitsAfter(*live, {1});
    std::stop_source stop;
    GenerateOptions options;
    options.stop = stop.get_token();
    options.stopAtEos = false;
    int seen = 0;
    const auto result = live->generate(options, [&](const GeneratedToken&) {
        if (++seen == 3) stop.request_stop();
        return true;
    });
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->reason, StopReason::Stopped);
    EXPECT_EQ(result->tokens, 3);
    EXPECT_EQ(live->tokens().size(), 4U);
    // What was generated is in the state: the same tokens read anew lead to the same place.
    const std::vector<TokenId> tokens(live->tokens().begin(), live->tokens().end());
    EXPECT_EQ(logitsAfter(*session(), tokens), std::vector<float>(live->logits().begin(), live->logits().end()));
}

TEST(Session, StoppedPrefillHoldsAPrefix) {
    std::vector<TokenId> tokens(3000);
    for (std::size_t k = 0; k < tokens.size(); ++k) tokens[k] = static_cast<TokenId>(k % 97);
    const auto live = session();
    std::stop_source stop;
    stop.request_stop();
    const auto status = live->prefill(tokens, stop.get_token());
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::Cancelled);
    EXPECT_LT(live->tokens().size(), tokens.size());
    EXPECT_EQ(logitsAfter(*live, tokens), logitsAfter(*session(), tokens));
}

TEST(Session, EndOfTextEndsAndBadRequestsAreRefused) {
    const auto live = session();
    EXPECT_EQ(live->prefill({}).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(live->generate({}, {}).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(live->prefill(std::vector<TokenId>{1, 97}).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(live->prefill(std::vector<TokenId>{-1}).error().code, ErrorCode::InvalidArgument);
    GenerateOptions bad;
    bad.sampler.topP = 2.0F;
    logitsAfter(*live, {1});
    EXPECT_EQ(live->generate(bad, {}).error().code, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace ternion
