// The Compare window, worked by clicks and keys: devices and models side by side, on the real engine and a real simulated
// board.
#include <signal.h>

#include <QComboBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QSpinBox>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTextBrowser>

#include "busy_loop.h"
#include "chat/token_text.h"
#include "checkpoint/gguf_container.h"
#include "compare/compare_window.h"
#include "compare/difference_map.h"
#include "compare/live_comparison.h"
#include "compare/plan_form.h"
#include "compare/side_form.h"
#include "running_boards.h"
#include "shell/theme.h"
#include "views/map_view.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

constexpr int hidden = 256;
constexpr int layers = 3;

/// Small, with the sample model's tokenizer; `flip` puts another trit into the second layer's f_proj, at output 17, input 33.
bool writeSmall(const QString& path, bool flip) {
    auto checkpoint = openCheckpoint(sampleModel().toStdString());
    if (!checkpoint) return false;
    ModelConfig config = checkpoint->model->config;
    config.numLayers = layers;
    config.hiddenSize = hidden;
    config.intermediateSize = 2 * hidden;
    auto model = randomModel(config, 7);
    if (!model) return false;
    model->name = flip ? "Flipped" : "Small";
    if (flip) {
        const TernaryMatrix& before = model->layers[1].f.weight;
        std::vector<std::int8_t> trits;
        for (int row = 0; row < before.rows(); ++row)
            for (int column = 0; column < before.cols(); ++column)
                trits.push_back(static_cast<std::int8_t>(before.trit(row, column)));
        auto& trit = trits[17 * hidden + 33];
        trit = static_cast<std::int8_t>(trit == 1 ? -1 : 1);
        auto changed = TernaryMatrix::fromTrits(trits, before.rows(), before.cols(), before.gamma());
        if (!changed) return false;
        model->layers[1].f.weight = std::move(*changed);
    }
    checkpoint->model = std::make_shared<const Model>(std::move(*model));
    return writeGguf(*checkpoint, path.toStdString(), TritEncoding::TQ2_0).ok();
}

struct CompareFixture : ChatFixture {
    CompareFixture(const QString& folder, Settings& settings)
        : ChatFixture(openStore(), cpuAndBoards(folder, settings)),
          theme(settings),
          window({engine, conversation, inspector, runs, actions}, settings) {}

    Theme theme;
    CompareWindow window;
};

QString chosenReport;

}  // namespace

class CompareTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::unique_ptr<Settings> settings_;
    std::unique_ptr<CompareFixture> bench_;

    QString file(const char* name) const { return folder_.filePath(QString::fromLatin1(name)); }

    template <class T = QWidget>
    T* find(const char* name) const {
        return bench_->window.findChild<T*>(name);
    }
    QString label(const char* name) const { return find<QLabel>(name)->text(); }
    LiveComparison& comparison() const { return bench_->window.comparison(); }

    void click(const char* name) const { QTest::mouseClick(find(name), Qt::LeftButton); }
    /// With the keys, as one does it.
    void choose(const char* name, const QVariant& data) const {
        auto* box = find<QComboBox>(name);
        box->setFocus();
        QTest::keyClick(box, Qt::Key_Home);
        for (int k = 0; k < box->count() && box->currentData() != data; ++k) QTest::keyClick(box, Qt::Key_Down);
        QCOMPARE(box->currentData(), data);
    }
    void setTokens(int tokens) const {
        auto* box = find<QSpinBox>("compareTokens");
        box->setFocus();
        box->selectAll();
        QTest::keyClicks(box, QString::number(tokens));
        QTest::keyClick(box, Qt::Key_Tab);
    }
    void openTab(const char* tabs, int index) const {
        auto* bar = find<QTabWidget>(tabs)->tabBar();
        QTest::mouseClick(bar, Qt::LeftButton, {}, bar->tabRect(index).center());
    }
    bool ended(int wait = patience) const {
        return QTest::qWaitFor([&] { return comparison().state() == LiveComparison::State::Ended; }, wait);
    }
    bool mapShown() const {
        auto* map = find<MapView>("compareMap");
        return QTest::qWaitFor(
            [&] { return map->region().columns == static_cast<int>(comparison().compared(1).size()) && map->ready(); },
            patience);
    }
    /// Two sides, their arithmetic, and whatever else they had is gone.
    void sides(const char* first, Profile a, const char* second, Profile b, const QString& otherModel = {}) const {
        choose("compareDeviceA", QString::fromLatin1(first));
        choose("compareDeviceB", QString::fromLatin1(second));
        choose("compareProfileA", static_cast<int>(a));
        choose("compareProfileB", static_cast<int>(b));
        bench_->window.form().side(1)->setOtherModel(otherModel);
    }
    void keepPictures(const QString& name) const {
        const QString sharp = bench_->window.devicePixelRatioF() > 1 ? QStringLiteral("-2x") : QString();
        for (const ThemeMode mode : {ThemeMode::Dark, ThemeMode::Light}) {
            bench_->theme.setMode(mode);
            QTest::qWait(300);
            keepPicture(bench_->window,
                        name + (mode == ThemeMode::Dark ? QStringLiteral("-dark") : QStringLiteral("-light")) + sharp);
        }
    }
    std::vector<double> mapValues() const {
        const Table table = find<MapView>("compareMap")->table(false);
        std::vector<double> values;
        std::vector<TableCell> cells(3);
        for (std::size_t row = 0; row < table.rows; ++row) {
            table.fill(row, cells);
            values.push_back(std::get<double>(cells[2]));
        }
        return values;
    }
    QStringList messages() const {
        QStringList all;
        for (const QLabel* text : bench_->window.findChildren<QLabel*>("messageText")) all << text->text();
        return all;
    }

