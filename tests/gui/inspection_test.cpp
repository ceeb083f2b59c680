// All inspection views at once, in the real window, on a conversation of 4,096 tokens of the 370M shape.
#include <QDockWidget>
#include <QLabel>
#include <QPlainTextEdit>
#include <QTabBar>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QWheelEvent>

#include "busy_loop.h"
#include "chat_fixture.h"
#include "checkpoint/checkpoint.h"
#include "shell/settings.h"
#include "views/map_view.h"
#include "views/plot_view.h"
#include "workbench.h"

namespace ternion::app {
namespace {

constexpr std::array panels{"weights", "gates", "hidden", "quantisation", "pins", "interventions", "scrubber"};

/// Hidden 1,024, 24 layers, as the 370M model has them; a narrow GLU, which no view shows whole, so that tracing takes seconds.
bool writeLargeModel(const std::filesystem::path& path) {
    auto sample = openCheckpoint(sampleModel().toStdString());
    if (!sample) return false;
    ModelConfig config = sample->model->config;
    config.hiddenSize = 1024;
    config.numLayers = 24;
    config.intermediateSize = 128;
    auto model = randomModel(config, 1);
    if (!model) return false;
    model->name = "Large";
    sample->model = std::make_shared<const Model>(std::move(*model));
    return writeGguf(*sample, path, TritEncoding::TQ2_0).ok();
}

void wheel(QWidget* widget, int turns) {
    const QPointF at = QRectF(widget->rect()).center();
    QWheelEvent event(at, widget->mapToGlobal(at), {}, {0, 120 * turns}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                      false);
    QApplication::sendEvent(widget, &event);
}

}  // namespace

class InspectionTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<Settings> settings_;
    std::unique_ptr<Workbench> bench_;

