#include <QTemporaryDir>

#include "chat_fixture.h"

namespace ternion::app {

class ConversationModelTest : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void anAnswerIsOnDiskAsItStreams() {
        ChatFixture chat;
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(30);
        int compared = 0;
        connect(&chat.conversation, &ConversationModel::tokensAppended, this, [&](int, int) {
            const auto stored = chat.store->load(chat.conversation.conversation().summary.id);
            QVERIFY(stored.ok());
            QCOMPARE(stored->messages.back().text, chat.last().text);
            QCOMPARE(stored->messages.back().tokens.size(), chat.last().tokens.size());
            ++compared;
        });
        chat.conversation.send("Tell me a story about a cat.");
        QVERIFY(chat.conversation.answering());
        chat.conversation.send("not now");
        QVERIFY(chat.answered());
        QVERIFY(compared > 0);
        const auto& messages = chat.conversation.conversation().messages;
        QCOMPARE(messages.size(), std::size_t{2});
        QVERIFY(messages[1].complete && !messages[1].text.empty());
        QCOMPARE(chat.conversation.list("cat").size(), std::size_t{1});
        QCOMPARE(chat.conversation.list("cat").front().title, std::string("Tell me a story about a cat."));
        QVERIFY(chat.conversation.exported(chat.conversation.conversation().summary.id, false).contains("story about a cat"));
    }

    void whatWasCutOffReopensAndGoesOn() {
        const QTemporaryDir folder;
        const auto path = std::filesystem::path(folder.path().toStdString()) / "chats.sqlite";
        std::string before;
        {
            ChatFixture chat(openStore(path));
            QVERIFY(chat.openSample());
            chat.conversation.send("Tell me a story about a cat.");
            QTRY_VERIFY_WITH_TIMEOUT(chat.last().tokens.size() > 5, patience);
            before = chat.last().text;
        }
        ChatFixture chat(openStore(path));
        QCOMPARE(chat.last().text, before);
        QVERIFY(!chat.last().complete);
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(8);
        chat.conversation.continueAnswer();
        QVERIFY(chat.answered());
        QVERIFY(chat.last().text.starts_with(before) && chat.last().text.size() > before.size());
        QVERIFY(chat.last().complete);
    }

    void regeneratingTakesTheNextSeedAndEditingDropsWhatFollows() {
        ChatFixture chat;
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(24);
        SamplerSettings warm;
        warm.temperature = 1.5F;
        warm.seed = 7;
        chat.conversation.setSampler(warm);
        chat.conversation.send("Tell me a story about a cat.");
        QVERIFY(chat.answered());
        const auto first = chat.last().text;
        chat.conversation.regenerate();
        QVERIFY(chat.answered());
        QCOMPARE(chat.conversation.conversation().sampler.seed, std::uint64_t{8});
        QCOMPARE(chat.conversation.conversation().messages.size(), std::size_t{2});
        QVERIFY(chat.last().text != first);
        chat.conversation.send("And then?");
        QVERIFY(chat.answered());
        QCOMPARE(chat.conversation.conversation().messages.size(), std::size_t{4});
        warm.seed = 7;
        chat.conversation.setSampler(warm);
        chat.conversation.editMessage(0, "Tell me a story about a cat.");
        QVERIFY(chat.answered());
        QCOMPARE(chat.conversation.conversation().messages.size(), std::size_t{2});
        QCOMPARE(chat.last().text, first);  // the same seed, the same text
    }

    void goesOnFromAnotherToken() {
        ChatFixture chat;
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(24);
        chat.conversation.send("Tell me a story about a cat.");
        QVERIFY(chat.answered());
        const auto before = chat.last();
        constexpr int place = 5;
        const auto& alternatives = before.tokens[place].alternatives;
        QVERIFY(alternatives.size() > 2);
        const auto other = alternatives[1].id == before.tokens[place].id ? alternatives[2] : alternatives[1];
        chat.conversation.continueFrom(1, place, other.id);
        QVERIFY(chat.answered());
        const auto& after = chat.last();
        QCOMPARE(after.tokens[place].id, other.id);
        QCOMPARE(after.tokens[place].probability, other.probability);
        QVERIFY(!after.tokens[place].text.empty());
        QVERIFY(after.tokens.size() > place + 1);
        for (std::size_t k = 0; k < place; ++k) QCOMPARE(after.tokens[k].id, before.tokens[k].id);
        const auto stored = chat.store->load(chat.conversation.conversation().summary.id);
        QVERIFY(stored.ok());
        QCOMPARE(stored->messages.back().text, after.text);
    }

    void leavingAConversationStopsItsAnswerWithoutMixing() {
        ChatFixture chat;
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(4000);
        chat.conversation.send("Tell me a story about a cat.");
        QTRY_VERIFY_WITH_TIMEOUT(chat.last().tokens.size() > 3, patience);
        const auto left = chat.conversation.conversation().summary.id;
        const auto text = chat.last().text;
        chat.conversation.startNew();
        QVERIFY(!chat.conversation.answering());
        chat.conversation.setMaxTokens(6);
        chat.conversation.send("What is two plus three?");
        QVERIFY(chat.answered());
        QVERIFY(chat.last().tokens.size() <= 6);
        QCOMPARE(chat.store->load(left)->messages.back().text, text);
        chat.conversation.remove(left);
        QCOMPARE(chat.conversation.list({}).size(), std::size_t{1});
        chat.conversation.undoRemove();
        QCOMPARE(chat.conversation.conversation().summary.id, left);
    }

    void settingsFollowTheModelUntilTheyAreChanged() {
        ChatFixture chat;
        QVERIFY(chat.openSample());
        const auto recommended = *chat.engine.model()->checkpoint.generation.temperature;
        QCOMPARE(chat.conversation.conversation().sampler.temperature, recommended);
        SamplerSettings own;
        own.temperature = 0.25F;
        chat.conversation.setSampler(own);
        chat.conversation.setSystemPrompt("Be brief.");
        chat.conversation.setMaxTokens(4);
        chat.conversation.send("Hello! What is your name?");
        QVERIFY(chat.answered());
        const auto id = chat.conversation.conversation().summary.id;
        chat.conversation.startNew();
        chat.conversation.open(id);
        QCOMPARE(chat.conversation.conversation().sampler, own);
        QCOMPARE(chat.conversation.conversation().systemPrompt, std::string("Be brief."));
        chat.conversation.resetSampler();
        QCOMPARE(chat.conversation.conversation().sampler.temperature, recommended);
    }

    void withoutAModelItSaysWhatToDo() {
        ChatFixture chat;
        QSignalSpy problem(&chat.conversation, &ConversationModel::problem);
        chat.conversation.send("Hello");
        QCOMPARE(problem.count(), 1);
        QVERIFY(chat.conversation.conversation().messages.empty());
    }

    void stoppedBeforeTheFirstWordTheQuestionStandsOpen() {
        ChatFixture chat;
        chat.engine.openModel(sampleModel());
        chat.conversation.send("Hello! What is your name?");  // waits for the model
        QVERIFY(chat.conversation.answering());
        chat.conversation.stop();
        QVERIFY(chat.answered());
        QCOMPARE(chat.conversation.conversation().messages.size(), std::size_t{1});
        QTRY_VERIFY_WITH_TIMEOUT(chat.engine.model(), patience);  // what was stopped is the answer, not the loading
        chat.conversation.setMaxTokens(4);
        chat.conversation.regenerate();
        QVERIFY(chat.answered());
        QCOMPARE(chat.last().role, Role::Assistant);
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::ConversationModelTest)
#include "conversation_model_test.moc"
