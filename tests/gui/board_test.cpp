// The dock of the boards, worked by clicks and keys, with a real ternion-board behind it: the accelerator's RTL.
#include <signal.h>

#include <QClipboard>
#include <QDockWidget>
#include <QLabel>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QScrollArea>
#include <QSpinBox>
#include <QTabBar>
#include <QTemporaryDir>
#include <QToolBar>
#include <QToolButton>

#include "board/board_panel.h"
#include "board/cycle_bar.h"
#include "board/simulation_form.h"
#include "chat/chat_panel.h"
#include "chat_fixture.h"
#include "model_card/model_card_panel.h"
#include "running_boards.h"
#include "shell/device_selector.h"
#include "shell/main_window.h"
#include "shell/theme.h"

namespace ternion::app {
namespace {

/// One layer of the sample model's shape, with its tokenizer: a token of it takes a quarter of the time.
bool writeSmallModel(const QString& path) {
    auto checkpoint = openCheckpoint(sampleModel().toStdString());
    if (!checkpoint) return false;
    ModelConfig config = checkpoint->model->config;
    config.numLayers = 1;
    auto model = randomModel(config, 1);
    if (!model) return false;
    model->name = "One random layer";
    checkpoint->model = std::make_shared<const Model>(std::move(*model));
    return writeGguf(*checkpoint, path.toStdString(), TritEncoding::TQ2_0).ok();
}

double numberIn(const QString& text) {
    static const QRegularExpression number(QStringLiteral("[0-9][0-9,]*(\\.[0-9]+)?"));
    return number.match(text).captured().remove(QLatin1Char(',')).toDouble();
}

struct BoardWindow : ChatFixture {
    BoardWindow(const QTemporaryDir& folder, Settings& settings)
        : ChatFixture(openStore(), cpuAndBoards(folder.path(), settings)),
          theme(settings),
          window({engine, conversation, inspector, runs, actions}, {chatPanel(), modelCardPanel(), boardPanel(settings)},
                 settings, theme) {}

    Theme theme;
    MainWindow window;
};

}  // namespace

class BoardTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::unique_ptr<Settings> settings_;
    std::unique_ptr<BoardWindow> bench_;

    QString file(const char* name) const { return folder_.filePath(QString::fromLatin1(name)); }
    QString model() const { return file("one-layer.gguf"); }

