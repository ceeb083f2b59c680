// Every answer leaves a run, and the texts in it are the user's to refuse.
#include <QTemporaryDir>

#include "chat_fixture.h"
#include "runs/recording_actions.h"
#include "shell/settings.h"
#include "store/run_reader.h"

namespace ternion::app {

class RecordingTest : public QObject {
    Q_OBJECT

    static std::vector<RunSummary> runsOf(const ChatFixture& chat) { return chat.runStore->reader().value()->list().value(); }
    /// Once the engine has put everything down.
    static bool settled(const ChatFixture& chat, std::size_t count) {
        return QTest::qWaitFor(
            [&] {
                const auto runs = runsOf(chat);
                return !chat.engine.busy() && runs.size() == count && runs.front().state != RunState::Running;
            },
            patience);
    }

private slots:
    void anAnswerIsARun() {
        ChatFixture chat;
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(16);
        chat.conversation.send("What is your name?");
        QVERIFY(chat.answered());
        QVERIFY(settled(chat, 1));
        const auto run = runsOf(chat).front();
        QCOMPARE(run.facts.kind, std::string("chat"));
        QCOMPARE(run.facts.model.hash, chat.engine.model()->hash);
        QCOMPARE(run.facts.device.id(), std::string("cpu"));
        QCOMPARE(run.facts.sampler, chat.conversation.conversation().sampler);
        const auto reader = std::move(chat.runStore->reader()).value();
        const auto texts = reader->texts(run.id).value();
        QVERIFY(texts.prompt && texts.prompt->find("What is your name?") != std::string::npos);
        QCOMPARE(texts.answer, chat.last().text);
        const auto tokens = reader->tokens(run.id).value();
        QCOMPARE(tokens.size(), chat.last().tokens.size());
        for (std::size_t k = 0; k < tokens.size(); ++k) QCOMPARE(tokens[k].token, chat.last().tokens[k].id);
        QCOMPARE(run.figure("decode_tokens")->value, static_cast<double>(tokens.size()));
        QVERIFY(run.figure("prefill_tok_s") != nullptr && run.figure("decode_tok_s") != nullptr);
        QVERIFY(!reader->kernels(run.id)->empty());
        int kinds = 0;
        const auto all = reader->series(run.id).value();
        for (const auto& series : all)
            if (reader->summary(series.id)->count > 0) ++kinds;
        QVERIFY2(kinds >= 6, qPrintable(QString::number(kinds)));  // tokens, prefill, memory of device and host
    }

    void withoutTextsNothingOfThemIsKept() {
        ChatFixture chat;
        QVERIFY(chat.openSample());
        QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("settings.ini"));
        Settings settings(file);
        QVERIFY(settings.recordsTexts());
        addRecordingActions(chat.engine, settings, chat.actions);
        chat.actions.find("runs.recordTexts")->trigger();
        QVERIFY(!Settings(file).recordsTexts());
        chat.conversation.setMaxTokens(4);
        chat.conversation.send("A secret");
        QVERIFY(chat.answered());
        QVERIFY(settled(chat, 1));
        const auto reader = std::move(chat.runStore->reader()).value();
        const auto run = runsOf(chat).front().id;
        const auto texts = reader->texts(run).value();
        QVERIFY(!texts.prompt && !texts.promptIds && !texts.answer);
        const auto tokens = reader->tokens(run).value();
        QVERIFY(!tokens.empty());
        QCOMPARE(tokens.size(), chat.last().tokens.size());
        for (const auto& token : tokens) QCOMPARE(token.token, TokenId{-1});
    }

    void aStoppedAnswerIsAStoppedRun() {
        ChatFixture chat;
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(4000);
        QSignalSpy tokens(&chat.engine, &EngineClient::tokensGenerated);
        chat.conversation.send("Tell me a long story about numbers.");
        QVERIFY(tokens.wait(patience));
        chat.engine.stop();
        QVERIFY(chat.answered());
        QVERIFY(settled(chat, 1));
        QCOMPARE(runsOf(chat).front().state, RunState::Stopped);
    }

    void anAnswerThatMovesToAnotherDeviceIsTwoRuns() {
        ChatFixture chat(openStore(), observedAndCpu([](std::span<const TokenId>) { return std::nullopt; }), "cpu");
        QVERIFY(chat.openSample());
        auto sampler = chat.conversation.conversation().sampler;
        sampler.temperature = 0.0F;
        chat.conversation.setSampler(sampler);
        chat.conversation.setMaxTokens(60);
        QSignalSpy tokens(&chat.engine, &EngineClient::tokensGenerated);
        chat.conversation.send("Count from one to a hundred.");
        QVERIFY(tokens.wait(patience));
        chat.engine.selectDevice("observed:0");
        QVERIFY(chat.answered());
        QVERIFY(settled(chat, 2));
        const auto runs = runsOf(chat);
        QCOMPARE(runs[1].facts.device.id(), std::string("cpu"));
        QCOMPARE(runs[1].state, RunState::Stopped);
        QCOMPARE(runs[0].facts.device.id(), std::string("observed:0"));
        const auto reader = std::move(chat.runStore->reader()).value();
        std::vector<TokenId> all;
        for (const auto id : {runs[1].id, runs[0].id}) {
            const auto part = reader->tokens(id).value();
            for (const auto& token : part) all.push_back(token.token);
        }
        std::vector<TokenId> shown;
        for (const auto& token : chat.last().tokens) shown.push_back(token.id);
        QCOMPARE(all, shown);
    }

    void aFailedAnswerSaysWhy() {
        std::atomic<int> passes = 0;
        ChatFixture chat(openStore(), observedAndCpu([&](std::span<const TokenId>) -> std::optional<Error> {
                             if (++passes < 6) return std::nullopt;
                             return Error{ErrorCode::DeviceLost, "it was unplugged", "observed:0"};
                         }),
                         "observed:0");
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(50);
        chat.conversation.send("Hello");
        QVERIFY(chat.answered());
        QVERIFY(settled(chat, 1));
        const auto run = runsOf(chat).front();
        QCOMPARE(run.state, RunState::Failed);
        QVERIFY(run.error.find("unplugged") != std::string::npos);
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::RecordingTest)
#include "recording_test.moc"
