#include "backend/vulkan/vulkan_backend.h"
#include "chat_fixture.h"

namespace ternion::app {

class EngineClientTest : public QObject {
    Q_OBJECT

    static ChatRequest ask(const std::string& text, int maxTokens = 24) {
        ChatRequest request;
        request.messages = {{Role::User, text}};
        request.options.maxTokens = maxTokens;
        request.options.alternatives = 5;
        request.options.stopAtEos = false;
        return request;
    }

    struct Heard {
        std::vector<GeneratedToken> tokens;
        std::vector<AnswerFinished> finished;
        std::vector<Error> failures;
        int batches = 0;

        explicit Heard(EngineClient& engine) {
            QObject::connect(&engine, &EngineClient::tokensGenerated, &engine, [this](const auto& batch) {
                ++batches;
                tokens.insert(tokens.end(), batch.begin(), batch.end());
            });
            QObject::connect(&engine, &EngineClient::answerFinished, &engine,
                             [this](const auto& answer) { finished.push_back(answer); });
            QObject::connect(&engine, &EngineClient::failed, &engine, [this](const auto& error) { failures.push_back(error); });
        }
        bool wait(std::size_t answers) const {
            return QTest::qWaitFor([&] { return finished.size() >= answers; }, patience);
        }
        std::vector<TokenId> ids(std::size_t from = 0) const {
            std::vector<TokenId> all;
            for (std::size_t k = from; k < tokens.size(); ++k) all.push_back(tokens[k].sampled.id);
            return all;
        }
    };

private slots:
    void opensTheSampleModelAndSaysWhatItIs() {
        EngineClient engine(cpuOnly(), {});
        QVERIFY(!engine.devices().empty());
        QSignalSpy opened(&engine, &EngineClient::modelOpened);
        QSignalSpy busy(&engine, &EngineClient::busyChanged);
        engine.openModel(sampleModel());
        QVERIFY(engine.busy());
        QVERIFY(opened.wait(patience));
        QVERIFY(engine.model()->isChatModel);
        QVERIFY(engine.model()->tokenizer);
        QCOMPARE(engine.model()->hash.size(), std::size_t{16});
        QVERIFY(engine.model()->trits.minus > 0 && engine.model()->trits.plus > 0);
        QVERIFY(engine.activeDevice()->memory.weights > 0);
        QTRY_VERIFY(!engine.busy());
        QCOMPARE(busy.count(), 2);
    }

    void aModelThatIsNotThereLeavesTheOpenOne() {
        EngineClient engine(cpuOnly(), {});
        Heard heard(engine);
        engine.openModel(sampleModel());
        QTRY_VERIFY_WITH_TIMEOUT(engine.model(), patience);
        const auto before = engine.model();
        engine.openModel("/nowhere/at/all");
        QTRY_COMPARE_WITH_TIMEOUT(heard.failures.size(), std::size_t{1}, patience);
        QVERIFY(heard.failures[0].text().find("/nowhere/at/all") != std::string::npos);
        QCOMPARE(engine.model(), before);
        engine.generate(ask("Hello", 4));
        QVERIFY(heard.wait(1));
        QVERIFY(!heard.finished[0].error);
        QCOMPARE(heard.tokens.size(), std::size_t{4});
    }

    void streamsInFewBatchesAndReadsOnlyWhatIsNew() {
        EngineClient engine(cpuOnly(), {});
        Heard heard(engine);
        engine.openModel(sampleModel());
        QElapsedTimer timer;
        timer.start();
        engine.generate(ask("Tell me a story about a cat.", 60));  // waits for the model
        QVERIFY(heard.wait(1));
        QCOMPARE(heard.tokens.size(), std::size_t{60});
        QVERIFY(heard.batches <= 2 + timer.elapsed() / 33);
        QCOMPARE(heard.tokens[0].sampled.alternatives.size(), std::size_t{5});
        QVERIFY(heard.tokens[0].sampled.probability > 0.0F);
        QVERIFY(heard.finished[0].prefillTokens > 3);

        // Again: the state has moved on, but the end of the prompt is remembered.
        engine.generate(ask("Tell me a story about a cat.", 60));
        QVERIFY(heard.wait(2));
        QCOMPARE(heard.finished[1].prefillTokens, 0);
        const auto all = heard.ids();
        QCOMPARE(heard.ids(60), std::vector<TokenId>(all.begin(), all.begin() + 60));

        // From the middle, with the first 20 tokens given: they are run, and the rest comes out the same.
        auto request = ask("Tell me a story about a cat.", 40);
        request.answerSoFar.assign(all.begin(), all.begin() + 20);
        engine.generate(request);
        QVERIFY(heard.wait(3));
        QCOMPARE(heard.finished[2].prefillTokens, 20);
        QCOMPARE(heard.ids(120), std::vector<TokenId>(all.begin() + 20, all.begin() + 60));
    }