    template <class T = QWidget>
    T* find(const char* name) const {
        return bench_->window.findChild<T*>(name);
    }
    QString label(const char* name) const { return find<QLabel>(name)->text(); }
    QString device() const {
        const auto active = bench_->engine.activeDevice();
        return active ? QString::fromStdString(active->info.id()) : QString();
    }
    bool isOn(const QString& id) const {
        return QTest::qWaitFor([&] { return device() == id && !bench_->engine.busy(); }, patience);
    }
    /// As one does it: what is not in sight is scrolled there.
    void click(const char* name) const {
        auto* widget = find(name);
        find<QScrollArea>("boardPanel")->ensureWidgetVisible(widget);
        QTest::mouseClick(widget, Qt::LeftButton);
    }
    void setNumber(const char* name, int value) const {
        auto* box = find<QSpinBox>(name);
        find<QScrollArea>("boardPanel")->ensureWidgetVisible(box);
        box->setFocus();
        box->selectAll();
        QTest::keyClicks(box, QString::number(value));
        QTest::keyClick(box, Qt::Key_Tab);
    }
    void showTab(const QString& title) const {
        for (QTabBar* bar : bench_->window.findChildren<QTabBar*>())
            for (int k = 0; k < bar->count(); ++k)
                if (bar->tabText(k) == title) QTest::mouseClick(bar, Qt::LeftButton, {}, bar->tabRect(k).center());
    }
    QString tabInFront() const {
        for (QTabBar* bar : bench_->window.findChildren<QTabBar*>())
            if (bar->count() == 2) return bar->tabText(bar->currentIndex());
        return {};
    }
    bool start() const {
        if (device() == QLatin1String("fpga:sim")) return true;
        click("boardStart");
        return isOn(QStringLiteral("fpga:sim"));
    }
    void ask(const QString& question, int tokens) const {
        bench_->conversation.setMaxTokens(tokens);
        bench_->conversation.setSampler({});  // the most probable
        auto* prompt = find<QPlainTextEdit>("prompt");
        QTest::mouseClick(prompt->viewport(), Qt::LeftButton);
        QTest::keyClicks(prompt, question);
        QTest::keyClick(prompt, Qt::Key_Return);
    }
    bool answered() const {
        return QTest::qWaitFor([&] { return !bench_->conversation.answering() && !bench_->engine.busy(); }, patience);
    }
    const StoredMessage& answer() const { return bench_->conversation.conversation().messages.back(); }
    std::vector<TokenId> answerIds() const {
        std::vector<TokenId> ids;
        for (const auto& token : answer().tokens) ids.push_back(token.id);
        return ids;
    }
    QStringList messages() const {
        QStringList all;
        for (const QLabel* text : bench_->window.findChildren<QLabel*>("messageText")) all << text->text();
        return all;
    }
    bool says(const QString& part) const {
        const QStringList all = messages();
        return std::any_of(all.begin(), all.end(), [&](const QString& text) { return text.contains(part); });
    }
    /// In both themes; of a run with QT_SCALE_FACTOR=2 apart.
    void keepPictures(const QString& name) const {
        const QString sharp = bench_->window.devicePixelRatioF() > 1 ? QStringLiteral("-2x") : QString();
        for (const ThemeMode mode : {ThemeMode::Dark, ThemeMode::Light}) {
            bench_->theme.setMode(mode);
            QTest::qWait(200);
            keepPicture(bench_->window,
                        name + (mode == ThemeMode::Dark ? QStringLiteral("-dark") : QStringLiteral("-light")) + sharp);
        }
    }

private slots:
    void initTestCase() {
        // Where the boards' sockets are.
        QVERIFY(QDir(folder_.path()).mkpath(QStringLiteral("runtime")));
        qputenv("XDG_RUNTIME_DIR", file("runtime").toUtf8());
        // The files of a driver that somebody may not open.
        QVERIFY(QDir(folder_.path()).mkpath(QStringLiteral("dev")) && QDir(folder_.path()).mkpath(QStringLiteral("sys")));
        QFile broken(file("dev/xdma0_user"));
        QVERIFY(broken.open(QIODevice::WriteOnly));
        QVERIFY(writeSmallModel(model()));
        settings_ = std::make_unique<Settings>(file("settings.ini"));
        bench_ = std::make_unique<BoardWindow>(folder_, *settings_);
        bench_->window.resize(1440, 900);
        bench_->window.show();
        QVERIFY(QTest::qWaitForWindowActive(&bench_->window));
        showTab(QStringLiteral("Board"));
        QTRY_VERIFY(find("boardPanel")->isVisible());
    }

    void boardsAreListedWithWhatStandsInTheirWay() {
        QStringList names, facts;
        for (const QLabel* name : find("boardList")->findChildren<QLabel*>("boardName")) names << name->text();
        for (const QLabel* fact : find("boardList")->findChildren<QLabel*>("boardFacts")) facts << fact->text();
        QCOMPARE(names, (QStringList{"Simulated board", "XDMA board xdma0"}));
        QVERIFY(facts[0].contains("simulated cycle by cycle"));
        QVERIFY2(facts[1].startsWith("Cannot be used: ") && facts[1].size() > 24, qPrintable(facts[1]));
        QVERIFY(find<QLabel>("noBoards") == nullptr);
        QVERIFY(!find<QPushButton>("boardStart")->isEnabled());
        QVERIFY(label("boardState").contains("Open a model"));
        QVERIFY(!bench_->actions.find("board.simulated")->isEnabled());
        bench_->window.openModel(model());
        QVERIFY(isOn("cpu"));
        QVERIFY(find<QPushButton>("boardStart")->isEnabled());
        keepPictures("board-stopped");
    }