    QDockWidget* dock(const char* id) const { return bench_->window.findChild<QDockWidget*>(id); }
    void showAlone(const char* id) const {
        for (const char* other : panels) dock(other)->setVisible(std::string_view(other) == id);
        dock(id)->raise();
    }
    bool open(const QString& model) const {
        bench_->window.openModel(model);
        return QTest::qWaitFor([this] { return bench_->engine.activeDevice() && !bench_->engine.busy(); }, patience);
    }
    bool ask(const QString& text) const {
        bench_->conversation.setMaxTokens(16);
        bench_->conversation.send(text);
        return QTest::qWaitFor([this] { return !bench_->conversation.answering(); }, 4 * patience) && settled();
    }
    bool settled() const {
        return QTest::qWaitFor([this] { return !bench_->engine.busy(); }, 4 * patience);
    }
    /// Every map that is seen shows what its source holds.
    bool drawn(QWidget* in) const {
        return QTest::qWaitFor(
            [&] {
                const auto maps = in->findChildren<MapView*>();
                return std::all_of(maps.begin(), maps.end(),
                                   [](const MapView* map) { return !map->isVisible() || map->ready(); });
            },
            patience);
    }

private slots:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        settings_ = std::make_unique<Settings>(folder_.filePath("settings.conf"));
        bench_ = std::make_unique<Workbench>(cpuOnly(), *settings_, OpenedStores{openStore(), openRunStore(), {}});
        bench_->window.resize(1440, 900);
        bench_->window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&bench_->window));
    }

    void layoutShowsAllViewsInTabsAndResets() {
        for (const char* id : panels) QVERIFY2(dock(id)->isHidden(), id);
        bench_->actions.find("view.layout.inspect")->trigger();
        for (const char* id : panels) QVERIFY2(!dock(id)->isHidden(), id);
        QVERIFY(dock("conversations")->isHidden());
        QCOMPARE(bench_->window.tabifiedDockWidgets(dock("weights")).size(), 5);
        bench_->actions.find("view.layout.reset")->trigger();
        for (const char* id : panels) QVERIFY2(dock(id)->isHidden(), id);
        QVERIFY(!dock("conversations")->isHidden());
    }

    void emptyViewsSayWhatToDo() {
        for (const char* id : panels) {
            showAlone(id);
            QTest::qWait(50);
            QStringList said;
            for (const auto* label : dock(id)->findChildren<QLabel*>())
                if (label->isVisible()) said << label->text();
            QVERIFY2(said.join(' ').contains("odel"), id);  // open a model first
        }
    }

    void oneSelectionInAllViewsAndPictures() {
        QVERIFY(open(sampleModel()));
        bench_->actions.find("view.layout.inspect")->trigger();
        QVERIFY(ask("Tell me a story about the sea."));
        bench_->inspector.select({3, TraceTensor::State, 40, bench_->inspector.promptTokens() + 2, "o_proj"});
        for (const bool dark : {false, true}) {
            bench_->theme.setMode(dark ? ThemeMode::Dark : ThemeMode::Light);
            for (const char* id : panels) {
                if (std::string_view(id) == "scrubber") continue;  // under all of them
                dock(id)->raise();
                QTest::qWait(100);
                QVERIFY(settled());
                QVERIFY(drawn(dock(id)));
                QTest::qWait(150);
                keepPicture(bench_->window, QString("inspect-%1-%2").arg(id, dark ? "dark" : "light"));
            }
        }
        bench_->theme.setMode(ThemeMode::Light);
        QCOMPARE(dock("scrubber")->findChild<QLabel*>("scrubberPlace")->text(), QString("Token %1 of %2, layer 3")
                                                                                    .arg(bench_->inspector.promptTokens() + 2)
                                                                                    .arg(bench_->inspector.timeline().size()));
        bench_->actions.find("scrubber.layerDown")->trigger();
        QCOMPARE(bench_->inspector.selection().layer, 4);
    }

    void aLongConversationOpensFastAndNeverBlocks() {
        const QString path = folder_.filePath("large.gguf");
        QVERIFY(writeLargeModel(path.toStdString()));
        bench_->conversation.startNew();
        for (const char* id : panels) dock(id)->hide();
        QVERIFY(open(path));
        QString text;
        for (int k = 0; k < 4070; ++k) text += QStringLiteral("the ");
        QVERIFY(ask(text));
        QVERIFY(bench_->inspector.timeline().size() >= 4070);
        for (const char* id : panels) {
            showAlone(id);  // the first time: what it wants is traced
            QTest::qWait(100);
            QVERIFY(settled());
            dock(id)->hide();
            QTest::qWait(20);
            Watchdog watchdog;
            QElapsedTimer opening;
            opening.start();
            showAlone(id);
            QTest::qWait(1);
            QVERIFY(drawn(dock(id)));
            QVERIFY2(opening.elapsed() < 1000, qPrintable(QString("%1: %2 ms").arg(id).arg(opening.elapsed())));
            for (QWidget* view : dock(id)->findChildren<QWidget*>()) {
                if (!view->isVisible() || (qobject_cast<MapView*>(view) == nullptr && qobject_cast<PlotView*>(view) == nullptr))
                    continue;
                for (const int turns : {1, 2, 3, -2, -4}) {
                    wheel(view, turns);
                    QTest::qWait(5);
                }
            }
            for (int token = 4000; token > 3000; token -= 100) {
                Selection selection = bench_->inspector.selection();
                selection.token = token;
                bench_->inspector.select(selection);
                QTest::qWait(5);
            }
            QVERIFY(drawn(dock(id)));
            qInfo("%s: opened in %lld ms, longest busy %.1f ms", id, static_cast<long long>(opening.elapsed()),
                  watchdog.longest());
            QVERIFY2(watchdog.longest() < 50.0, qPrintable(QString("%1: busy for %2 ms").arg(id).arg(watchdog.longest())));
        }
        QVERIFY(bench_->inspector.store().memoryBytes() <= (std::uint64_t{1} << 30));
    }

    void tracesStayWithinTheirLimitAndItIsSaid() {
        QSignalSpy notice(&bench_->inspector, &Inspector::notice);
        bench_->inspector.setLimits({std::uint64_t{64} << 20, {}});
        QVERIFY(bench_->inspector.store().memoryBytes() <= (std::uint64_t{64} << 20));
        QVERIFY(bench_->inspector.store().droppedBytes() > 0);
        QVERIFY(notice.count() > 0);
        bench_->inspector.setLimits({});
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::InspectionTest)
#include "inspection_test.moc"
