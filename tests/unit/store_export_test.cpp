#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "store/conversation_store.h"

namespace ternion {
namespace {

Conversation sample() {
    return {{1, "A *bold*\n# title", "Ternary_1", 86400 + 3600, 2},
            "Be kind.\nBe short.",
            {0.7F, 40, 0.9F, 0.05F, 1.1F, 64, 0xFFFFFFFFFFFFFFFFULL},
            512,
            {{1, Role::User, "# Not a heading\r\n\n```\n## nor this\rlast", {}, true},
             {2, Role::Assistant, "Hi", {{17, "H\xFF", 0.1F, {{17, 0.1F}, {-3, 0.0625F}}}, {5, "i", 1.0F, {}}}, false}},
            {}};
}

TEST(StoreExport, MarkdownKeepsItsStructureWhateverTheTextHolds) {
    EXPECT_EQ(toMarkdown(sample()),
              "# A \\*bold\\* \\# title\n"
              "\n"
              "- Date: 1970-01-02 01:00 UTC\n"
              "- Model: Ternary\\_1\n"
              "\n"
              "## System prompt\n"
              "\n"
              "> Be kind.\n"
              "> Be short.\n"
              "\n"
              "## User\n"
              "\n"
              "> # Not a heading\n"
              "> \n"
              "> ```\n"
              "> ## nor this\n"
              "> last\n"
              "\n"
              "## Assistant (unfinished)\n"
              "\n"
              "> Hi\n");
}

TEST(StoreExport, MarkdownLeavesOutAnEmptySystemPrompt) {
    auto conversation = sample();
    conversation.systemPrompt.clear();
    EXPECT_EQ(toMarkdown(conversation).find("System prompt"), std::string::npos);
}

TEST(StoreExport, JsonHoldsEverything) {
    const auto text = toJson(sample());
    const auto json = nlohmann::json::parse(text);  // throws where it is no valid UTF-8
    EXPECT_EQ(json["title"], "A *bold*\n# title");
    EXPECT_EQ(json["model"], "Ternary_1");
    EXPECT_EQ(json["updated_at"], "1970-01-02T01:00:00Z");
    EXPECT_EQ(json["system_prompt"], "Be kind.\nBe short.");
    EXPECT_EQ(json["sampler"]["temperature"].get<float>(), 0.7F);
    EXPECT_EQ(json["sampler"]["top_k"], 40);
    EXPECT_EQ(json["sampler"]["top_p"].get<float>(), 0.9F);
    EXPECT_EQ(json["sampler"]["min_p"].get<float>(), 0.05F);
    EXPECT_EQ(json["sampler"]["repetition_penalty"].get<float>(), 1.1F);
    EXPECT_EQ(json["sampler"]["repetition_window"], 64);
    EXPECT_EQ(json["sampler"]["seed"], 0xFFFFFFFFFFFFFFFFULL);
    ASSERT_EQ(json["messages"].size(), 2U);
    EXPECT_EQ(json["messages"][0]["role"], "user");
    EXPECT_EQ(json["messages"][0]["text"], "# Not a heading\r\n\n```\n## nor this\rlast");
    EXPECT_TRUE(json["messages"][0]["tokens"].empty());
    const auto& answer = json["messages"][1];
    EXPECT_EQ(answer["role"], "assistant");
    EXPECT_EQ(answer["complete"], false);
    ASSERT_EQ(answer["tokens"].size(), 2U);
    EXPECT_EQ(answer["tokens"][0]["id"], 17);
    EXPECT_EQ(answer["tokens"][0]["text"], "H\xEF\xBF\xBD");
    EXPECT_EQ(answer["tokens"][0]["probability"].get<float>(), 0.1F);
    EXPECT_EQ(answer["tokens"][0]["alternatives"][1]["id"], -3);
    EXPECT_EQ(answer["tokens"][0]["alternatives"][1]["probability"].get<float>(), 0.0625F);
}

}  // namespace
}  // namespace ternion
