// The whole workbench measures what it does: layout, chat, run, plots.
#include <QStandardPaths>
#include <QTemporaryDir>

#include "chat_fixture.h"
#include "metrics/metrics_panel.h"
#include "views/plot_view.h"
#include "workbench.h"

namespace ternion::app {

class WorkbenchTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    std::unique_ptr<Settings> settings_;
    std::unique_ptr<Workbench> bench_;

    QDockWidget* dock(const char* id) const { return bench_->window.findChild<QDockWidget*>(id); }

private slots:
    void initTestCase() {
        settings_ = std::make_unique<Settings>(folder_.filePath(QStringLiteral("settings.ini")));
        const std::filesystem::path file = folder_.filePath(QStringLiteral("ternion.db")).toStdString();
        bench_ = std::make_unique<Workbench>(cpuOnly(), *settings_, OpenedStores{openStore(file), openRunStore(file), {}});
        bench_->window.resize(1440, 900);
        bench_->window.show();
        QVERIFY(QTest::qWaitForWindowActive(&bench_->window));
        bench_->window.openModel(sampleModel());
        QVERIFY(QTest::qWaitFor([&] { return bench_->engine.activeDevice() && !bench_->engine.busy(); }, patience));
    }

    void noTwoActionsShareAKey() {
        QMap<QString, QString> owners;
        for (const auto& entry : bench_->actions.entries()) {
            const QAction& action = *entry.action;
            if (action.shortcut().isEmpty() || action.shortcutContext() == Qt::WidgetShortcut) continue;
            const QString keys = action.shortcut().toString();
            QVERIFY2(!owners.contains(keys), qPrintable(keys + ": " + owners[keys] + " and " + action.objectName()));
            owners[keys] = action.objectName();
        }
        QVERIFY(owners.size() > 10);
    }

    void theMeasurementLayoutIsAKeyAway() {
        QVERIFY(!dock("metrics")->isVisible());
        QTest::keyClick(&bench_->window, Qt::Key_E, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_VERIFY(dock("metrics")->isVisible());
        QVERIFY(dock("runs")->isVisible());
        QVERIFY(!dock("modelCard")->isVisible() && !dock("weights")->isVisible());
        QVERIFY(dock("metrics")->y() < dock("runs")->y());
        QVERIFY(dock("metrics")->width() > bench_->window.width() / 2);
    }

    void anAnswerIsPlottedAndBelongsToItsConversation() {
        bench_->conversation.setMaxTokens(16);
        bench_->conversation.send(QStringLiteral("What is your name?"));
        QVERIFY(QTest::qWaitFor([&] { return !bench_->conversation.answering() && !bench_->engine.busy(); }, patience));
        QVERIFY(QTest::qWaitFor(
            [&] { return !bench_->runs.runs().empty() && bench_->runs.runs()[0].state == RunState::Finished; }, patience));
        const RunSummary run = bench_->runs.runs()[0];
        QCOMPARE(run.facts.conversation, bench_->conversation.conversation().summary.id);
        QCOMPARE(bench_->runs.shown(), std::vector<std::int64_t>{run.id});
        // Some plot shows each token's latency as the store has it.
        const auto reader = std::move(bench_->runStore->reader()).value();
        const auto series = reader->series(run.id).value();
        const auto latency =
            std::find_if(series.begin(), series.end(), [](const auto& s) { return s.name == "token_latency"; });
        const auto samples = reader->samples(latency->id).value();
        QVERIFY(!samples.empty());
        QVERIFY(QTest::qWaitFor(
            [&] {
                const auto plots = dock("metrics")->findChildren<PlotView*>();
                return std::any_of(plots.begin(), plots.end(), [&](const PlotView* plot) {
                    if (!plot->isVisible() || plot->graphCount() == 0) return false;
                    const auto data = plot->graph(0)->data();
                    return static_cast<std::size_t>(data->size()) == samples.size() &&
                           std::equal(data->begin(), data->end(), samples.begin(), [](const QCPGraphData& a, const Sample& b) {
                               return qFuzzyCompare(a.value, 1e3 * b.value);
                           });
                });
            },
            patience));
        keepPicture(bench_->window, QStringLiteral("measurement-layout"));
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::WorkbenchTest)
#include "workbench_test.moc"