private slots:
    void initTestCase() {
        QVERIFY(QDir(folder_.path()).mkpath(QStringLiteral("runtime")));
        qputenv("XDG_RUNTIME_DIR", file("runtime").toUtf8());  // where the boards' sockets are
        QVERIFY(writeSmall(file("small.gguf"), false));
        QVERIFY(writeSmall(file("flipped.gguf"), true));
        settings_ = std::make_unique<Settings>(file("settings.ini"));
        bench_ = std::make_unique<CompareFixture>(folder_.path(), *settings_);
        bench_->window.resize(1440, 900);
        bench_->window.show();
        QVERIFY(QTest::qWaitForWindowActive(&bench_->window));
    }

    void itSaysWhatToDo() {
        QVERIFY(find("compareEmpty")->isVisible());
        QVERIFY(!find("compareRun")->isEnabled());
        QVERIFY2(label("compareNote").contains("Open a model"), qPrintable(label("compareNote")));
        QSignalSpy opened(&bench_->engine, &EngineClient::deviceChanged);
        bench_->engine.openModel(file("small.gguf"));
        QVERIFY(opened.wait(patience));
        QTRY_VERIFY(find("compareRun")->isEnabled());
        // The device in use, and the simulated board beside it, in the arithmetic that boards have.
        QCOMPARE(find<QComboBox>("compareDeviceA")->currentData().toString(), QString("cpu"));
        QCOMPARE(find<QComboBox>("compareDeviceB")->currentData().toString(), QString("fpga:sim"));
        QVERIFY(find<QComboBox>("compareDeviceB")->currentText().contains("Simulated board"));
        for (const char* name : {"compareProfileA", "compareProfileB"})
            QCOMPARE(find<QComboBox>(name)->currentData().toInt(), static_cast<int>(Profile::Fixed));
        keepPictures("compare-empty");
    }

    void aBoardEqualsTheProcessor() {
        setTokens(3);
        click("compareRun");
        QVERIFY(!find("compareRun")->isEnabled());
        QVERIFY(find("compareCancel")->isVisible());
        QVERIFY(QTest::qWaitFor([] { return !runningBoards().empty(); }, patience));
        QVERIFY(QTest::qWaitFor([&] { return comparison().state() != LiveComparison::State::Waiting; }, patience));
        QVERIFY(label("compareNote").contains("waits"));
        QVERIFY(ended());
        QVERIFY2(comparison().report().has_value(), comparison().failure() ? comparison().failure()->text().c_str() : "");
        QVERIFY2(label("compareDivergenceB").contains("zero everywhere"), qPrintable(label("compareDivergenceB")));
        QVERIFY(!find("compareShowB")->isVisible());
        QVERIFY(mapShown());
        const auto values = mapValues();
        QCOMPARE(values.size(), comparison().compared(1).size() * layers);
        QVERIFY(std::all_of(values.begin(), values.end(), [](double value) { return value == 0.0; }));
        QVERIFY(label("compareEqual").contains("Zero everywhere"));
        QCOMPARE(find<TokenText>("compareTextA")->text(), find<TokenText>("compareTextB")->text());
        keepPictures("compare-equal");
        // The board's time is modelled, and has its own plot and table.
        openTab("compareTabs", 1);
        auto* wall = find<PlotView>("compareWallLatency");
        auto* clock = find<PlotView>("compareClockLatency");
        QTRY_COMPARE(wall->graphCount(), 2);
        QCOMPARE(clock->graphCount(), 1);
        QVERIFY2(clock->graph(0)->name().contains("modelled"), qPrintable(clock->graph(0)->name()));
        QCOMPARE(clock->graph(0)->pen().style(), Qt::DashLine);
        QVERIFY(!wall->graph(0)->name().contains("modelled") && !wall->graph(1)->name().contains("modelled"));
        QTest::qWait(1000);
        keepPictures("compare-cost");
        openTab("compareTabs", 2);
        const auto* table = find<QTableView>("compareClock")->model();
        QCOMPARE(table->index(1, 1).data().toString(), QString(QChar(0x2013)));
        QVERIFY(table->index(1, 1).data(Qt::ToolTipRole).toString().contains("no cycles"));
        QVERIFY2(table->index(1, 2).data().toString().contains("modelled"), qPrintable(table->index(1, 2).data().toString()));
        const auto* wallTable = find<QTableView>("compareWall")->model();
        for (int column = 1; column < wallTable->columnCount(); ++column) {
            QVERIFY(!wallTable->index(1, column).data().toString().isEmpty());
            QVERIFY(!wallTable->index(1, column).data().toString().contains("modelled"));
        }
        keepPictures("compare-summary");
        openTab("compareTabs", 0);
        QVERIFY(QTest::qWaitFor([] { return runningBoards().empty(); }, patience));  // loaded for this alone
        const auto runs = bench_->runStore->reader().value()->list().value();
        QCOMPARE(runs.size(), std::size_t{2});
        for (const RunSummary& run : runs) QCOMPARE(run.facts.kind, std::string("compare"));
    }

    void aFlippedTritIsFound() {
        sides("cpu", Profile::Auto, "cpu", Profile::Auto, file("flipped.gguf"));
        setTokens(12);
        click("compareRun");
        QVERIFY(ended());
        QVERIFY(comparison().report().has_value());
        const QString found = label("compareDivergenceB");
        QVERIFY2(found.contains("layer 1, f_proj output, channel 17"), qPrintable(found));
        QVERIFY(mapShown());
        QVERIFY(label("compareEqual").isEmpty());
        click("compareShowB");
        QVERIFY2(label("compareCell").contains("layer 1, f_proj output, channel 17"), qPrintable(label("compareCell")));
        QVERIFY(QTest::qWaitFor([&] { return label("compareValuesNote").startsWith("Channel 17"); }, patience));
        QCOMPARE(find<PlotView>("compareValues")->graphCount(), 2);
        QCOMPARE(find<PlotView>("compareValueDifference")->graphCount(), 1);
        // What is chosen here is chosen in the docks of the main window.
        QCOMPARE(bench_->inspector.selection().layer, 1);
        QCOMPARE(bench_->inspector.selection().tensor, TraceTensor::ForgetProjection);
        QCOMPARE(bench_->inspector.selection().channel, 17);
        QCOMPARE(bench_->inspector.selection().projection, QString("f_proj"));
        openTab("compareCellTabs", 2);
        QVERIFY(QTest::qWaitFor([&] { return label("compareWeightsNote").contains("output 17, input 33"); }, patience));
        QCOMPARE(find<MapView>("compareTritsDifference")->markedRow(), 17);
        QCOMPARE(find<MapView>("compareTritsDifference")->markedColumn(), 33);
        QVERIFY(find<MapView>("compareTritsOther")->isVisible());
        keepPictures("compare-weights");
        openTab("compareCellTabs", 1);
        QVERIFY(QTest::qWaitFor([&] { return label("compareGatesNote").contains("layer 1"); }, patience));
        QVERIFY(!label("compareGatesNote").endsWith(" 0"));
        QVERIFY(QTest::qWaitFor([&] { return find<MapView>("compareGateDifference")->ready(); }, patience));
        keepPictures("compare-gates");
        openTab("compareCellTabs", 0);

        // A cell of the map: another layer of the last token.
        auto* map = find<MapView>("compareMap");
        const int last = static_cast<int>(comparison().compared(1).size()) - 1;
        QTest::mouseClick(map, Qt::LeftButton, {}, map->cellRect(2, last).center());
        QVERIFY2(label("compareCell").startsWith(QStringLiteral("Token %1, layer 2").arg(last)),
                 qPrintable(label("compareCell")));
        QCOMPARE(bench_->inspector.selection().layer, 2);
        // A layer before the fault is equal.
        QCOMPARE(comparison().compared(1).front()->tensors.front().maxAbs, 0.0F);
        keepPictures("compare-cell");
        // A token of a chat.
        auto* text = find<TokenText>("compareTextB");
        int token = last;
        while (token > 0 && text->tokenRect(token).isEmpty()) --token;
        QTest::mouseClick(text, Qt::LeftButton, {}, text->tokenRect(token).center());
        QCOMPARE(map->markedColumn(), token);
        QVERIFY(label("compareCell").startsWith(QStringLiteral("Token %1, layer 2").arg(token)));
    }

    void tokensThatDifferAreMarked() {
        sides("cpu", Profile::Float, "cpu", Profile::Fixed);
        setTokens(40);
        click("compareRun");
        QVERIFY(ended());
        const auto& report = comparison().report();
        QVERIFY(report.has_value());
        // Side B is fed A's text; where it would have written another token, both chats mark it.
        const auto& steps = comparison().compared(1);
        const std::size_t prompt = comparison().asked().lockstep.prompt.size();
        int marked = 0;
        for (std::size_t k = prompt; k < steps.size(); ++k) {
            const bool other = !steps[k - 1]->sameTop;
            marked += other ? 1 : 0;
            for (int side = 0; side < 2; ++side)
                QCOMPARE(comparison().sides()[static_cast<std::size_t>(side)].differs[k] != 0, other);
        }
        QVERIFY(marked > 0);
        QVERIFY(find<TokenText>("compareTextA")->text() != find<TokenText>("compareTextB")->text());
        QVERIFY(label("compareDivergenceB").contains("differs from A"));
        keepPictures("compare-float-fixed");
    }

    void itsReportIsOnePageAndMarkdown() {
        chosenReport = file("report.pdf");
        setAskForFile([](QWidget*, const QString&, const QString&, const QString&) { return chosenReport; });
        QVERIFY(find("compareReport")->isEnabled());
        QVERIFY(mapShown());
        click("compareReport");
        QVERIFY2(messages().join('\n').contains("report.md"), qPrintable(messages().join('\n')));
        QFile pdf(chosenReport);
        QVERIFY(pdf.open(QIODevice::ReadOnly));
        const QString bytes = QString::fromLatin1(pdf.readAll());
        static const QRegularExpression page(QStringLiteral("/Type\\s*/Page\\b(?!s)"));
        QCOMPARE(bytes.count(page), 1);
        QVERIFY(bytes.size() > 10000);
        QFile markdown(file("report.md"));
        QVERIFY(markdown.open(QIODevice::ReadOnly));
        const QString text = QString::fromUtf8(markdown.readAll());
        for (const char* part : {"Side by side", "40 after them", "all sides fed side A's text", "seed 0", "fixed", "float"})
            QVERIFY2(text.contains(part), part);
        QFile::remove(QStringLiteral(TERNION_SCREENSHOTS "/compare-report.pdf"));
        QFile::copy(chosenReport, QStringLiteral(TERNION_SCREENSHOTS "/compare-report.pdf"));
    }

    void threeSidesStandBesideEachOther() {
        click("compareThird");
        QVERIFY(find("compareDeviceC")->isVisible());
        setTokens(8);
        choose("compareFeeding", static_cast<int>(Feeding::OwnText));
        click("compareRun");
        QVERIFY(ended());
        QVERIFY(comparison().report().has_value());
        QCOMPARE(comparison().sides().size(), std::size_t{3});
        QVERIFY(find("compareSideC")->isVisible());
        QVERIFY(find("compareDivergenceC")->isVisible());
        QVERIFY(find("compareMapSide")->isVisible());
        QCOMPARE(bench_->window.width(), 1440);  // three have room too
        keepPictures("compare-three");
        click("compareThird");
        choose("compareFeeding", static_cast<int>(Feeding::FirstSide));
    }

    void itIsCancelled() {
        sides("cpu", Profile::Auto, "cpu", Profile::Fixed);
        setTokens(100000);
        click("compareRun");
        QVERIFY(QTest::qWaitFor([&] { return !comparison().sides().empty() && comparison().sides()[1].tokens.size() > 20; },
                                patience));
        click("compareCancel");
        QVERIFY(ended());
        QVERIFY(comparison().report() && comparison().report()->result.stopped);
        QVERIFY(comparison().compared(1).size() >= 20);
        QVERIFY(messages().join('\n').contains("Cancelled"));
        QVERIFY(find("compareRun")->isEnabled());
        QVERIFY(!find("compareCancel")->isVisible());
    }

    void aSideThatFailsLeavesTheOtherRunning() {
        sides("cpu", Profile::Fixed, "fpga:sim", Profile::Fixed);
        setTokens(60);
        click("compareRun");
        QVERIFY(QTest::qWaitFor([&] { return comparison().sides().size() == 2 && comparison().sides()[1].tokens.size() >= 2; },
                                patience));
        const auto boards = runningBoards();
        QCOMPARE(boards.size(), std::size_t{1});
        QCOMPARE(kill(boards.front(), SIGKILL), 0);
        QVERIFY(QTest::qWaitFor([&] { return find("compareErrorB")->isVisible(); }, patience));
        QVERIFY2(label("compareErrorB").startsWith("Side B ended here: ") && label("compareErrorB").size() > 30,
                 qPrintable(label("compareErrorB")));
        QVERIFY(!find("compareErrorA")->isVisible());
        QVERIFY(ended());
        QCOMPARE(static_cast<int>(comparison().sides()[0].tokens.size()), comparison().allTokens());
        QVERIFY(comparison().sides()[1].tokens.size() < comparison().sides()[0].tokens.size());
        QVERIFY(comparison().report().has_value());
        QVERIFY(comparison().report()->result.sides[1].error.has_value());
        keepPictures("compare-failed");
    }

    void whatCannotBeComparedIsSaid() {
        sides("cpu", Profile::Auto, "cpu", Profile::Auto, sampleModel());
        setTokens(4);
        click("compareRun");
        QVERIFY(ended());
        QVERIFY(comparison().failure().has_value());
        QVERIFY2(messages().join('\n').contains("shape"), qPrintable(messages().join('\n')));
    }

    void fourThousandTokensNeverBlock() {
        sides("cpu", Profile::Auto, "cpu", Profile::Fixed);
        setTokens(4096);
        click("compareRun");
        QVERIFY(QTest::qWaitFor([&] { return comparison().state() == LiveComparison::State::Running; }, patience));
        Watchdog watchdog;
        int tab = 0;
        constexpr int wait = 240000;
        QElapsedTimer shown;
        shown.start();
        QVERIFY(QTest::qWaitFor(
            [&] {
                if (shown.elapsed() > 1000) {  // every tab while it grows
                    find<QTabWidget>("compareTabs")->setCurrentIndex(++tab % 3);
                    shown.restart();
                }
                return comparison().state() == LiveComparison::State::Ended;
            },
            wait));
        find<QTabWidget>("compareTabs")->setCurrentIndex(0);
        QVERIFY(mapShown());
        QTest::qWait(500);
        qInfo("longest block %.1f ms", watchdog.longest());
        QVERIFY2(watchdog.longest() <= 50.0, qPrintable(QString::number(watchdog.longest())));
        QVERIFY(comparison().compared(1).size() >= 4096);
        // A token far from the end is still there, and its values too.
        auto* map = find<MapView>("compareMap");
        QTest::mouseClick(map, Qt::LeftButton, {}, map->cellRect(1, 100).center());
        QVERIFY(QTest::qWaitFor([&] { return label("compareValuesNote").startsWith("Channel"); }, patience));
        keepPictures("compare-long");
    }

    void historyListsThemAndHasABaseline() {
        openTab("compareMain", 1);
        auto* table = find<QTableView>("compareHistory");
        const auto kept = bench_->runStore->reader().value()->comparisons().value();
        QVERIFY(kept.size() > 4);
        QTRY_COMPARE(table->model()->rowCount(), static_cast<int>(kept.size()));
        QCOMPARE(table->model()->index(0, 0).data().toString(), QString::number(kept.front().id));  // newest first
        const int last = table->model()->rowCount() - 1;  // the board against the processor
        table->scrollTo(table->model()->index(last, 0));
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(table->model()->index(last, 1)).center());
        QVERIFY(table->model()->index(last, 4).data().toString().contains("equal"));
        QVERIFY(table->model()->index(last, 3).data().toString().contains("fpga"));
        QVERIFY2(find<QTextBrowser>("compareOutline")->toPlainText().contains("none over the threshold"),
                 qPrintable(find<QTextBrowser>("compareOutline")->toPlainText()));
        click("compareBaseline");
        QTRY_VERIFY(!table->model()->index(last, 0).data(Qt::DecorationRole).isNull());
        QVERIFY(bench_->runStore->reader().value()->comparisons().value().back().baseline);
        QTRY_VERIFY(find("compareClearBaseline")->isEnabled());
        QCOMPARE(find<PlotView>("compareTrend")->graphCount(), 1);
        keepPictures("compare-history");
        click("compareDelete");
        QTest::mouseClick(find("messageAction"), Qt::LeftButton);
        QTRY_COMPARE(table->model()->rowCount(), last);
        openTab("compareMain", 2);
        QTRY_VERIFY(find<QTableView>("comparePaper")->model()->rowCount() >= 3);
        keepPictures("compare-paper");
        openTab("compareMain", 0);
    }

    void itKeepsItsPlace() {
        bench_->window.resize(1280, 800);
        bench_->window.close();
        QVERIFY(!settings_->compareGeometry().isEmpty());
        CompareWindow again({bench_->engine, bench_->conversation, bench_->inspector, bench_->runs, bench_->actions},
                            *settings_);
        QCOMPARE(again.size(), QSize(1280, 800));
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::CompareTest)
#include "compare_test.moc"