    void theRateIsShownAsABandwidth() {
        fpga::SimulationSettings settings;
        QCOMPARE(assumedBandwidth(settings), 12.8e9);  // 64 bytes a cycle at 200 MHz
        settings.clockKhz = 100'000;
        settings.rate = 256;
        QCOMPARE(assumedBandwidth(settings), 1.6e9);
        QVERIFY2(label("boardBandwidth").contains("12.80 GB/s"), qPrintable(label("boardBandwidth")));
    }

    void cyclesFallIntoDisjointParts() {
        CycleCounts counts;
        counts.total = 1000;
        counts.matVec = 700;
        counts.array = 600;
        counts.streamStalls = 60;
        counts.drainStalls = 10;
        const CycleParts parts = partsOf(counts);
        QCOMPARE(parts.around, std::uint64_t{30});
        QCOMPARE(parts.others, std::uint64_t{300});
        QCOMPARE(parts.array + parts.memory + parts.drain + parts.around + parts.others, counts.total);
    }

    void oneClickStartsItAndAChatAnswersOnIt() {
        QVERIFY(runningBoards().empty());
        QVERIFY(find<QLabel>("cyclesEmpty")->isVisible());
        click("boardStart");
        QVERIFY(!find<QPushButton>("boardStart")->isEnabled());
        QVERIFY(isOn("fpga:sim"));
        QCOMPARE(runningBoards().size(), std::size_t{1});
        QVERIFY2(find<QPushButton>("boardStart")->text().startsWith("Stop"),
                 qPrintable(find<QPushButton>("boardStart")->text()));
        QVERIFY(settings_->device().isEmpty());  // the next start is on what was used before

        ask("Hi", 4);
        QVERIFY(answered());
        QCOMPARE(answer().tokens.size(), std::size_t{4});
        // Modelled, and said to be; the wall clock's beside it.
        QCOMPARE(label("boardSpeedTag"), QString("modelled"));
        QCOMPARE(label("simulationSpeedTag"), QString("measured"));
        QVERIFY(label("boardSpeedNote").contains("200 MHz, which is assumed"));
        QVERIFY(label("simulationSpeedNote").contains("no speed of a board"));
        for (const char* name : {"cyclesAToken", "arrayUse", "memoryStalls", "drainStalls", "bytesRead"}) {
            QCOMPARE(label(qPrintable(QString::fromLatin1(name) + "Tag")), QString("modelled"));
            QVERIFY2(!label(name).isEmpty(), name);
        }
        const double cycles = numberIn(label("cyclesAToken"));
        QVERIFY(cycles > 1e4);
        QVERIFY(std::abs(numberIn(label("boardSpeedValue")) - 200e6 / cycles) < 0.6);
        QVERIFY(numberIn(label("simulationSpeedValue")) < numberIn(label("boardSpeedValue")));
        QVERIFY(numberIn(label("arrayUse")) > 50 && numberIn(label("arrayUse")) <= 100);
        QVERIFY(find("cycleBar")->accessibleName().contains("modelled"));
        QVERIFY(find("cycleBar")->isVisible());
        QVERIFY(label("simulationSpeedValue").contains("tokens/s"));
        keepPictures("board-running");
    }

    void itIsCalledSimulatedAndFixedWhereverItIsNamed() {
        QVERIFY(start());
        QVERIFY2(find<QToolButton>("deviceSelector")->text().contains("Simulated board"),
                 qPrintable(find<QToolButton>("deviceSelector")->text()));
        QVERIFY(find<QToolButton>("deviceSelector")->text().contains("fixed"));
        QCOMPARE(label("deviceKind"), QString("Simulated board · Fixed arithmetic"));
        QVERIFY(find<QLabel>("deviceKind")->isVisible());
        QVERIFY2(label("speed").contains("simulation"), qPrintable(label("speed")));
        const QString note = bench_->window.findChildren<QLabel*>("messageNote").back()->text();
        QVERIFY2(note.contains("speed of the simulation"), qPrintable(note));
        bench_->actions.find("model.copyCard")->trigger();
        const QString card = QGuiApplication::clipboard()->text();
        QVERIFY(card.contains("Simulated board · fpga:sim"));
        QVERIFY(card.contains("Arithmetic: fixed"));
        const auto runs = bench_->runStore->reader().value()->list().value();
        QVERIFY(isSimulated(runs.front().facts.device));
        QCOMPARE(deviceLabel(runs.front().facts.device), QString("Simulated board · fpga:0"));
        QCOMPARE(runs.front().facts.profile, std::string("fixed"));
    }

