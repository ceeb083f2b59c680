// The dock that measures, worked by clicks, on the real engine.
#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QTemporaryDir>

#include "benchmarks/benchmarks_panel.h"
#include "benchmarks/size_figure.h"
#include "run_fixture.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

struct Benchmarks : InspectWindow {
    explicit Benchmarks(const QString& settingsFile)
        : InspectWindow(settingsFile, [](Settings&) { return std::vector{benchmarksPanel()}; }) {
        showPanel("benchmarks");
        window->resizeDocks({window->findChild<QDockWidget*>("benchmarks")}, {900}, Qt::Horizontal);
    }
    void tick(const char* name, bool on = true) const {
        auto* box = find<QCheckBox>(name);
        if (box->isChecked() != on) QTest::mouseClick(box, Qt::LeftButton, {}, QPoint(8, box->height() / 2));
    }
    void write(const char* name, const QString& text) const {
        auto* line = find<QLineEdit>(name);
        line->setFocus();
        line->selectAll();
        QTest::keyClicks(line, text);
    }
    void setNumber(const char* name, int value) const {
        auto* box = find<QSpinBox>(name);
        box->setFocus();
        box->selectAll();
        QTest::keyClicks(box, QString::number(value));
        QTest::keyClick(box, Qt::Key_Tab);
    }
    void press(const char* name) const { QTest::mouseClick(find<QPushButton>(name), Qt::LeftButton); }
    QString summary() const { return find<QLabel>("sweepSummary")->text(); }
    std::vector<RunSummary> stored() const { return runStore->reader().value()->list().value(); }
};

/// A benchmark of a published shape, as a sweep leaves it.
void addShape(RunStore& store, const std::string& name, std::int64_t parameters, double bytes, double milliseconds,
              const std::string& device = "A GPU") {
    RunFacts facts;
    facts.kind = "bench";
    facts.model = {"hash " + name, name + " (random trits)", "preset:" + name, parameters,
                   2 * static_cast<std::uint64_t>(parameters)};
    facts.device.backend = "vulkan";
    facts.device.name = device;
    const auto run = store.begin(facts).value();
    const auto done = store.finish(
        run, {RunState::Finished, 1.0, {}, {{"peak_device_bytes", bytes, "B"}, {"decode_ms_p50", milliseconds, "ms"}}});
    QVERIFY(done.ok());
}

}  // namespace

class BenchmarksTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    QString settings() const { return folder_.filePath(QStringLiteral("settings.ini")); }

private slots:
    void aSweepOfTheOpenModelBecomesRuns() {
        Benchmarks panel(settings());
        QVERIFY(!panel.find<QCheckBox>("sweepModel.open")->isEnabled());
        QVERIFY(!panel.find<QPushButton>("sweepStart")->isEnabled());
        QVERIFY(panel.openSample());
        QVERIFY(panel.find<QCheckBox>("sweepModel.open")->isChecked());
        panel.write("sweepPrompts", "0, 4");
        panel.setNumber("sweepTokens", 6);
        panel.setNumber("sweepRepeats", 2);
        QVERIFY2(panel.summary().startsWith('4'), qPrintable(panel.summary()));
        QSignalSpy finished(&panel.engine, &EngineClient::sweepFinished);
        panel.press("sweepStart");
        QVERIFY(!panel.find<QPushButton>("sweepStart")->isEnabled());
        QVERIFY(panel.find<QPushButton>("sweepCancel")->isVisible());
        QVERIFY(QTest::qWaitFor([&] { return panel.find<QProgressBar>("sweepProgress")->value() == 2; }, patience));
        QVERIFY(panel.find<QLabel>("sweepStep")->text().contains("3 of 4"));
        panel.keepPictures("benchmarks-running");
        QVERIFY(finished.count() > 0 || finished.wait(patience));
        const auto runs = panel.stored();
        QCOMPARE(runs.size(), std::size_t{4});
        for (const auto& run : runs) {
            QCOMPARE(run.facts.kind, std::string("bench"));
            QCOMPARE(run.facts.sweep, runs[0].facts.sweep);
            QCOMPARE(run.facts.model.hash, panel.engine.model()->hash);
            QCOMPARE(run.figure("decode_tokens")->value, 6.0);
        }
        QVERIFY(!runs[0].facts.sweep.empty());
        QVERIFY(panel.find<QPushButton>("sweepStart")->isEnabled());
    }

    void cancelStopsIt() {
        Benchmarks panel(settings());
        QVERIFY(panel.openSample());
        panel.write("sweepPrompts", "0");
        panel.setNumber("sweepTokens", 5);
        panel.setNumber("sweepRepeats", 100);
        QSignalSpy stepped(&panel.engine, &EngineClient::sweepStepped);
        QSignalSpy finished(&panel.engine, &EngineClient::sweepFinished);
        panel.press("sweepStart");
        QVERIFY(QTest::qWaitFor([&] { return stepped.count() >= 2; }, patience));
        panel.press("sweepCancel");
        QVERIFY(finished.count() > 0 || finished.wait(patience));
        QVERIFY(panel.stored().size() < 5);
        QVERIFY(!panel.find<QPushButton>("sweepCancel")->isVisible());
    }

    void saysWhatIsMissing() {
        Benchmarks panel(settings());
        panel.tick("sweepModel.370M");
        QVERIFY(panel.find<QPushButton>("sweepStart")->isEnabled());
        panel.write("sweepPrompts", "16, many");
        QVERIFY(panel.summary().contains("whole numbers"));
        QVERIFY(!panel.find<QPushButton>("sweepStart")->isEnabled());
        panel.write("sweepPrompts", "16");
        panel.tick("sweepDevice.cpu", false);
        QVERIFY(panel.summary().contains("device"));
    }

    void thePapersFigureShowsWhatTheNewestRunsMeasured() {
        Benchmarks panel(settings());
        auto* figure = panel.find<PlotView>("sizeMemory");
        QVERIFY(panel.find<QLabel>("sizeNote")->text().contains("No published shape"));
        addShape(*panel.runStore, "1.3B", 1'400'000'000, 9e9, 9.0, "An older GPU");
        addShape(*panel.runStore, "2.7B", 2'700'000'000, 9e9, 9.0);
        addShape(*panel.runStore, "2.7B", 2'700'000'000, 698e6, 0.5);
        addShape(*panel.runStore, "370M", 374'000'000, 128e6, 0.2);
        panel.runs.refresh();
        QVERIFY(QTest::qWaitFor([&] { return panel.runs.runs().size() == 4; }, patience));
        QVERIFY(QTest::qWaitFor([&] { return figure->table(false).rows == 4; }, patience));
        const auto points = sizePoints(panel.runs.runs());
        QCOMPARE(points.size(), std::size_t{2});  // the older GPU's is another figure
        QCOMPARE(points[0].model, std::string("370M"));
        QCOMPARE(points[1].bytes, std::uint64_t{698'000'000});
        const Table table = figure->table(false);
        std::vector<double> values;
        std::vector<TableCell> cells(table.columns.size());
        for (std::size_t row = 0; row < table.rows; ++row) {
            table.fill(row, cells);
            values.push_back(std::get<double>(cells[2]));
            const bool modelled = std::get<std::string>(cells[0]).find("modelled") != std::string::npos;
            QCOMPARE(modelled, row >= 2);
        }
        QCOMPARE(values, (std::vector<double>{0.128, 0.698, 0.748, 5.4}));
        QVERIFY(panel.find<QLabel>("sizeNote")->text().contains("7.7 times"));
        panel.keepPictures("benchmarks-figure");
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::BenchmarksTest)
#include "benchmarks_test.moc"
