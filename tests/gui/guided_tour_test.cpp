// The guided tour of README.md, step by step as it is written there: open, chat, inspect, measure, a board, compare, report.
// Pictures of the whole screen are kept; those in the README are of this test.
#include <QDockWidget>
#include <QLabel>
#include <QPushButton>
#include <QRegularExpression>
#include <QSpinBox>
#include <QTabWidget>
#include <QToolBar>

#include "compare/compare_window.h"
#include "compare/live_comparison.h"
#include "tour.h"
#include "views/map_view.h"
#include "views/plot_view.h"

namespace ternion::app {

namespace {

QString chosenReport;

}  // namespace

class GuidedTourTest : public QObject, private Tour {
    Q_OBJECT

    CompareWindow* compare_ = nullptr;

    template <class T = QWidget>
    T* beside(const char* name) const {
        return compare_->findChild<T*>(QString::fromLatin1(name));
    }
    void clickAction(const char* id) const {
        QAction* action = bench_->actions.find(id);
        QVERIFY(action != nullptr);
        QWidget* button = find<QToolBar>("toolBar")->widgetForAction(action);
        QVERIFY(button != nullptr && button->isVisible());
        QTest::mouseClick(button, Qt::LeftButton);
    }
    bool docksAreSeen(std::initializer_list<const char*> names) const {
        return std::all_of(names.begin(), names.end(), [this](const char* name) {
            auto* dock = bench_->window.findChild<QDockWidget*>(QString::fromLatin1(name));
            return dock != nullptr && !dock->isHidden();
        });
    }

private slots:
    void initTestCase() {
        QCOMPARE(QGuiApplication::platformName(), "xcb");
        for (const char* variable : {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"}) qunsetenv(variable);
        qputenv("HOME", home_.path().toUtf8());
        QVERIFY(QDir(home_.path()).mkpath("runtime") && QDir(home_.path()).mkpath("models"));
        qputenv("XDG_RUNTIME_DIR", home_.filePath("runtime").toUtf8());  // where boards' sockets are
        QVERIFY(QFile::link(sampleModel(), model()));
        Settings().setDevice("cpu");
        Settings().setTheme(ThemeMode::Light);
    }

    void opensAModel() {
        QVERIFY(start());
        bench_->window.setGeometry(QGuiApplication::primaryScreen()->availableGeometry());
        QVERIFY(label("modelName").startsWith("Ternary 49M"));
        QTRY_COMPARE(QApplication::focusWidget(), find("prompt"));
        keepScreen("guide-open");
    }

    void chats() {
        QVERIFY(ask("Tell me a story about a cat."));
        QVERIFY(answered());
        QVERIFY(label("messageNote").contains("tokens/s"));
        clickToken(1, 6);
        QVERIFY(find("tokenPopover"));
        keepScreen("guide-chat");
        press(Qt::Key_Escape);
    }

    void looksInside() {
        press(Qt::Key_I, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(docksAreSeen({"weights", "gates"}));
        auto* dock = bench_->window.findChild<QDockWidget*>("gates");
        dock->raise();
        auto* map = dock->findChild<MapView*>("gatesMap");
        QVERIFY(QTest::qWaitFor([&] { return map->region().columns > 0 && map->ready(); }, patience));
        QTest::mouseClick(map, Qt::LeftButton, {}, map->rect().center());
        QVERIFY(bench_->inspector.selection().channel >= 0);
        keepScreen("guide-inspect");
    }

    void measures() {
        press(Qt::Key_E, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(docksAreSeen({"metrics", "runs"}));
        auto* dock = bench_->window.findChild<QDockWidget*>("metrics");
        QVERIFY(QTest::qWaitFor(
            [&] {
                const auto plots = dock->findChildren<PlotView*>();
                return std::any_of(plots.begin(), plots.end(),
                                   [](const PlotView* plot) { return plot->isVisible() && plot->graphCount() > 0; });
            },
            patience));
        keepScreen("guide-measure");
    }

    void startsASimulatedBoard() {
        clickAction("board.simulated");
        QVERIFY(QTest::qWaitFor(
            [&] {
                const auto active = bench_->engine.activeDevice();
                return active && active->info.id() == "fpga:sim" && !bench_->engine.busy();
            },
            patience));
        QVERIFY(ask("Hi."));
        QVERIFY(answered());
        QVERIFY2(label("speed").contains("simulation"), qPrintable(label("speed")));
        keepScreen("guide-board");
        clickAction("board.simulated");
        QVERIFY(QTest::qWaitFor(
            [&] {
                const auto active = bench_->engine.activeDevice();
                return active && active->info.id() != "fpga:sim" && !bench_->engine.busy();
            },
            patience));
    }

    void comparesTheTwo() {
        clickAction("compare.open");
        for (QWidget* window : QApplication::topLevelWidgets())
            if (auto* found = qobject_cast<CompareWindow*>(window)) compare_ = found;
        QVERIFY(compare_ != nullptr);
        compare_->move(0, 0);
        compare_->resize(QGuiApplication::primaryScreen()->availableGeometry().size());
        QVERIFY(QTest::qWaitForWindowExposed(compare_));
        auto* tokens = beside<QSpinBox>("compareTokens");
        tokens->setFocus();
        tokens->selectAll();
        QTest::keyClicks(tokens, "8");
        QTest::keyClick(tokens, Qt::Key_Tab);
        QTRY_VERIFY(beside("compareRun")->isEnabled());
        QTest::mouseClick(beside("compareRun"), Qt::LeftButton);
        QVERIFY(QTest::qWaitFor([&] { return compare_->comparison().state() == LiveComparison::State::Ended; }, 4 * patience));
        QVERIFY(compare_->comparison().report().has_value());
        const QString found = beside<QLabel>("compareDivergenceB")->text();
        QVERIFY2(found.contains("zero everywhere"), qPrintable(found));
        auto* map = beside<MapView>("compareMap");
        QVERIFY(QTest::qWaitFor([&] { return map->region().columns > 0 && map->ready(); }, patience));
        QTest::mouseClick(map, Qt::LeftButton, {}, map->cellRect(2, map->region().columns - 1).center());
        QVERIFY(QTest::qWaitFor([&] { return beside<PlotView>("compareValues")->graphCount() == 2; }, patience));
        keepScreen("guide-compare");
        auto* bar = beside<QTabWidget>("compareTabs")->tabBar();
        QTest::mouseClick(bar, Qt::LeftButton, {}, bar->tabRect(2).center());
        QVERIFY(beside("compareClock")->isVisible());
        keepScreen("guide-costs");
    }

    void keepsAReport() {
        chosenReport = home_.filePath("report.pdf");
        setAskForFile([](QWidget*, const QString&, const QString&, const QString&) { return chosenReport; });
        QTest::mouseClick(beside("compareReport"), Qt::LeftButton);
        QFile pdf(chosenReport), markdown(home_.filePath("report.md"));
        QVERIFY(pdf.open(QIODevice::ReadOnly) && markdown.open(QIODevice::ReadOnly));
        QVERIFY(pdf.read(5) == "%PDF-");
        const QString text = QString::fromUtf8(markdown.readAll());
        for (const char* part : {"Side by side", "fpga:sim", "modelled", "measured"}) QVERIFY2(text.contains(part), part);
        QFile::copy(chosenReport, QStringLiteral(TERNION_SCREENSHOTS "/guide-report.pdf"));
    }

    void theReadmeShowsTheseSteps() {
        QFile readme(QStringLiteral(TERNION_RESOURCES "/../README.md"));
        QVERIFY(readme.open(QIODevice::ReadOnly));
        const QString text = QString::fromUtf8(readme.readAll());
        const auto from = text.indexOf("## A guided tour");
        QVERIFY(from >= 0);
        const QString tour = text.mid(from, text.indexOf("\n## ", from + 1) - from);
        for (const char* id : {"view.layout.inspect", "view.layout.measure", "compare.open"})
            QVERIFY2(tour.contains(bench_->actions.find(id)->shortcut().toString()), id);
        static const QRegularExpression picture(QStringLiteral("resources/screenshots/[a-z-]+\\.png"));
        auto pictures = picture.globalMatch(tour);
        QVERIFY(pictures.hasNext());
        while (pictures.hasNext())
            QVERIFY(QFile::exists(QStringLiteral(TERNION_RESOURCES "/../") + pictures.next().captured()));
    }

    void cleanupTestCase() { QVERIFY(close()); }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::GuidedTourTest)
#include "guided_tour_test.moc"
