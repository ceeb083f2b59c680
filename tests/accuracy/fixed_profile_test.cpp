// The price of the fixed profile's numbers: the sample model over chats that it never saw, against the float profile. Every
// tenth chat; all of them with TERNION_WHOLE_EVALUATION=1.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "checkpoint/checkpoint.h"
#include "inspect/divergence.h"
#include "tokenizer/chat_template.h"

namespace ternion {
namespace {

/// A line holds "t", the turns of user and assistant, or "x", plain text.
std::vector<std::vector<TokenId>> evaluationTexts(const Tokenizer& tokenizer, const ModelConfig& config, int every) {
    std::ifstream lines(std::filesystem::path(TERNION_TEST_DATA) / "sample-model/evaluation.jsonl");
    std::vector<std::vector<TokenId>> texts;
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        if (number++ % every != 0) continue;
        const auto entry = nlohmann::json::parse(line);
        std::vector<ChatMessage> messages;
        if (entry.contains("x")) messages.push_back({Role::Assistant, entry["x"].get<std::string>()});
        if (entry.contains("t"))
            for (const auto& turn : entry["t"])
                messages.push_back({messages.size() % 2 == 0 ? Role::User : Role::Assistant, turn.get<std::string>()});
        texts.push_back(renderChat(ChatTemplate::roleTags(), messages, tokenizer, config));
    }
    return texts;
}

struct Distance {
    double floatLoss = 0.0, fixedLoss = 0.0, kl = 0.0;  ///< sums over tokens
    int agree = 0, tokens = 0;

    double perplexity(double loss) const { return std::exp(loss / tokens); }
    double top1() const { return static_cast<double>(agree) / tokens; }
};

void compare(std::span<const float> ours, std::span<const float> theirs, TokenId next, Distance& distance) {
    const auto top = [](std::span<const float> row) { return std::max_element(row.begin(), row.end()) - row.begin(); };
    distance.floatLoss -= std::log(probabilityOf(static_cast<std::size_t>(next), ours));
    distance.fixedLoss -= std::log(probabilityOf(static_cast<std::size_t>(next), theirs));
    distance.kl += divergence(ours, theirs);
    distance.agree += top(ours) == top(theirs) ? 1 : 0;
    ++distance.tokens;
}

TEST(FixedProfile, CostsLittleOnUnseenChats) {
    const auto checkpoint = openCheckpoint(std::filesystem::path(TERNION_RESOURCES) / "sample-model/ternary-49m.gguf");
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().text();
    const auto tokenizer = makeTokenizer(*checkpoint->tokenizer);
    ASSERT_TRUE(tokenizer.ok());
    const ModelConfig& config = checkpoint->model->config;
    const auto load = [&](Profile profile) {
        return std::move(*makeCpuBackend()->load(checkpoint->model, 0, {}, {Packing::Auto, profile}));
    };
    const auto inFloat = load(Profile::Float), inFixed = load(Profile::Fixed);
    const bool whole = std::getenv("TERNION_WHOLE_EVALUATION") != nullptr;

    ForwardOptions options;
    options.logits = LogitsWanted::All;
    Distance distance;
    for (const auto& text : evaluationTexts(**tokenizer, config, whole ? 1 : 10)) {
        const auto run = [&](DeviceModel& device) { return device.forward(text, **device.createState(), options); };
        const auto a = run(*inFloat), b = run(*inFixed);
        ASSERT_TRUE(a.ok() && b.ok());
        const auto vocab = static_cast<std::size_t>(config.vocabSize);
        for (std::size_t t = 0; t + 1 < text.size(); ++t)
            compare(std::span(a->logits).subspan(t * vocab, vocab), std::span(b->logits).subspan(t * vocab, vocab), text[t + 1],
                    distance);
    }
    ASSERT_GT(distance.tokens, 1000);
    const double inFloats = distance.perplexity(distance.floatLoss), inIntegers = distance.perplexity(distance.fixedLoss);
    std::printf(
        "fixed profile, sample model, %d tokens of unseen chats: perplexity %.4f (float %.4f), mean KL %.2e, top-1 %.2f %%\n",
        distance.tokens, inIntegers, inFloats, distance.kl / distance.tokens, 100.0 * distance.top1());
    EXPECT_LE(inIntegers, 1.02 * inFloats);
    EXPECT_GE(distance.top1(), 0.95);
}

}  // namespace
}  // namespace ternion
