// Pins: kept in sight across prompts and starts, undone and redone.
#include <QComboBox>
#include <QLabel>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QToolButton>

#include "inspect/hidden/lens_card.h"
#include "inspect/hidden_statistics.h"
#include "inspect/pins/pin_card.h"
#include "inspect/pins/pins_panel.h"
#include "inspect_window.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

QString savedAs;  // NOLINT: what the file dialog would answer

struct PinsWindow : InspectWindow {
    explicit PinsWindow(const QString& file)
        : InspectWindow(file, [](Settings& settings) { return std::vector<PanelDefinition>{pinsPanel(settings)}; }) {
        showPanel("pins");
    }
    void select(int layer, int channel, int token) {
        Selection selection = inspector.selection();
        selection.layer = layer;
        selection.channel = channel;
        selection.token = token;
        inspector.select(selection);
    }
    /// By keys alone, from the prompt.
    void pin(Pin::Kind kind) const {
        find<QComboBox>("pins.kind")->setCurrentIndex(static_cast<int>(kind));
        QTest::keyClick(window.get(), Qt::Key_D, Qt::ControlModifier);
    }
    QList<PinCard*> cards() const { return window->findChildren<PinCard*>("pin"); }
};

}  // namespace

class PinsTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    QString file() const { return folder_.filePath(QString(QTest::currentTestFunction()) + ".conf"); }

private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void anEmptyViewSaysWhatToDo() {
        PinsWindow view(file());
        QTRY_VERIFY(view.note("pinsPanel").contains("Open a model"));
        QVERIFY(view.openSample());
        QTRY_VERIFY(view.note("pinsPanel").contains("Ctrl+D"));
    }

    void pinsShowWhatIsTraced() {
        PinsWindow view(file());
        QVERIFY(view.openSample() && view.ask("Tell me a story about a cat."));
        view.select(3, 17, 4);
        QCOMPARE(view.find<QSpinBox>("pins.channel")->value(), 17);
        view.pin(Pin::Kind::Channel);
        view.pin(Pin::Kind::Cell);
        view.pin(Pin::Kind::Lens);
        view.pin(Pin::Kind::Lens);  // it is there already
        QCOMPARE(view.cards().size(), 3);
        QCOMPARE(view.cards()[0]->accessibleName(), QString("forget_gate, layer 3, channel 17"));
        QVERIFY(view.traced({TraceTensor::ForgetGate, 3}) && view.traced(stateAt(4)) && view.traced(stateAt(12)));

        const TraceSeries f = view.inspector.series({TraceTensor::ForgetGate, 3});
        auto* curve = view.find<PlotView>("pin.curve");
        QTRY_COMPARE(curve->graph()->dataCount(), f.endToken());
        for (int token = 0; token < f.endToken(); ++token)
            QCOMPARE(curve->graph()->dataMainValue(token), double{f.row(token)[17]});
        QTRY_VERIFY(view.find<QLabel>("pin.value")->text().startsWith(QLocale().toString(f.row(4)[17], 'g', 5)));

        auto* lensCard = view.find<LensCard>("pin.lens");
        QTRY_VERIFY_WITH_TIMEOUT(lensCard->cell() != nullptr, patience);
        const auto device = makeCpuBackend()->load(view.engine.model()->checkpoint.model, 0, {});
        const auto ids = view.inspector.ids();
        const auto truth =
            lens(**device, view.inspector.series(stateAt(4)).row(4), std::span(ids).subspan(5, 1), LensReader::top, {});
        QVERIFY(truth.ok());
        QCOMPARE(lensCard->cell()->actualRank, truth->front().actualRank);
        for (std::size_t k = 0; k < LensReader::top; ++k) QCOMPARE(lensCard->cell()->top[k].id, truth->front().top[k].id);

        QTest::mouseClick(curve, Qt::LeftButton, {},
                          QPoint(qRound(curve->xAxis->coordToPixel(6)), curve->axisRect()->rect().center().y()));
        QCOMPARE(view.inspector.selection().token, 6);
        view.keepPictures("pins");

        setAskForFile([](QWidget*, const QString&, const QString&, const QString&) { return savedAs; });
        savedAs = folder_.filePath("pins.csv");
        view.trigger("pins.export.csv");
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(savedAs), patience);
        QCOMPARE(view.rows("pinsPanel").size(), static_cast<std::size_t>(f.endToken() + 2));
        savedAs = folder_.filePath("pins.png");
        view.trigger("pins.export.png");
        QTRY_VERIFY(QFile(savedAs).size() > 1000);
    }

    void pinsStayAcrossConversationsAndStarts() {
        {
            PinsWindow view(file());
            QVERIFY(view.openSample() && view.ask("Tell me a story about a cat."));
            view.select(2, 5, 1);
            view.pin(Pin::Kind::Channel);
            view.pin(Pin::Kind::Lens);
            view.conversation.startNew();
            QTRY_VERIFY(view.inspector.timeline().empty());
            QCOMPARE(view.cards().size(), 2);
            QVERIFY(view.ask("What is rain?"));
            QVERIFY(view.traced({TraceTensor::ForgetGate, 2}));
            auto* curve = view.find<PlotView>("pin.curve");
            const TraceSeries f = view.inspector.series({TraceTensor::ForgetGate, 2});
            QTRY_COMPARE(curve->graph()->dataCount(), f.endToken());
            QTRY_COMPARE(curve->graph()->dataMainValue(0), double{f.row(0)[5]});
        }
        PinsWindow again(file());
        QCOMPARE(again.cards().size(), 0);  // of no model yet
        QVERIFY(again.openSample());
        QCOMPARE(again.cards().size(), 2);
        QCOMPARE(again.cards()[1]->accessibleName(), QString("lens, layer 2, token 1"));
    }

    void deleteRemovesAndUndoBringsBack() {
        PinsWindow view(file());
        QVERIFY(view.openSample() && view.ask("Hello"));
        for (const int channel : {1, 2, 3}) {
            view.select(0, channel, 0);
            view.pin(Pin::Kind::Channel);
        }
        QTRY_COMPARE(view.cards().size(), 3);
        QTest::mouseClick(view.cards()[1], Qt::LeftButton, {}, QPoint(20, 10));
        QVERIFY(view.cards()[1]->hasFocus());
        QTest::keyClick(view.cards()[1], Qt::Key_Delete);
        QCOMPARE(view.cards().size(), 2);
        QCOMPARE(view.cards()[1]->pin().channel, 3);
        QVERIFY(view.cards()[1]->hasFocus());
        QTest::keyClick(view.window->focusWidget(), Qt::Key_Delete);
        QTest::keyClick(view.window->focusWidget(), Qt::Key_Delete);
        QCOMPARE(view.cards().size(), 0);
        for (int k = 0; k < 3; ++k) QTest::keyClick(view.window->focusWidget(), Qt::Key_Z, Qt::ControlModifier);
        QCOMPARE(view.cards().size(), 3);
        QCOMPARE(view.cards()[1]->pin().channel, 2);
        view.cards()[0]->setFocus();
        QTest::keyClick(view.cards()[0], Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
        QCOMPARE(view.cards().size(), 2);
        QTest::mouseClick(view.cards()[0]->findChild<QToolButton*>("pin.remove"), Qt::LeftButton);
        QTRY_COMPARE(view.cards().size(), 1);
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::PinsTest)
#include "pins_test.moc"