    void changedAssumptionsRestartIt() {
        QVERIFY(start());
        if (!find("cycleBar")->isVisible()) {
            ask("Hi", 2);
            QVERIFY(answered());
        }
        const double cycles = numberIn(label("cyclesAToken"));
        const double speed = numberIn(label("boardSpeedValue"));
        const auto before = runningBoards();
        QVERIFY(!find("boardRestart")->isVisible());
        setNumber("boardClock", 100);
        QVERIFY(find("boardRestart")->isVisible());
        QVERIFY(label("boardBandwidth").contains("6.40 GB/s"));
        QCOMPARE(settings_->simulation().clockKhz, 100'000U);
        keepPictures("board-changed");
        click("boardRestart");
        QVERIFY(QTest::qWaitFor([&] { return runningBoards().size() == 1 && runningBoards() != before; }, patience));
        QVERIFY(isOn("fpga:sim"));
        QVERIFY(!find("boardRestart")->isVisible());
        QVERIFY(find<QLabel>("cyclesEmpty")->isVisible());  // the figures of another clock are gone

        ask("Go on", 2);
        QVERIFY(answered());
        QVERIFY(label("boardSpeedNote").contains("100 MHz"));
        QVERIFY(std::abs(numberIn(label("cyclesAToken")) - cycles) < 0.01 * cycles);
        QVERIFY(std::abs(numberIn(label("boardSpeedValue")) - speed / 2) < 0.01 * speed);

        // Slower memory: other cycles.
        setNumber("boardRate", 256);
        click("boardRestart");
        QVERIFY(QTest::qWaitFor([&] { return find<QLabel>("cyclesEmpty")->isVisible(); }, patience));
        QVERIFY(isOn("fpga:sim"));
        ask("Go on", 2);
        QVERIFY(answered());
        QVERIFY(numberIn(label("cyclesAToken")) > 2 * cycles);
        QVERIFY(numberIn(label("memoryStalls")) > cycles);
    }

    void stopGoesBackToWhereItWas() {
        QVERIFY(start());
        click("boardStart");
        QVERIFY(isOn("cpu"));
        QVERIFY(QTest::qWaitFor([] { return runningBoards().empty(); }, patience));
        QVERIFY(!find<QLabel>("deviceKind")->isVisible());
        QVERIFY(!find<QToolButton>("deviceSelector")->text().contains("fixed"));
    }

    void theToolbarDoesTheSameOneClick() {
        showTab(QStringLiteral("Model card"));
        QCOMPARE(tabInFront(), QString("Model card"));
        QAction* action = bench_->actions.find("board.simulated");
        QWidget* button = bench_->window.findChild<QToolBar*>("toolBar")->widgetForAction(action);
        QVERIFY(button != nullptr && button->isVisible());
        QTest::mouseClick(button, Qt::LeftButton);
        QVERIFY(isOn("fpga:sim"));
        QVERIFY(action->isChecked());
        QTRY_COMPARE(tabInFront(), QString("Board"));
        QTest::mouseClick(button, Qt::LeftButton);
        QVERIFY(isOn("cpu"));
        QVERIFY(!action->isChecked());
    }

    void whatDoesNotFitIsSaid() {
        setNumber("boardMemory", 1);
        click("boardStart");
        QVERIFY(QTest::qWaitFor([&] { return !messages().isEmpty() && !bench_->engine.busy(); }, patience));
        QCOMPARE(device(), QString("cpu"));
        QVERIFY(find<QPushButton>("boardStart")->isEnabled());
        QVERIFY(!bench_->actions.find("board.simulated")->isChecked());
        QVERIFY(QTest::qWaitFor([] { return runningBoards().empty(); }, patience));
        setNumber("boardMemory", 256);
        setNumber("boardRate", 1024);
        QTest::mouseClick(find("messageClose"), Qt::LeftButton);
    }

    void theArithmeticIsChosenBesideTheDevice() {
        auto* menu = find<QToolButton>("deviceSelector")->menu();
        QStringList texts;
        for (const QAction* entry : menu->actions()) texts << entry->text();
        QVERIFY(texts.contains("The device's own") && texts.contains("Float"));
        const auto choose = [&](const char* id) {
            menu->popup(QPoint(0, 0));
            QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(bench_->actions.find(id)).center());
        };
        bench_->conversation.startNew();
        choose("arithmetic.fixed");
        QVERIFY(QTest::qWaitFor([&] { return bench_->engine.activeDevice()->profile == Profile::Fixed; }, patience));
        QVERIFY(isOn("cpu"));
        QVERIFY(find<QToolButton>("deviceSelector")->text().endsWith("fixed"));
        QCOMPARE(label("deviceKind"), QString("Fixed arithmetic"));
        QCOMPARE(settings_->profile(), Profile::Fixed);
        ask("Hello", 4);
        QVERIFY(answered());
        const auto onCpu = answerIds();
        QCOMPARE(onCpu.size(), std::size_t{4});
        // The board gives the same.
        bench_->conversation.startNew();
        QVERIFY(start());
        ask("Hello", 4);
        QVERIFY(answered());
        QCOMPARE(answerIds(), onCpu);
        // It has no other arithmetic: that is said, and it goes on in its own.
        choose("arithmetic.float");
        QVERIFY(QTest::qWaitFor([&] { return says("does not compute in “float” arithmetic"); }, patience));
        QVERIFY(isOn("fpga:sim"));
        QCOMPARE(bench_->engine.activeDevice()->profile, Profile::Fixed);
        click("boardStart");
        QVERIFY(isOn("cpu"));
        QCOMPARE(bench_->engine.activeDevice()->profile, Profile::Float);
        choose("arithmetic.own");
        QVERIFY(isOn("cpu"));
        QCOMPARE(settings_->profile(), Profile::Auto);
    }

