// What would it have said otherwise: edits by real clicks and keys, on the real engine.
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTextEdit>

#include "chat_fixture.h"
#include "engine/intervention_effect.h"
#include "inspect/interventions/interventions_panel.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

struct Panel : ChatFixture {
    explicit Panel(std::unique_ptr<ConversationStore> own = openStore()) : ChatFixture(std::move(own)) {
        widget.reset(interventionsPanel().create({engine, conversation, inspector, runs, actions}));
        widget->resize(720, 800);
        widget->show();
    }
    template <class T = QWidget>
    T* find(const char* name) const {
        return widget->findChild<T*>(name);
    }
    void click(const char* name) const { QTest::mouseClick(find(name), Qt::LeftButton); }
    bool ask(const QString& question) {
        SamplerSettings sampler = conversation.conversation().sampler;
        sampler.temperature = 0.8F;
        sampler.seed = 3;
        conversation.setSampler(sampler);
        conversation.setMaxTokens(24);
        conversation.send(question);
        return answered() &&
               QTest::qWaitFor([this] { return inspector.promptTokens() < int(inspector.timeline().size()); }, patience);
    }
    bool run() {
        click("interventionRun");
        return QTest::qWaitFor([this] { return find<QPushButton>("interventionRun")->text() == "Answer again"; }, patience);
    }
    QString answer(const char* name) const { return find<QTextEdit>(name)->toPlainText(); }
    void addWholeLayer(int layer) const {
        find<QSpinBox>("editLayer")->setValue(layer);
        find<QComboBox>("editTensor")->setCurrentIndex(0);
        find<QLineEdit>("editChannels")->clear();
        find<QComboBox>("editKind")->setCurrentIndex(0);
        click("editAdd");
    }
    std::unique_ptr<QWidget> widget;
};

}  // namespace

class InterventionsTest : public QObject {
    Q_OBJECT

private slots:
    void saysWhatToDoFirst() {
        Panel panel;
        QVERIFY(!panel.find("interventionRun")->isEnabled());
        QVERIFY(panel.find<QLabel>("interventionStatus")->text().contains("Open a model"));
        QVERIFY(!panel.find("editAdd")->isEnabled());
        QVERIFY(panel.openSample());
        QTRY_VERIFY(panel.find<QLabel>("interventionStatus")->text().contains("Ask something"));
    }

    void writesTheAnswerAgainAndTheOldOneWhenAllIsUndone() {
        Panel panel;
        QVERIFY(panel.openSample());
        QVERIFY(panel.ask("What is the sea?"));
        const QString old = QString::fromStdString(panel.last().text);
        panel.addWholeLayer(5);
        auto& list = panel.inspector.interventions();
        QCOMPARE(list.rowCount(), 2);  // both mixers
        QVERIFY(panel.run());
        QCOMPARE(panel.answer("answerBefore").trimmed(), old.trimmed());
        const QString edited = panel.answer("answerAfter");
        QVERIFY(edited != panel.answer("answerBefore"));
        QVERIFY(panel.find<QLabel>("interventionStatus")->text().contains("differ"));

        // The same without the window.
        const auto ids = panel.inspector.ids();
        const auto split = ids.begin() + panel.inspector.promptTokens();
        GenerateOptions options;
        options.sampler = panel.conversation.conversation().sampler;
        options.maxTokens = 24;
        const auto model = panel.engine.model();
        auto device = makeCpuBackend()->load(model->checkpoint.model, 0, {});
        QVERIFY(device.ok());
        const auto effect =
            measureIntervention(std::shared_ptr<DeviceModel>(std::move(*device)), model->tokenizer,
                                std::vector(ids.begin(), split), std::vector(split, ids.end()), options, withoutLayer(5), {});
        QVERIFY(effect.ok());
        QCOMPARE(edited.trimmed(), QString::fromStdString(effect->result.text).trimmed());
        auto* plot = panel.find<PlotView>("interventionPlot");
        QCOMPARE(plot->graph(0)->dataCount(), static_cast<int>(effect->divergence.size()));
        for (int k = 0; k < plot->graph(0)->dataCount(); ++k)
            QCOMPARE(plot->graph(0)->dataMainValue(k), effect->divergence[static_cast<std::size_t>(k)]);
        keepPicture(*panel.widget, "interventions");

        panel.inspector.undo().undo();
        QCOMPARE(list.rowCount(), 0);
        QVERIFY(panel.run());
        QCOMPARE(panel.answer("answerAfter"), panel.answer("answerBefore"));
        QVERIFY(panel.find<QLabel>("interventionStatus")->text().contains("same answer"));
    }

