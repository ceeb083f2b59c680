// The dock of runs: worked by clicks and keys, over a store of known runs.
#include <QCheckBox>
#include <QFileDialog>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTextBrowser>
#include <QToolButton>

#include "busy_loop.h"
#include "run_fixture.h"
#include "runs/run_table.h"
#include "runs/runs_panel.h"

namespace ternion::app {
namespace {

using Column = RunTableModel::Column;

std::vector<double> around(double mean, int count) {
    std::vector<double> values;
    values.reserve(static_cast<std::size_t>(count));
    for (int k = 0; k < count; ++k) values.push_back(mean * (1.0 + 0.02 * ((k * 7) % 11 - 5)));
    return values;
}

struct Runs : InspectWindow {
    explicit Runs(const QString& settingsFile, bool filled = true)
        : InspectWindow(settingsFile, [](Settings&) { return std::vector{runsPanel()}; }) {
        if (filled) fill();
        showPanel("runs");
        window->resizeDocks({window->findChild<QDockWidget*>("runs")}, {560}, Qt::Vertical);
    }

    void fill() {
        RunTexts texts{"Tell me a <story>", std::vector<TokenId>{1, 2, 3}, "Once & for all"};
        slow = add(*runStore, {.latencies = around(0.010, 300), .figures = speeds(400, 100), .texts = texts});
        auto figures = speeds(900, 200);
        figures.push_back({"energy_per_token", 0.25, "J", Source::VendorEstimate});
        fast = add(*runStore, {.device = "Some GPU",
                               .backend = "vulkan",
                               .packing = "dense",
                               .latencies = around(0.005, 300),
                               .figures = figures});
        failed = add(*runStore, {.kind = "chat",
                                 .model = "other-370m",
                                 .state = RunState::Failed,
                                 .error = "the device was lost",
                                 .missing = "no sensor that can be read"});
        RunSummary foreign;
        foreign.facts.kind = "bench";
        foreign.facts.model.name = "ternary-49m";
        foreign.facts.model.hash = "hash-of-ternary-49m";
        foreign.facts.device.backend = "cpu";
        foreign.facts.device.name = "Another's CPU";
        foreign.state = RunState::Finished;
        foreign.origin = "/somewhere/run.ternion-run";
        foreign.figures = speeds(40, 10);
        imported = *runStore->import(foreign, {});
        runs.refresh();
    }
    bool read(std::size_t count) {
        return QTest::qWaitFor([&] { return runs.runs().size() == count; }, patience);
    }
    RunTable* table() const { return find<RunTable>("runs.table"); }
    int rowOf(std::int64_t id) const {
        for (int row = 0; row < table()->model()->rowCount(); ++row)
            if (table()->model()->index(row, Column::When).data(valueRole).toLongLong() == id) return row;
        return -1;
    }
    QModelIndex at(std::int64_t id, int column) const { return table()->model()->index(rowOf(id), column); }
    void click(std::int64_t id, int column = Column::ModelName, Qt::KeyboardModifiers keys = {}) const {
        table()->scrollTo(at(id, column));
        QTest::mouseClick(table()->viewport(), Qt::LeftButton, keys, table()->visualRect(at(id, column)).center());
    }
    QLineEdit* cellEditor() const {  // the last: one that has ended may still be there
        const auto all = table()->viewport()->findChildren<QLineEdit*>();
        return all.isEmpty() ? nullptr : all.back();
    }
    void edit(std::int64_t id, int column, const QString& text) const {
        table()->scrollTo(at(id, column));
        const QPoint place = table()->visualRect(at(id, column)).center();
        QTest::mouseClick(table()->viewport(), Qt::LeftButton, {}, place);
        QTest::mouseDClick(table()->viewport(), Qt::LeftButton, {}, place);
        auto* editor = cellEditor();
        QVERIFY(editor != nullptr);
        editor->selectAll();
        QTest::keyClicks(editor, text);
        QTest::keyClick(editor, Qt::Key_Return);
    }
    void filter(const QString& words) const {
        auto* line = find<QLineEdit>("runs.filter");
        line->setFocus();
        line->selectAll();
        QTest::keyClick(line, Qt::Key_Delete);
        QTest::keyClicks(line, words);
    }
    QString details() const { return find<QTextBrowser>("runs.details")->toPlainText(); }
    QString message() const {
        const auto all = find("runsPanel")->findChildren<QLabel*>("messageText");
        return all.isEmpty() ? QString() : all.back()->text();
    }

