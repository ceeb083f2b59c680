#include <QProcess>
#include <QRandomGenerator>
#include <QTemporaryDir>
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "chat_fixture.h"

namespace ternion::app {
namespace {

/// Chats into the store at `path` for ever and writes down every token before the model reads it.
int chatUntilKilled(const char* path) {
    ChatFixture chat(openStore(path), observedAndCpu([](std::span<const TokenId> tokens) -> std::optional<Error> {
                         if (tokens.size() == 1) std::printf("%d\n", tokens[0]);
                         std::fflush(stdout);
                         return std::nullopt;
                     }),
                     "observed:0");
    if (!chat.openSample()) return 1;
    chat.conversation.setMaxTokens(1000000);
    chat.conversation.setSampler({.temperature = 1.0F});
    chat.conversation.send("Tell me a story about a cat.");
    QObject::connect(&chat.conversation, &ConversationModel::answeringChanged, &chat.conversation, [&](bool answering) {
        if (!answering) chat.conversation.send("And then?");
    });
    return QCoreApplication::exec();
}

}  // namespace

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
            QVERIFY(stored->messages.back().text.starts_with(chat.last().text));  // the engine may be ahead
            QVERIFY(stored->messages.back().tokens.size() >= chat.last().tokens.size());
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
        const auto stored = chat.store->load(chat.conversation.conversation().summary.id);
        QCOMPARE(stored->messages.back().text, messages[1].text);
        QCOMPARE(stored->messages.back().tokens.size(), messages[1].tokens.size());
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
            chat.conversation.setMaxTokens(100000);
            chat.conversation.setSampler({.temperature = 5.0F});  // so hot that it does not come to an end by itself
            chat.conversation.send("Tell me a story about a cat.");
            QTRY_VERIFY_WITH_TIMEOUT(chat.last().tokens.size() > 5, patience);
            before = chat.last().text;
        }
        ChatFixture chat(openStore(path));
        QVERIFY(chat.last().text.starts_with(before));  // nothing shown is lost
        before = chat.last().text;
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

    void killedItLosesAtMostTheTokenInFlight() {
        for (int round = 0; round < 6; ++round) {
            const QTemporaryDir folder;
            const auto path = std::filesystem::path(folder.path().toStdString()) / "chats.sqlite";
            QProcess child;
            child.start(QCoreApplication::applicationFilePath(), {"--chat", QString::fromStdString(path.string())});
            QByteArray reported;
            const auto tokens = 1 + QRandomGenerator::global()->bounded(60);
            while (reported.count('\n') < tokens) {
                QVERIFY(child.waitForReadyRead(patience));
                reported += child.readAllStandardOutput();
            }
            QTest::qSleep(QRandomGenerator::global()->bounded(40));
            child.kill();
            QVERIFY(child.waitForFinished(patience));
            reported += child.readAllStandardOutput();
            std::vector<TokenId> ids;
            for (const auto& line : reported.left(reported.lastIndexOf('\n')).split('\n')) ids.push_back(line.toInt());
            ids.pop_back();  // it was in flight

            const auto store = openStore(path);
            std::vector<TokenId> kept;
            const auto conversation = store->load(store->list()->front().id);
            QVERIFY(conversation.ok());
            for (const auto& message : conversation->messages)
                for (const auto& token : message.tokens) kept.push_back(token.id);
            QVERIFY2(kept.size() >= ids.size(), qPrintable(QString("%1 of %2").arg(kept.size()).arg(ids.size())));
            QVERIFY(kept.size() <= ids.size() + 1);
            QVERIFY(std::equal(ids.begin(), ids.end(), kept.begin()));
        }
    }

    void sentBeforeTheModelIsThereItTakesTheModelsSettingsAndName() {
        ChatFixture early;
        early.engine.openModel(sampleModel());
        early.conversation.setMaxTokens(20);
        early.conversation.send("Tell me a story about a cat.");
        QVERIFY(early.conversation.answering() && !early.engine.model());
        QVERIFY(early.answered());
        ChatFixture late;
        QVERIFY(late.openSample());
        late.conversation.setMaxTokens(20);
        late.conversation.send("Tell me a story about a cat.");
        QVERIFY(late.answered());
        QCOMPARE(early.last().text, late.last().text);
        const auto stored = early.store->load(early.conversation.conversation().summary.id);
        QVERIFY(stored->sampler.temperature > 0.0F);
        QCOMPARE(stored->sampler, late.conversation.conversation().sampler);
        QCOMPARE(stored->summary.modelName, late.conversation.conversation().summary.modelName);
        QVERIFY(!stored->summary.modelName.empty());
    }

    void whereTheModelDoesNotComeTheQuestionStandsOpen() {
        ChatFixture chat;
        QSignalSpy problem(&chat.conversation, &ConversationModel::problem);
        chat.engine.openModel("/nowhere/at/all");
        chat.conversation.send("Hello");
        QVERIFY(chat.conversation.answering());
        QVERIFY(chat.answered());
        QCOMPARE(chat.conversation.conversation().messages.size(), std::size_t{1});
        QCOMPARE(problem.count(), 1);
    }

    void whereTheDeviceFailsAnotherOneGoesOnWithTheSameText() {
        ChatFixture calm;
        QVERIFY(calm.openSample());
        calm.conversation.setSampler({});
        calm.conversation.setMaxTokens(30);
        calm.conversation.send("Tell me a story about a cat.");
        QVERIFY(calm.answered());
        for (const auto code : {ErrorCode::DeviceLost, ErrorCode::DeviceOutOfMemory})
            for (const int written : {0, 1, 12}) {
                int left = written;
                ChatFixture chat(openStore(), observedAndCpu([&](std::span<const TokenId> tokens) -> std::optional<Error> {
                                     if (tokens.size() > 1 || left-- > 0) return std::nullopt;
                                     return Error{code, "the test's failure", "observed:0"};
                                 }),
                                 "observed:0");
                QVERIFY(chat.openSample());
                QSignalSpy problem(&chat.conversation, &ConversationModel::problem);
                chat.conversation.setSampler({});
                chat.conversation.setMaxTokens(30);
                chat.conversation.send("Tell me a story about a cat.");
                QVERIFY(chat.answered());
                QCOMPARE(problem.count(), 1);
                QVERIFY(problem[0][0].toString().contains("the test's failure"));
                QVERIFY(problem[0][0].toString().contains("Choose another device"));
                QCOMPARE(chat.last().tokens.size(), static_cast<std::size_t>(written));
                chat.engine.selectDevice("cpu");
                QTRY_COMPARE_WITH_TIMEOUT(chat.last().tokens.size(), calm.last().tokens.size(), patience);
                QVERIFY(chat.answered());
                QCOMPARE(chat.last().text, calm.last().text);
                QCOMPARE(chat.last().tokens.size(), calm.last().tokens.size());
                QCOMPARE(chat.store->load(chat.conversation.conversation().summary.id)->messages.back().text, calm.last().text);
            }
    }

    void theLongestAnswerIsKeptWithTheConversation() {
        ChatFixture chat;
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(3);
        chat.conversation.send("Hello! What is your name?");
        QVERIFY(chat.answered());
        QCOMPARE(chat.last().tokens.size(), std::size_t{3});
        const auto id = chat.conversation.conversation().summary.id;
        chat.conversation.startNew();
        QCOMPARE(chat.conversation.conversation().maxTokens, Conversation().maxTokens);
        chat.conversation.open(id);
        QCOMPARE(chat.conversation.conversation().maxTokens, 3);
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

int main(int argc, char** argv) {
    QApplication application(argc, argv);
    if (argc == 3 && std::strcmp(argv[1], "--chat") == 0) return ternion::app::chatUntilKilled(argv[2]);
    ternion::app::ConversationModelTest test;
    return QTest::qExec(&test, argc, argv);
}
#include "conversation_model_test.moc"