    void editsAreTypedSwitchedRemovedAndUndone() {
        Panel panel;
        QVERIFY(panel.openSample());
        panel.inspector.select({3, TraceTensor::State, 17, -1, "f_proj"});
        panel.click("editFromSelection");
        QCOMPARE(panel.find<QLineEdit>("editChannels")->text(), "17");
        auto* channels = panel.find<QLineEdit>("editChannels");
        auto* kind = panel.find<QComboBox>("editKind");
        const auto& edits = panel.inspector.interventions().edits();
        kind->setCurrentIndex(2);
        QVERIFY(panel.find("editUpper")->isVisible());
        panel.find<QDoubleSpinBox>("editValue")->setValue(-0.5);
        channels->clear();
        QTest::keyClicks(channels, "16-31");
        QTest::keyClick(channels, Qt::Key_Return);
        QCOMPARE(edits.size(), 1U);
        QVERIFY((edits[0].edit == Edit{TraceTensor::State, 3, 16, 16, Edit::Kind::Clamp, -0.5F, 1.0F}));

        for (const char* wrong : {"512", "31-16", "a", "500-512"}) {
            channels->setText(wrong);
            QVERIFY2(!panel.find("editAdd")->isEnabled(), wrong);
            QVERIFY(!panel.find("editAdd")->toolTip().isEmpty());
        }
        channels->setText("All");
        QVERIFY(panel.find("editAdd")->isEnabled());
        panel.find<QDoubleSpinBox>("editUpper")->setValue(-1.0);  // below the lower one
        QVERIFY(!panel.find("editAdd")->isEnabled());

        panel.actions.find("interventions.zero")->trigger();
        QCOMPARE(edits.size(), 2U);
        QVERIFY((edits[1].edit == Edit{TraceTensor::State, 3, 17, 1}));
        auto* list = panel.find<QListView>("interventionList");
        list->setFocus();
        list->setCurrentIndex(list->model()->index(0, 0));
        QTest::keyClick(list, Qt::Key_Space);
        QVERIFY(!edits[0].active);
        QCOMPARE(panel.inspector.interventions().active().size(), 1U);
        list->setCurrentIndex(list->model()->index(0, 0));
        QTest::keyClick(list, Qt::Key_Delete);
        QCOMPARE(edits.size(), 1U);
        auto& undo = panel.inspector.undo();
        undo.undo();
        undo.undo();
        QVERIFY(edits.size() == 2 && edits[0].active);
        undo.redo();
        QVERIFY(!edits[0].active);
    }

    void areKeptWithTheConversation() {
        const QTemporaryDir folder;
        const auto file = folder.filePath("store.db").toStdString();
        std::int64_t id = 0;
        {
            Panel panel(openStore(file));
            QVERIFY(panel.openSample());
            panel.addWholeLayer(1);
            QVERIFY(panel.ask("Hello"));
            panel.addWholeLayer(2);
            id = panel.conversation.conversation().summary.id;
            panel.conversation.startNew();
            QCOMPARE(panel.inspector.interventions().rowCount(), 0);
            QVERIFY(!panel.inspector.undo().canUndo());
        }
        Panel again(openStore(file));
        again.conversation.open(id);
        QCOMPARE(again.inspector.interventions().rowCount(), 4);
        QVERIFY(again.inspector.interventions().edits()[3].edit == withoutLayer(2)[1]);
    }

    void canBeStoppedAndYieldsToTheChat() {
        Panel panel;
        QVERIFY(panel.openSample());
        QVERIFY(panel.ask("What is the sea?"));
        panel.conversation.setMaxTokens(4000);
        SamplerSettings endless = panel.conversation.conversation().sampler;
        panel.conversation.setSampler(endless);
        panel.addWholeLayer(0);
        panel.click("interventionRun");
        QCOMPARE(panel.find<QPushButton>("interventionRun")->text(), "Stop");
        panel.click("interventionRun");
        QTRY_COMPARE_WITH_TIMEOUT(panel.find<QPushButton>("interventionRun")->text(), "Answer again", patience);
        panel.click("interventionRun");
        panel.conversation.setMaxTokens(5);
        panel.conversation.send("And the sky?");
        QVERIFY(panel.answered());
        QTRY_COMPARE_WITH_TIMEOUT(panel.find<QPushButton>("interventionRun")->text(), "Answer again", patience);
        QCOMPARE(panel.conversation.conversation().messages.size(), 4U);
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::InterventionsTest)
#include "interventions_test.moc"