    void stopsAtOnceAndANewerAnswerSilencesTheOlder() {
        EngineClient engine(cpuOnly(), {});
        Heard heard(engine);
        engine.openModel(sampleModel());
        engine.generate(ask("Hello", 100000));
        QTRY_VERIFY_WITH_TIMEOUT(heard.tokens.size() > 3, patience);
        engine.stop();
        QVERIFY(heard.wait(1));
        QCOMPARE(heard.finished[0].result.reason, StopReason::Stopped);
        QCOMPARE(static_cast<std::size_t>(heard.finished[0].result.tokens), heard.tokens.size());
        QVERIFY(engine.model());

        engine.generate(ask("Hello", 100000));
        QTRY_VERIFY_WITH_TIMEOUT(heard.tokens.size() > static_cast<std::size_t>(heard.finished[0].result.tokens) + 3, patience);
        engine.generate(ask("What is two plus three?", 5));
        heard.tokens.clear();
        QVERIFY(heard.wait(2));
        QTRY_VERIFY_WITH_TIMEOUT(!engine.busy(), patience);
        QCOMPARE(heard.finished.size(), std::size_t{2});
        QCOMPARE(heard.tokens.size(), std::size_t{5});
    }

    void anotherDeviceGoesOnFromTheSameState() {
        EngineClient stays(cpuOnly(), {});
        BackendRegistry two = cpuOnly();
        EngineClient moves(std::move(two), {});
        Heard first(stays);
        Heard second(moves);
        stays.openModel(sampleModel());
        moves.openModel(sampleModel());
        auto request = ask("Hello! What is your name?", 10);
        stays.generate(request);
        moves.generate(request);
        QVERIFY(first.wait(1) && second.wait(1));
        QSignalSpy changed(&moves, &EngineClient::deviceChanged);
        moves.selectDevice("cpu");  // loaded anew: another device model
        QVERIFY(changed.count() > 0 || changed.wait(patience));
        request.answerSoFar = first.ids();
        stays.generate(request);
        moves.generate(request);
        QVERIFY(first.wait(2) && second.wait(2));
        QCOMPARE(second.ids(), first.ids());
        QCOMPARE(second.finished[1].prefillTokens, 0);

        moves.selectDevice("vulkan:99");
        QTRY_COMPARE_WITH_TIMEOUT(second.failures.size(), std::size_t{1}, patience);
        QCOMPARE(second.failures[0].code, ErrorCode::DeviceUnavailable);
        moves.generate(ask("Hello", 3));
        QVERIFY(second.wait(3));
        QVERIFY(!second.finished[2].error);
    }

    void anAnswerThatRunsMovesToTheOtherDeviceAndGoesOn() {
        constexpr int length = 60;
        EngineClient stays(cpuOnly(), {});
        BackendRegistry both = cpuOnly();
        both.add(makeVulkanBackend());
        const auto vulkan = both.find("vulkan");
        if (!vulkan) QSKIP("there is no Vulkan device");
        EngineClient moves(std::move(both), "cpu");
        Heard first(stays);
        Heard second(moves);
        stays.openModel(sampleModel());
        stays.generate(ask("Tell me a story about a cat.", length));
        moves.openModel(sampleModel());
        std::size_t before = 0;  // tokens shown when the device was chosen
        std::size_t there = 0;   // and when it had changed
        connect(&moves, &EngineClient::tokensGenerated, &moves, [&](const auto&) {
            if (before == 0) moves.selectDevice(QString::fromStdString(vulkan->id()));
            if (before == 0) before = second.tokens.size();
        });
        connect(&moves, &EngineClient::deviceChanged, &moves, [&](const ActiveDevice& device) {
            if (device.info.backend == "vulkan") there = second.tokens.size();
        });
        moves.generate(ask("Tell me a story about a cat.", length));
        QVERIFY(first.wait(1) && second.wait(1));
        QVERIFY(!second.finished[0].error && second.failures.empty());
        QVERIFY(before > 0 && there >= before);
        QVERIFY2(there < length, "it moved only when the answer had ended");
        QCOMPARE(moves.activeDevice()->info.backend, std::string("vulkan"));
        QCOMPARE(second.ids(), first.ids());
        QTRY_VERIFY_WITH_TIMEOUT(!moves.busy(), patience);
    }

    void stoppedBeforeItsTurnAnAnswerEndsAtOnce() {
        EngineClient engine(cpuOnly(), {});
        Heard heard(engine);
        engine.openModel(sampleModel());
        engine.generate(ask("Hello"));
        engine.stop();
        QVERIFY(heard.wait(1));
        QVERIFY(!engine.model());  // it is still being loaded
        QCOMPARE(heard.finished[0].result.reason, StopReason::Stopped);
        QVERIFY(!heard.finished[0].error);
        QTRY_VERIFY_WITH_TIMEOUT(engine.model(), patience);
        QTRY_VERIFY_WITH_TIMEOUT(!engine.busy(), patience);
        QCOMPARE(heard.finished.size(), std::size_t{1});
        QVERIFY(heard.tokens.empty());
    }

    void withoutAModelAnAnswerIsAnError() {
        EngineClient engine(cpuOnly(), {});
        Heard heard(engine);
        engine.generate(ask("Hello"));
        QVERIFY(heard.wait(1));
        QVERIFY(heard.finished[0].error.has_value());
    }

    void goesAwayWhileItWorks() {
        for (const int wait : {0, 20, 400}) {
            EngineClient engine(cpuOnly(), {});
            engine.openModel(sampleModel());
            engine.generate(ask("Hello", 100000));
            QTest::qWait(wait);
        }
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::EngineClientTest)
#include "engine_client_test.moc"
