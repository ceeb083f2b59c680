#include "store/conversation_store.h"

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "unit/store_fixture.h"

namespace ternion {
namespace {

using ConversationStoreTest = StoreFixture;

std::vector<std::string> titles(const Result<std::vector<ConversationSummary>>& list) {
    EXPECT_TRUE(list.ok()) << list.error().text();
    std::vector<std::string> found;
    for (const auto& summary : *list) found.push_back(summary.title);
    return found;
}

void pause() { std::this_thread::sleep_for(std::chrono::milliseconds(3)); }  // the list's order counts milliseconds

using Titles = std::vector<std::string>;

TEST_F(ConversationStoreTest, KeepsEverythingOfAConversation) {
    const SamplerSettings sampler{0.7F, 40, 0.9F, 0.05F, 1.1F, 64, 0xFFFFFFFFFFFFFFFFULL};
    const StoredToken first{17, "Hel", 0.1F, {{17, 0.1F}, {3, 0.0625F}}};
    const StoredToken second{-1, "", 1.0F, {}};
    std::int64_t id = 0;
    {
        const auto store = opened();
        id = store->createConversation("Ttl", "").value();
        EXPECT_EQ(store->load(id)->sampler, SamplerSettings{});
        ASSERT_TRUE(store->setSettings(id, "Be kind.", sampler, 77).ok());
        ASSERT_TRUE(store->rename(id, "Title").ok());
        ASSERT_TRUE(store->setModelName(id, "Ternary").ok());
        ASSERT_TRUE(store->appendMessage(id, Role::System, "sys").ok());
        ASSERT_TRUE(store->appendMessage(id, Role::User, "Hello?").ok());
        const auto answer = store->appendMessage(id, Role::Assistant, "").value();
        ASSERT_TRUE(store->appendTokens(answer, {first}).ok());
        ASSERT_TRUE(store->appendTokens(answer, {second, {5, "lo", 0.5F, {}}}).ok());
        EXPECT_FALSE(store->load(id)->messages.back().complete);
        ASSERT_TRUE(store->finishMessage(answer).ok());
    }
    const auto loaded = opened()->load(id).value();
    EXPECT_EQ(loaded.summary.title, "Title");
    EXPECT_EQ(loaded.summary.modelName, "Ternary");
    EXPECT_EQ(loaded.summary.messages, 3);
    EXPECT_NEAR(static_cast<double>(loaded.summary.updatedAt), static_cast<double>(std::time(nullptr)), 60);
    EXPECT_EQ(loaded.systemPrompt, "Be kind.");
    EXPECT_EQ(loaded.sampler, sampler);
    EXPECT_EQ(loaded.maxTokens, 77);
    ASSERT_EQ(loaded.messages.size(), 3U);
    EXPECT_EQ(loaded.messages[0].role, Role::System);
    EXPECT_EQ(loaded.messages[1].role, Role::User);
    EXPECT_EQ(loaded.messages[1].text, "Hello?");
    const auto& answer = loaded.messages[2];
    EXPECT_EQ(answer.role, Role::Assistant);
    EXPECT_EQ(answer.text, "Hello");
    EXPECT_TRUE(answer.complete);
    ASSERT_EQ(answer.tokens.size(), 3U);
    EXPECT_EQ(answer.tokens[0].id, 17);
    EXPECT_EQ(answer.tokens[0].text, "Hel");
    EXPECT_EQ(answer.tokens[0].probability, 0.1F);
    ASSERT_EQ(answer.tokens[0].alternatives.size(), 2U);
    EXPECT_EQ(answer.tokens[0].alternatives[1].id, 3);
    EXPECT_EQ(answer.tokens[0].alternatives[1].probability, 0.0625F);
    EXPECT_EQ(answer.tokens[1].id, -1);
    EXPECT_EQ(answer.tokens[2].text, "lo");
}

TEST_F(ConversationStoreTest, KeepsAnyBytes) {
    const auto store = opened();
    std::string every;
    for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
    const std::string large(1 << 20, 'x');
    const auto id = store->createConversation(every, std::string("\0", 1)).value();
    for (const auto& text : {every, std::string(), std::string("\0a\0", 3), std::string("\xC3"), large})
        ASSERT_TRUE(store->appendMessage(id, Role::User, text).ok());
    const auto answer = store->appendMessage(id, Role::Assistant, "").value();
    ASSERT_TRUE(store->appendTokens(answer, {{1, every, 0, {}}, {2, std::string("\0", 1), 0, {}}}).ok());
    const auto loaded = store->load(id).value();
    EXPECT_EQ(loaded.summary.title, every);
    EXPECT_EQ(loaded.summary.modelName, std::string("\0", 1));
    EXPECT_EQ(loaded.messages[0].text, every);
    EXPECT_EQ(loaded.messages[1].text, "");
    EXPECT_EQ(loaded.messages[2].text, std::string("\0a\0", 3));
    EXPECT_EQ(loaded.messages[3].text, "\xC3");
    EXPECT_EQ(loaded.messages[4].text, large);
    EXPECT_EQ(loaded.messages[5].text, every + std::string("\0", 1));
    EXPECT_TRUE(nlohmann::json::accept(toJson(loaded)));
}

TEST_F(ConversationStoreTest, TruncatesAndGoesOn) {
    const auto store = opened();
    const auto id = store->createConversation("a", "").value();
    const auto other = store->createConversation("b", "").value();
    const auto question = store->appendMessage(id, Role::User, "q").value();
    const auto answer = store->appendMessage(id, Role::Assistant, "").value();
    const auto elsewhere = store->appendMessage(other, Role::User, "kept").value();
    ASSERT_TRUE(store->appendTokens(answer, {{1, "a", 0, {}}, {2, "b", 0, {}}, {3, "c", 0, {}}}).ok());
    ASSERT_TRUE(store->finishMessage(answer).ok());

    ASSERT_TRUE(store->truncateTokens(answer, 1).ok());
    EXPECT_FALSE(store->load(id)->messages[1].complete);
    ASSERT_TRUE(store->appendTokens(answer, {{9, "z", 0, {}}}).ok());
    EXPECT_EQ(store->load(id)->messages[1].text, "az");
    EXPECT_EQ(store->load(id)->messages[1].tokens[1].id, 9);

    EXPECT_EQ(store->truncateFrom(id, elsewhere).error().code, ErrorCode::NotFound);
    ASSERT_TRUE(store->truncateFrom(id, answer).ok());
    EXPECT_EQ(store->load(id)->messages.size(), 1U);
    EXPECT_EQ(store->appendTokens(answer, {}).error().code, ErrorCode::NotFound);
    ASSERT_TRUE(store->truncateFrom(id, question).ok());
    EXPECT_TRUE(store->load(id)->messages.empty());
    EXPECT_EQ(store->load(other)->messages.size(), 1U);
}

TEST_F(ConversationStoreTest, RefusesWhatIsNotThere) {
    const auto store = opened();
    const auto id = store->createConversation("a", "").value();
    const auto question = store->appendMessage(id, Role::User, "q").value();
    EXPECT_EQ(store->load(id + 1).error().code, ErrorCode::NotFound);
    EXPECT_EQ(store->rename(id + 1, "x").error().code, ErrorCode::NotFound);
    EXPECT_EQ(store->setSettings(id + 1, "", {}, 1).error().code, ErrorCode::NotFound);
    EXPECT_EQ(store->remove(id + 1).error().code, ErrorCode::NotFound);
    EXPECT_EQ(store->restore(id + 1).error().code, ErrorCode::NotFound);
    EXPECT_EQ(store->appendMessage(id + 1, Role::User, "").error().code, ErrorCode::NotFound);
    EXPECT_EQ(store->truncateFrom(id, question + 1).error().code, ErrorCode::NotFound);
    for (const auto message : {question, question + 1}) {  // one that is no answer, and none
        EXPECT_EQ(store->appendTokens(message, {{1, "a", 0, {}}}).error().code, ErrorCode::NotFound);
        EXPECT_EQ(store->finishMessage(message).error().code, ErrorCode::NotFound);
        EXPECT_EQ(store->truncateTokens(message, 0).error().code, ErrorCode::NotFound);
    }
    SamplerSettings wrong;
    wrong.topP = 2.0F;
    EXPECT_EQ(store->setSettings(id, "", wrong, 1).error().code, ErrorCode::InvalidArgument);
}

TEST_F(ConversationStoreTest, RemovedOnesComeBackUntilTheNextStart) {
    std::int64_t kept = 0;
    std::int64_t gone = 0;
    {
        const auto store = opened();
        kept = store->createConversation("kept", "").value();
        gone = store->createConversation("gone", "").value();
        ASSERT_TRUE(store->appendMessage(gone, Role::User, "words").ok());
        for (const auto id : {kept, gone}) ASSERT_TRUE(store->remove(id).ok());
        EXPECT_TRUE(titles(store->list()).empty());
        EXPECT_EQ(store->load(kept).error().code, ErrorCode::NotFound);
        const auto second = opened();  // the first one's user may still undo
        ASSERT_TRUE(store->restore(kept).ok());
        EXPECT_EQ(titles(second->list()), Titles{"kept"});
    }
    const auto store = opened();
    EXPECT_EQ(titles(store->list()), Titles{"kept"});
    EXPECT_EQ(store->restore(gone).error().code, ErrorCode::NotFound);
    EXPECT_EQ(store->createConversation("new", "").value(), gone + 1);  // no id is used twice
}

TEST_F(ConversationStoreTest, ListsTheNewestFirst) {
    const auto store = opened();
    const auto a = store->createConversation("a", "").value();
    pause();
    ASSERT_TRUE(store->createConversation("b", "").ok());
    EXPECT_EQ(titles(store->list()), (Titles{"b", "a"}));
    pause();
    ASSERT_TRUE(store->appendMessage(a, Role::User, "up").ok());
    EXPECT_EQ(titles(store->list()), (Titles{"a", "b"}));
    EXPECT_EQ(store->list()->front().messages, 1);
}

TEST_F(ConversationStoreTest, SearchesEveryScriptIgnoringCase) {
    const auto store = opened();
    const auto add = [&](const char* title, const char* question, const std::vector<StoredToken>& answer) {
        const auto id = store->createConversation(title, "").value();
        ASSERT_TRUE(store->appendMessage(id, Role::User, question).ok());
        const auto message = store->appendMessage(id, Role::Assistant, "").value();
        ASSERT_TRUE(store->appendTokens(message, answer).ok());
    };
    add("Книга", "ПРИВЕТ, мир", {{1, "Здрав", 0, {}}, {2, "СТВУЙ", 0, {}}});
    add("Ελληνικά", "ΟΔΥΣΣΕΎΣ", {});
    add("İSTANBUL", "IRMAK Straße", {});
    add("東京", "100% sure_thing", {});

    for (const auto* search : {"привет", "КНИГА", "здравствуй", "МИР книга", "  мир \t здрав\xE3\x80\x80", "ривет"})
        EXPECT_EQ(titles(store->list(search)), Titles{"Книга"}) << search;
    for (const auto* search : {"οδυσσεύς", "ελληνικά"}) EXPECT_EQ(titles(store->list(search)), Titles{"Ελληνικά"}) << search;
    for (const auto* search : {"istanbul", "İstanbul", "ISTANBUL", "ırmak", "irmak", "STRASSE", "istanbul straße"})
        EXPECT_EQ(titles(store->list(search)), Titles{"İSTANBUL"}) << search;
    for (const auto* search : {"京", "0% SURE_"}) EXPECT_EQ(titles(store->list(search)), Titles{"東京"}) << search;
    for (const auto* search : {"привет istanbul", "\xFF", "мирпривет", "' OR 1"})
        EXPECT_TRUE(titles(store->list(search)).empty()) << search;
    EXPECT_EQ(store->list(" ")->size(), 4U);
}

TEST(ConversationStoreInMemory, WorksAlike) {
    auto opened = ConversationStore::open({});
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    const auto id = opened->store->createConversation("a", "").value();
    ASSERT_TRUE(opened->store->appendMessage(id, Role::User, "q").ok());
    EXPECT_EQ(opened->store->load(id)->messages[0].text, "q");
}

TEST_F(ConversationStoreTest, KeepsAnInterventionInItsOrder) {
    const std::vector<StoredEdit> intervention{
        {{TraceTensor::State, 3, 10, 2, Edit::Kind::Clamp, -0.1F, 0.3F}, false},
        {{TraceTensor::TokenMixer, 0}, true},
        {{TraceTensor::GluProjection, 2, 5, 0, Edit::Kind::Scale, 1e-20F, 0.0F}, true},
    };
    const auto store = opened();
    const auto id = store->createConversation("edited", "model");
    ASSERT_TRUE(id.ok());
    ASSERT_TRUE(store->setIntervention(*id, {{{TraceTensor::Glu, 1}, true}}).ok());
    ASSERT_TRUE(store->setIntervention(*id, intervention).ok());
    EXPECT_EQ(opened()->load(*id)->intervention, intervention);
    ASSERT_TRUE(store->setIntervention(*id, {}).ok());
    EXPECT_TRUE(store->load(*id)->intervention.empty());
    EXPECT_FALSE(store->setIntervention(*id + 1, intervention).ok());
}

}  // namespace
}  // namespace ternion