    void aKilledBoardIsSaidAndTheAnswerGoesOnOnTheCpu() {
        bench_->conversation.startNew();
        QVERIFY(start());
        constexpr int wanted = 400;
        ask("Tell me a story", wanted);
        QVERIFY(QTest::qWaitFor([&] { return answer().role == Role::Assistant && answer().tokens.size() >= 2; }, patience));
        const auto boards = runningBoards();
        QCOMPARE(boards.size(), std::size_t{1});
        QCOMPARE(kill(boards.front(), SIGKILL), 0);
        QVERIFY(QTest::qWaitFor([&] { return !bench_->conversation.answering(); }, patience));
        QVERIFY2(says("The simulated board has failed"), qPrintable(messages().join('\n')));
        QVERIFY(find("boardGoOn")->isVisible());
        const auto before = answerIds();
        QVERIFY(before.size() >= 2 && before.size() < wanted);
        keepPictures("board-lost");
        click("boardGoOn");
        QVERIFY(QTest::qWaitFor([&] { return answer().tokens.size() > before.size() + 4; }, patience));
        QCOMPARE(device(), QString("cpu"));
        QVERIFY(!find("boardGoOn")->isVisible());
        bench_->conversation.stop();
        QVERIFY(answered());
        const auto after = answerIds();
        QVERIFY(std::equal(before.begin(), before.end(), after.begin()));
        QVERIFY(runningBoards().empty());
    }

    void closingTheWindowLeavesNoProcessAndNoSocket() {
        bench_->conversation.startNew();
        QVERIFY(start());
        ask("Tell me a story", 400);
        QVERIFY(QTest::qWaitFor([&] { return answer().role == Role::Assistant && !answer().tokens.empty(); }, patience));
        QVERIFY(!QDir(file("runtime")).entryList({"ternion-board-*"}, QDir::Dirs).isEmpty());
        QVERIFY(bench_->window.close());
        bench_.reset();
        QVERIFY(runningBoards().empty());
        QVERIFY(QDir(file("runtime")).entryList({"ternion-board-*"}, QDir::Dirs).isEmpty());
        QCOMPARE(Settings(file("settings.ini")).simulation().clockKhz, 100'000U);  // kept for the next start
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::BoardTest)
#include "board_test.moc"
