// The timeline: walking, jumping, playing, going on from any token.
#include <QLabel>
#include <QToolButton>
#include <cmath>

#include "chat_fixture.h"
#include "inspect/scrubber/scrubber_panel.h"
#include "inspect/scrubber/token_strip.h"
#include "inspect/token_change.h"

namespace ternion::app {
namespace {

struct Panel : ChatFixture {
    Panel() {
        widget.reset(scrubberPanel().create({engine, conversation, inspector, runs, actions}));
        widget->resize(1000, 120);
        widget->show();
    }
    bool ask(const QString& question, int tokens = 20) {
        conversation.setMaxTokens(tokens);
        conversation.send(question);
        return answered() && settled();
    }
    TraceSeries states() const { return inspector.series({TraceTensor::State, inspector.selection().layer}); }
    /// Everything of the text is traced.
    bool settled() {
        return QTest::qWaitFor(
            [this] {
                return !inspector.timeline().empty() && states().endToken() == static_cast<int>(inspector.timeline().size());
            },
            patience);
    }
    TokenStrip* strip() const { return widget->findChild<TokenStrip*>("tokenStrip"); }
    QString place() const { return widget->findChild<QLabel*>("scrubberPlace")->text(); }
    void trigger(const char* id) const { actions.find(id)->trigger(); }
    std::unique_ptr<QWidget> widget;
};

}  // namespace

class ScrubberTest : public QObject {
    Q_OBJECT

private slots:
    void walksByClicksDragsAndKeys() {
        Panel panel;
        QVERIFY(panel.openSample());
        QVERIFY(panel.ask("What is the sea?"));
        const int count = static_cast<int>(panel.inspector.timeline().size());
        QCOMPARE(panel.inspector.timeline()[static_cast<std::size_t>(panel.inspector.promptTokens())].answerToken, 0);
        QTRY_COMPARE(panel.strip()->current(), count - 1);  // the newest, where none is chosen
        QTest::mouseClick(panel.strip(), Qt::LeftButton, {}, panel.strip()->tokenRect(count - 3).center());
        QCOMPARE(panel.inspector.selection().token, count - 3);
        QTRY_VERIFY(panel.place().startsWith(QString("Token %1 of %2").arg(count - 3).arg(count)));
        QTest::keyClick(panel.strip(), Qt::Key_Left);
        QCOMPARE(panel.inspector.selection().token, count - 4);
        QTest::keyClick(panel.strip(), Qt::Key_Home);
        QCOMPARE(panel.inspector.selection().token, 0);
        QTest::keyClick(panel.strip(), Qt::Key_Left);
        QCOMPARE(panel.inspector.selection().token, 0);
        panel.trigger("scrubber.next");
        QCOMPARE(panel.inspector.selection().token, 1);
        const QPoint from = panel.strip()->tokenRect(1).center(), to = panel.strip()->tokenRect(4).center();
        QTest::mousePress(panel.strip(), Qt::LeftButton, {}, from);
        QMouseEvent drag(QEvent::MouseMove, to, panel.strip()->mapToGlobal(to), Qt::NoButton, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(panel.strip(), &drag);
        QTest::mouseRelease(panel.strip(), Qt::LeftButton, {}, to);
        QCOMPARE(panel.inspector.selection().token, 4);
        QVERIFY(panel.strip()->rect().contains(panel.strip()->tokenRect(4).center()));
        panel.trigger("scrubber.layerDown");
        QCOMPARE(panel.inspector.selection().layer, 1);
        QVERIFY(panel.settled());  // another layer's states are traced when they are looked at
        keepPicture(*panel.widget, "scrubber");
    }

    void jumpsToTheLargestChangeAndPlays() {
        Panel panel;
        QVERIFY(panel.openSample());
        QVERIFY(panel.ask("What is the sea?"));
        const auto change = relativeChange(panel.states());
        const auto largest = std::max_element(change.begin() + 1, change.end()) - change.begin();
        QTRY_VERIFY((panel.trigger("scrubber.jump"), panel.inspector.selection().token == largest));
        panel.trigger("scrubber.first");
        panel.trigger("scrubber.play");
        QTRY_COMPARE(panel.inspector.selection().token, 2);
        panel.trigger("scrubber.play");
        const int stopped = panel.inspector.selection().token;
        QTest::qWait(500);
        QCOMPARE(panel.inspector.selection().token, stopped);
    }

    void tracesWhatIsSeenAlone() {
        Panel panel;
        QVERIFY(panel.openSample());
        QVERIFY(panel.ask("Hello", 5));
        QVERIFY(panel.inspector.series({TraceTensor::State, 1}).empty());
        panel.widget->hide();
        panel.conversation.setMaxTokens(5);
        panel.conversation.send("And you?");
        QVERIFY(panel.answered());
        QTest::qWait(200);
        QVERIFY(panel.states().endToken() < static_cast<int>(panel.inspector.timeline().size()));
        panel.widget->show();
        QVERIFY(panel.settled());
    }

    /// The states shown are those of the tokens, computed anew in one pass.
    void showsTheStatesOfItsTokens() {
        Panel panel;
        QVERIFY(panel.openSample());
        QVERIFY(panel.ask("What is the sea?"));
        QVERIFY(panel.ask("And the sky?"));
        auto device = makeCpuBackend()->load(panel.engine.model()->checkpoint.model, 0, {});
        QVERIFY(device.ok());
        const auto state = (*device)->createState();
        ForwardOptions options;
        options.trace.items = {{TraceTensor::State, 0}};
        const auto output = (*device)->forward(panel.inspector.ids(), **state, options);
        QVERIFY(output.ok());
        const TraceSeries series = panel.states();
        for (int t = series.firstToken(); t < series.endToken(); ++t)
            QVERIFY(std::ranges::equal(
                series.row(t), std::span(output->trace.tensors[0].values).subspan(static_cast<std::size_t>(t) * 512, 512)));
    }

    void goesOnFromAToken() {
        Panel panel;
        QVERIFY(panel.openSample());
        QVERIFY(panel.ask("Tell me a story about the sea."));
        const auto before = panel.last().tokens;
        const int prompt = panel.inspector.promptTokens();
        panel.inspector.select({0, TraceTensor::State, -1, prompt + 7, "f_proj"});
        panel.conversation.setMaxTokens(12);
        panel.trigger("scrubber.continue");
        QVERIFY(panel.conversation.answering());
        QVERIFY(panel.answered());
        const auto& after = panel.last().tokens;
        QVERIFY(before.size() > 8 && after.size() >= 8);
        for (std::size_t k = 0; k < 8; ++k) QCOMPARE(after[k].id, before[k].id);
        QVERIFY(panel.settled());
    }

    void forksIntoANewConversation() {
        Panel panel;
        QVERIFY(panel.openSample());
        QVERIFY(panel.ask("What is the sea?"));
        const auto id = panel.conversation.conversation().summary.id;
        const auto before = panel.last().tokens;
        panel.inspector.select({0, TraceTensor::State, -1, panel.inspector.promptTokens() + 4, "f_proj"});
        panel.conversation.setMaxTokens(6);
        panel.trigger("scrubber.fork");
        QVERIFY(panel.answered());
        const auto& fork = panel.conversation.conversation();
        QVERIFY(fork.summary.id != id);
        QVERIFY(fork.summary.title.ends_with("(fork)"));
        for (std::size_t k = 0; k < 5; ++k) QCOMPARE(fork.messages.back().tokens[k].id, before[k].id);
        const auto stored = panel.store->load(fork.summary.id);
        QVERIFY(stored.ok());
        QCOMPARE(stored->messages.size(), 2U);
        QCOMPARE(stored->messages[1].text, fork.messages[1].text);
        QVERIFY(stored->messages[1].complete);
        const auto original = panel.store->load(id);
        QVERIFY(original.ok());
        QCOMPARE(original->messages.back().tokens.size(), before.size());
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::ScrubberTest)
#include "scrubber_test.moc"