    std::int64_t slow = 0, fast = 0, failed = 0, imported = 0;
};

QString giveFile(QWidget*, const QString&, const QString&, const QString&) { return chosenFile; }

}  // namespace

class RunsTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    QString settings() const { return folder_.filePath("settings.conf"); }

private slots:
    void aRunLeavesAsAFileAndComesBackAsAForeignOne() {
        Runs view(settings());
        QVERIFY(view.read(4));
        const QString file = folder_.filePath(QStringLiteral("carried.zip"));
        const auto choose = [&](const char* button) {
            QTest::mouseClick(view.find<QToolButton>(button), Qt::LeftButton);
            auto* dialog = view.window->findChild<QFileDialog*>();
            QVERIFY(dialog != nullptr);
            emit dialog->fileSelected(file);
            dialog->close();
            QTest::qWait(1);
        };
        view.click(view.slow);
        choose("runs.exportBundle.button");
        QVERIFY(QTest::qWaitFor([&] { return view.message().startsWith("Exported"); }, patience));
        choose("runs.importBundle.button");
        QVERIFY(view.read(5));
        const RunSummary& foreign = view.runs.runs().front();
        QCOMPARE(foreign.origin, std::string("carried.zip"));
        const RunSummary& original = *view.runs.find(view.slow);
        QCOMPARE(foreign.figure("decode_tok_s")->value, original.figure("decode_tok_s")->value);
        const auto reader = std::move(view.runStore->reader()).value();
        QCOMPARE(reader->texts(foreign.id)->answer, std::optional<std::string>("Once & for all"));
        QFile(file).resize(100);
        choose("runs.importBundle.button");
        QVERIFY(QTest::qWaitFor([&] { return view.message().contains("carried.zip"); }, patience));
        QCOMPARE(view.runs.runs().size(), std::size_t{5});
    }

    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        setAskForFile(&giveFile);
    }

    void anEmptyStoreSaysWhatToDo() {
        const Runs runs(settings(), false);
        auto* empty = runs.find<QLabel>("runs.empty");
        QTRY_VERIFY(empty->isVisible());
        QVERIFY(empty->text().contains("No run yet"));
        keepPicture(*runs.window, "runs-empty");
    }

    void showsRunsNewestFirstWithTheirNumbers() {
        Runs runs(settings());
        QVERIFY(runs.read(4));
        QCOMPARE(runs.rowOf(runs.imported), 0);
        QCOMPARE(runs.rowOf(runs.slow), 3);
        QCOMPARE(runs.at(runs.slow, Column::Decode).data().toString(), "100");
        QCOMPARE(runs.at(runs.slow, Column::Prefill).data().toString(), "400");
        QCOMPARE(runs.at(runs.slow, Column::Median).data().toString(), "10");
        QCOMPARE(runs.at(runs.slow, Column::Slowest).data().toString(), "20");
        QCOMPARE(runs.at(runs.slow, Column::Memory).data().toString(), "16.0 MiB");
        QCOMPARE(runs.at(runs.fast, Column::Packing).data().toString(), "dense");
        QVERIFY(runs.at(runs.fast, Column::Device).data().toString().contains("Some GPU"));
        QCOMPARE(runs.at(runs.failed, Column::State).data().toString(), "failed");
        QCOMPARE(runs.at(runs.failed, Column::State).data(Qt::ToolTipRole).toString(), "the device was lost");
        QVERIFY(runs.at(runs.imported, Column::Kind).data().toString().contains("foreign"));
        QVERIFY(runs.at(runs.imported, Column::Kind).data(Qt::ToolTipRole).toString().contains("run.ternion-run"));
    }

    void aMissingNumberIsBlankAndSaysWhyAndAnEstimateSaysThatItIsOne() {
        Runs runs(settings());
        QVERIFY(runs.read(4));
        QCOMPARE(runs.at(runs.slow, Column::Energy).data().toString(), QString());
        QVERIFY(runs.at(runs.slow, Column::Energy).data(Qt::ToolTipRole).toString().startsWith("not measured: "));
        QTRY_COMPARE(runs.at(runs.failed, Column::Energy).data(Qt::ToolTipRole).toString(),
                     "not measured: no sensor that can be read");
        QCOMPARE(runs.at(runs.failed, Column::Decode).data().toString(), QString());
        QVERIFY(runs.at(runs.failed, Column::Decode).data(Qt::ToolTipRole).toString().contains("the device was lost"));
        QCOMPARE(runs.at(runs.fast, Column::Energy).data().toString(), "0.25 (vendor-estimate)");
        QCOMPARE(runs.at(runs.fast, Column::Energy).data(Qt::BackgroundRole).value<QBrush>().style(), Qt::BDiagPattern);
        QVERIFY(!runs.at(runs.fast, Column::Decode).data(Qt::BackgroundRole).isValid());
    }

    void filtersByWordsAndPlaces() {
        Runs runs(settings());
        QVERIFY(runs.read(4));
        runs.edit(runs.fast, Column::Tags, "best, keep");
        QTRY_COMPARE(runs.runs.find(runs.fast)->tags, (std::vector<std::string>{"best", "keep"}));
        const auto left = [&](const char* words) {
            runs.filter(words);
            return runs.table()->model()->rowCount();
        };
        QCOMPARE(left("ternary"), 3);
        QCOMPARE(left("kind:chat"), 1);
        QCOMPARE(left("model:OTHER"), 1);
        QCOMPARE(left("device:vulkan"), 1);
        QCOMPARE(left("device:cpu model:ternary"), 2);
        QCOMPARE(left("tag:best"), 1);
        QCOMPARE(left("tag:ternary"), 0);
        QTRY_VERIFY(runs.find<QLabel>("runs.empty")->isVisible());
        QVERIFY(runs.find<QLabel>("runs.empty")->text().contains("No run has all of these words"));
        QCOMPARE(left("keep dense"), 1);
        QCOMPARE(left(""), 4);
    }

    void choosesRunsInTheOrderOfTheClicks() {
        Runs runs(settings());
        QVERIFY(runs.read(4));
        runs.click(runs.slow);
        QCOMPARE(runs.runs.shown(), (std::vector{runs.slow}));
        runs.click(runs.fast, Column::ModelName, Qt::ControlModifier);
        QCOMPARE(runs.runs.shown(), (std::vector{runs.slow, runs.fast}));
        runs.click(runs.slow, Column::ModelName, Qt::ControlModifier);
        QCOMPARE(runs.runs.shown(), (std::vector{runs.fast}));
        runs.click(runs.imported, Column::ModelName, Qt::ShiftModifier);
        QCOMPARE(runs.runs.shown().size(), std::size_t{4});
        runs.click(runs.fast);
        runs.filter("kind:chat");  // the one that is shown is not among these, and stays shown
        QCOMPARE(runs.runs.shown(), (std::vector{runs.fast}));
        runs.filter("");
        QCOMPARE(runs.table()->chosen(), (std::vector{runs.fast}));
        runs.runs.show({runs.slow});  // as another dock says
        QCOMPARE(runs.table()->chosen(), (std::vector{runs.slow}));
    }

    void followsARunThatBegins() {
        Runs runs(settings());
        QVERIFY(runs.read(4));
        auto* follow = runs.find<QCheckBox>("runs.follow");
        QVERIFY(follow->isChecked());
        runs.click(runs.slow);
        const std::int64_t begun = begin(*runs.runStore, {});
        QTRY_COMPARE(runs.runs.shown(), (std::vector{begun}));
        QCOMPARE(runs.table()->chosen(), (std::vector{begun}));
        QCOMPARE(runs.at(begun, Column::State).data().toString(), "running");
        QCOMPARE(runs.at(begun, Column::Decode).data(Qt::ToolTipRole).toString(), "not measured yet: the run goes on");
        QTest::mouseClick(follow, Qt::LeftButton, {}, QPoint(8, follow->height() / 2));
        QVERIFY(!runs.runs.follows());
        runs.click(runs.slow);
        (void)begin(*runs.runStore, {});
        QVERIFY(runs.read(6));
        QCOMPARE(runs.runs.shown(), (std::vector{runs.slow}));
    }

    void tagsAndNotesAreEditedInPlaceAndKept() {
        Runs runs(settings());
        QVERIFY(runs.read(4));
        runs.edit(runs.slow, Column::Note, "  with the fan off ");
        QTRY_COMPARE(runs.runs.find(runs.slow)->note, std::string("with the fan off"));
        runs.click(runs.slow);
        runs.trigger("runs.tags");
        auto* editor = runs.cellEditor();
        QVERIFY(editor != nullptr);
        QTest::keyClicks(editor, "warm old warm");
        QTest::keyClick(editor, Qt::Key_Return);
        QTRY_COMPARE(runs.runs.find(runs.slow)->tags, (std::vector<std::string>{"old", "warm"}));
        const auto stored = (*runs.runStore->reader())->load(runs.slow);
        QCOMPARE(stored->note, std::string("with the fan off"));
        QCOMPARE(stored->tags, (std::vector<std::string>{"old", "warm"}));
        QVERIFY(!runs.table()->model()->flags(runs.at(runs.slow, Column::Decode)).testFlag(Qt::ItemIsEditable));
    }

    void theStarMakesTheBaseline() {
        Runs runs(settings());
        QVERIFY(runs.read(4));
        QVERIFY(!runs.actions.find("runs.clearBaseline")->isEnabled());
        runs.click(runs.slow, Column::Star);
        QTRY_VERIFY(runs.runs.baseline() != nullptr && runs.runs.baseline()->id == runs.slow);
        runs.click(runs.fast, Column::Star);
        QTRY_COMPARE(runs.runs.baseline()->id, runs.fast);
        QCOMPARE(runs.at(runs.slow, Column::Star).data(valueRole).toInt(), 0);
        runs.click(runs.fast, Column::Star);
        QTRY_VERIFY(runs.runs.baseline() == nullptr);
        runs.click(runs.failed);
        runs.trigger("runs.baseline");
        QTRY_VERIFY(runs.runs.baseline() != nullptr && runs.runs.baseline()->id == runs.failed);
        runs.trigger("runs.clearBaseline");
        QTRY_VERIFY(runs.runs.baseline() == nullptr);
    }

    void deletesWithTheKeyAndUndoes() {
        Runs runs(settings());
        QVERIFY(runs.read(4));
        runs.click(runs.slow);
        runs.click(runs.failed, Column::ModelName, Qt::ControlModifier);
        QTest::keyClick(runs.table(), Qt::Key_Delete);
        QVERIFY(runs.read(2));
        QCOMPARE(runs.message(), "Deleted 2 run(s)");
        QVERIFY(runs.runs.shown().empty());
        keepPicture(*runs.window, "runs-deleted");
        QTest::mouseClick(runs.find("runsPanel")->findChild<QPushButton*>("messageAction"), Qt::LeftButton);
        QVERIFY(runs.read(4));
        QVERIFY(runs.rowOf(runs.slow) >= 0 && runs.rowOf(runs.failed) >= 0);
        runs.edit(runs.slow, Column::Note, "a");
        runs.click(runs.slow);
        runs.trigger("runs.note");
        auto* editor = runs.cellEditor();
        QTest::keyClick(editor, Qt::Key_Delete);  // deletes text, no run
        QTest::keyClick(editor, Qt::Key_Escape);
        QTest::qWait(100);
        QCOMPARE(runs.runs.runs().size(), std::size_t{4});
    }

    void detailsTellEverything() {
        Runs runs(settings());
        QVERIFY(runs.read(4));
        runs.click(runs.slow);
        QTRY_VERIFY(runs.details().contains("Tell me a <story>"));
        const QString text = runs.details();
        for (const char* part : {"Once & for all", "abc123", "driver 1.2", "77", "prompt_tokens", "512", "token_latency", "300",
                                 "100 tok/s", "measured", "hash-of-ternary-49m", "this run did not time them"})
            QVERIFY2(text.contains(QString(part).replace(' ', QChar(0xA0))) || text.contains(part), part);
        runs.click(runs.failed);
        QTRY_VERIFY(runs.details().contains("not measured: no sensor that can be read"));
        QVERIFY(runs.details().contains("the device was lost"));
        QVERIFY(runs.details().contains("Not recorded"));
        runs.click(runs.imported);
        QTRY_VERIFY(runs.details().contains("A foreign run"));
    }

    void comparesRunsWithTheirDifferences() {
        Runs runs(settings());
        QVERIFY(runs.read(4));
        auto* tabs = runs.find<QTabWidget>("runs.tabs");
        runs.click(runs.slow);
        QVERIFY(!tabs->isTabEnabled(1));
        runs.click(runs.fast, Column::ModelName, Qt::ControlModifier);
        QVERIFY(tabs->isTabEnabled(1));
        QCOMPARE(tabs->currentIndex(), 1);
        const auto* model = runs.find<ModelTable>("runs.comparison")->model();
        const auto cell = [&](const QString& figure, int column) {
            for (int row = 0; row < model->rowCount(); ++row)
                if (model->index(row, 0).data(valueRole).toString() == figure) return model->index(row, column);
            return QModelIndex();
        };
        QCOMPARE(model->columnCount(), 4);
        QCOMPARE(cell("decode_tok_s", 3).data().toString(), "+100.0 %");
        QCOMPARE(cell("decode_ms_p50", 3).data().toString(), "-50.0 %");
        QVERIFY(cell("energy_per_token", 1).data().toString().isEmpty());
        QVERIFY(cell("energy_per_token", 3).data().toString().isEmpty());
        QVERIFY(cell("energy_per_token", 2).data().toString().contains("vendor-estimate"));
        QTRY_VERIFY(cell("token_latency_mean", 3).data().toString().startsWith("× 0.500 (95 %: "));
        QVERIFY(cell("token_latency_mean", 3).data().toString().endsWith(", certain"));
        runs.runs.setBaseline(runs.fast);  // now that is the reference
        QTRY_COMPARE(cell("decode_tok_s", 3).data().toString(), "-50.0 %");
        QTRY_VERIFY(cell("token_latency_mean", 3).data().toString().startsWith("× 2.0"));
        runs.keepPictures("runs-comparison");
        const std::int64_t twin = add(*runs.runStore, {.latencies = around(0.005, 300), .figures = speeds(900, 200)});
        QVERIFY(runs.read(5));
        runs.runs.show({runs.fast, twin});
        QTRY_VERIFY(cell("token_latency_mean", 3).data().toString().endsWith(", not certain"));
        runs.runs.show({runs.fast, runs.failed});
        QTRY_VERIFY(cell("token_latency_mean", 3).data(Qt::ToolTipRole).toString().contains("no latencies"));
    }

    void exportsTheTable() {
        Runs runs(settings());
        QVERIFY(runs.read(4));
        chosenFile = folder_.filePath("runs.csv");
        runs.trigger("runs.export.csv");
        QTRY_VERIFY(QFile::exists(chosenFile));
        QFile file(chosenFile);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QStringList lines = QString::fromUtf8(file.readAll()).split("\r\n", Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 5);
        QVERIFY(lines[0].startsWith("run,began,kind,model"));
        QVERIFY(lines[0].contains("decode_tok_s,decode_tok_s_source"));
        QVERIFY(lines[3].contains(",200,measured,"));
        QVERIFY(lines[3].contains(",0.25,vendor-estimate,"));
        QVERIFY(lines[4].contains(",100,measured,"));
        QVERIFY(lines[4].contains(",16777216,measured,,,finished,"));  // what is missing is empty
    }

    void twoThousandRunsNeverBlock() {
        Runs runs(settings(), false);
        for (int k = 0; k < 2000; ++k)
            QVERIFY(add(*runs.runStore, {.kind = k % 3 == 0 ? "chat" : "bench", .figures = speeds(100 + k, 10 + k)}) > 0);
        Watchdog watchdog;
        runs.runs.refresh();
        QVERIFY(runs.read(2000));
        QTest::qWait(300);
        qInfo("reading: busy for %.1f ms", watchdog.longest());
        runs.filter("kind:chat");
        QTest::qWait(50);
        qInfo("filtering: busy for %.1f ms", watchdog.longest());
        runs.filter("");
        runs.table()->sortByColumn(Column::Decode, Qt::AscendingOrder);
        QTest::qWait(50);
        runs.table()->sortByColumn(Column::When, Qt::DescendingOrder);
        qInfo("sorting: busy for %.1f ms", watchdog.longest());
        runs.click(runs.runs.runs()[5].id);
        runs.edit(runs.runs.runs()[5].id, Column::Note, "a note");
        QTRY_COMPARE(runs.runs.runs()[5].note, std::string("a note"));
        for (int k = 0; k < 20; ++k) {
            QTest::keyClick(runs.table(), Qt::Key_PageDown);
            QTest::qWait(5);
        }
        const std::int64_t begun = begin(*runs.runStore, {});
        QTRY_COMPARE(runs.runs.shown(), (std::vector{begun}));
        qInfo("busy for %.1f ms", watchdog.longest());
        QVERIFY2(watchdog.longest() < 50.0, qPrintable(QString("busy for %1 ms").arg(watchdog.longest())));
    }

    void looksRight() {
        Runs runs(settings());
        QVERIFY(runs.read(4));
        runs.click(runs.slow, Column::Star);
        runs.edit(runs.fast, Column::Tags, "best keep");
        runs.edit(runs.slow, Column::Note, "with the fan off");
        runs.click(runs.fast);
        QTest::qWait(300);
        runs.keepPictures("runs-details");
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::RunsTest)
#include "runs_test.moc"
