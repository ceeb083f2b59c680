// The gates dock: what it shows is the engine's and core's, the selection is everybody's, and it grows with the answer.
#include "inspect/gates/gates_panel.h"

#include <QLabel>
#include <QPushButton>
#include <QStackedWidget>

#include "inspect/gate_statistics.h"
#include "inspect_fixture.h"

namespace ternion::app {
namespace {

constexpr int state = 512;  // of the sample model

struct Gates : InspectFixture {
    Gates() : InspectFixture(gatesPanel()) {}
    bool askAndShow(int tokens) {
        if (!openSample() || !ask(tokens) || !answered()) return false;
        showDock();
        return shown("gatesMap");
    }
    /// Of the layer that is shown, from the engine's own values.
    LayerRetention retention() const {
        const int layer = inspector.selection().layer;
        const auto& bounds = engine.model()->checkpoint.model->layers[static_cast<std::size_t>(layer)].lowerBound;
        GateStatistics statistics(state, bounds);
        const Trace trace = traced({{TraceTensor::ForgetGate, layer}, {TraceTensor::State, layer}});
        for (std::size_t t = 0; t < inspector.timeline().size(); ++t)
            statistics.add(std::span(trace.tensors[0].values).subspan(t * state, state),
                           std::span(trace.tensors[1].values).subspan(t * state, state));
        return statistics.retention();
    }
    void choose(const char* box, int index) const {
        auto* combo = find<QComboBox>(box);
        combo->setFocus();
        QTest::keyClick(combo, Qt::Key_Home);
        for (int k = 0; k < index; ++k) QTest::keyClick(combo, Qt::Key_Down);
    }
};

}  // namespace

class GatesTest : public QObject {
    Q_OBJECT

private slots:
    void saysWhatToDoBeforeThereIsText() {
        Gates gates;
        gates.showDock();
        auto* note = gates.find<QLabel>("emptyNote");
        QTRY_VERIFY(note->isVisible());
        QTRY_VERIFY(note->text().contains("No model is open"));
        QVERIFY(gates.openSample());
        QTRY_VERIFY_WITH_TIMEOUT(note->text().startsWith("Ask something in the chat"), patience);
        QVERIFY(note->isVisible());
    }

    void mapsAreTheEnginesValues() {
        Gates gates;
        QVERIFY(gates.askAndShow(8));
        QTest::keyClick(gates.find("gatesLayer"), Qt::Key_Up);
        QCOMPARE(gates.inspector.selection().layer, 1);
        const std::array<TraceTensor, 4> tensors{TraceTensor::ForgetGate, TraceTensor::Candidate, TraceTensor::State,
                                                 TraceTensor::OutputGate};
        const auto tokens = gates.inspector.timeline().size();
        for (int k = 0; k < 4; ++k) {
            gates.choose("gatesGate", k);
            const Trace expected = gates.traced({{tensors[static_cast<std::size_t>(k)], 1}});
            const auto same = [&] {
                const auto rows = rowsOf(*gates.find<MapView>("gatesMap"));
                if (rows.size() != tokens * state) return false;
                for (const auto& row : rows) {
                    const auto channel = static_cast<std::size_t>(std::get<std::int64_t>(row[0]));
                    const auto token = static_cast<std::size_t>(std::get<std::int64_t>(row[1]));
                    if (std::get<double>(row[2]) != double{expected.tensors[0].values[token * state + channel]}) return false;
                }
                return true;
            };
            QVERIFY2(QTest::qWaitFor(same, patience), qPrintable(QString("gate %1").arg(k)));
        }
    }

    void channelsAreSortedAndStayWhoTheyAre() {
        Gates gates;
        QVERIFY(gates.askAndShow(8));
        gates.inspector.select({.layer = 1, .channel = 0});
        QTRY_VERIFY_WITH_TIMEOUT(gates.find<QLabel>("gatesCurveTitle")->text().startsWith("Channel 0 of layer 1"), patience);
        const LayerRetention expected = gates.retention();
        for (const auto order : {ChannelOrder::LowerBound, ChannelOrder::HalfLife}) {
            gates.choose("gatesOrder", static_cast<int>(order));
            const int channel = expected.ordered(order)[3];
            auto* map = gates.find<MapView>("gatesMap");
            map->showRegion({0, 16, 0, 8});
            gates.click("gatesMap", 3, 2);
            QCOMPARE(gates.inspector.selection().channel, channel);
            QCOMPARE(gates.inspector.selection().token, 2);
            QTRY_COMPARE(map->markedRow(), 3);
            QTRY_VERIFY(
                gates.find<QLabel>("gatesCurveTitle")->text().startsWith(QString("Channel %1 of layer 1").arg(channel)));
            map->showAll();
        }
    }

    void selectionGoesBothWays() {
        Gates gates;
        QVERIFY(gates.askAndShow(8));
        auto* map = gates.find<MapView>("gatesMap");
        auto* curve = gates.find<PlotView>("gatesCurve");
        gates.inspector.select({.layer = 2, .channel = 40, .token = 5});
        QTRY_COMPARE_WITH_TIMEOUT(map->markedRow(), 40, patience);
        QCOMPARE(map->markedColumn(), 5);
        QCOMPARE(gates.find<LayerChooser>("gatesLayer")->value(), 2);
        QTRY_VERIFY(gates.find<QLabel>("gatesCurveTitle")->text().startsWith("Channel 40 of layer 2"));

        // The curve: f, i, h and g of that channel, and its learned lower bound.
        const Trace f = gates.traced({{TraceTensor::ForgetGate, 2}});
        QCOMPARE(curve->graphCount(), 2);
        QCOMPARE(curve->graph(0)->name(), "f");
        QCOMPARE(curve->graph(0)->data()->at(3)->value, double(f.tensors[0].values[3 * state + 40]));
        const double bound = gates.engine.model()->checkpoint.model->layers[2].lowerBound[40];
        QCOMPARE(curve->graph(1)->data()->at(0)->value, bound);
        const Trace h = gates.traced({{TraceTensor::State, 2}});
        auto* values = gates.find<PlotView>("gatesValues");
        QCOMPARE(values->graphCount(), 3);
        QCOMPARE(values->graph(1)->data()->at(3)->value, double(h.tensors[0].values[3 * state + 40]));
        QVERIFY(bound > 0.0);

        map->setFocus();
        QTest::keyClick(map, Qt::Key_Down);
        QTest::keyClick(map, Qt::Key_Left);
        QTest::keyClick(map, Qt::Key_Return);
        QCOMPARE(gates.inspector.selection().channel, 41);
        QCOMPARE(gates.inspector.selection().token, 4);
        QTRY_VERIFY(gates.find<QLabel>("gatesCurveTitle")->text().startsWith("Channel 41"));
        const double x = curve->xAxis->coordToPixel(7);
        QTest::mouseClick(curve, Qt::LeftButton, {}, QPoint(int(x), curve->axisRect()->center().y()));
        QCOMPARE(gates.inspector.selection().token, 7);
    }

    void retentionIsCores() {
        Gates gates;
        QVERIFY(gates.askAndShow(24));
        gates.openTab("gatesTabs", 1);
        const LayerRetention expected = gates.retention();
        const auto order = expected.ordered(ChannelOrder::HalfLife);
        auto* table = gates.find<NumberTable>("gatesChannels");
        const auto rows = rowsOf(*table);
        QCOMPARE(rows.size(), std::size_t{state});
        for (std::size_t k = 0; k < rows.size(); ++k) {
            const auto& of = expected.channels[static_cast<std::size_t>(order[k])];
            QCOMPARE(std::get<std::int64_t>(rows[k][0]), std::int64_t{of.channel});
            QCOMPARE(std::get<double>(rows[k][1]), of.halfLife);
            QCOMPARE(std::get<double>(rows[k][4]), of.meanAbsState);
            QCOMPARE(std::get<double>(rows[k][6]), of.keeps);
        }
        const auto histogram = halfLifeHistogram(expected.channels);
        const auto bars = rowsOf(*gates.find<PlotView>("gatesHalfLives"));
        QCOMPARE(bars.size(), histogram.counts.size() + 1);
        double channels = 0.0;
        for (std::size_t k = 0; k < histogram.counts.size(); ++k) {
            QCOMPARE(std::get<double>(bars[k][2]), double(histogram.counts[k]));
            channels += std::get<double>(bars[k][2]);
        }
        QCOMPARE(channels, double(state));
        QVERIFY(gates.find<QLabel>("gatesSummary")->text().contains(QLocale().toString(expected.median, 'g', 3)));

        gates.clickRow("gatesChannels", 5);
        QCOMPARE(gates.inspector.selection().channel, order[5]);
        gates.inspector.select({.channel = order[9]});
        QTRY_COMPARE(table->marked(), 9);
        // Sorted by another column, rows are still whom they were.
        QTest::mouseClick(table->horizontalHeader()->viewport(), Qt::LeftButton, {},
                          QPoint(table->horizontalHeader()->sectionViewportPosition(0) + 20, 8));
        QTest::mouseClick(table->horizontalHeader()->viewport(), Qt::LeftButton, {},
                          QPoint(table->horizontalHeader()->sectionViewportPosition(0) + 20, 8));
        const bool ascending = table->horizontalHeader()->sortIndicatorOrder() == Qt::AscendingOrder;
        gates.clickRow("gatesChannels", 1);
        QCOMPARE(gates.inspector.selection().channel, ascending ? 1 : state - 2);
    }

    void allLayersAreTracedWhenAskedFor() {
        Gates gates;
        QVERIFY(gates.askAndShow(8));
        gates.openTab("gatesTabs", 1);
        auto* layers = gates.find<PlotView>("gatesLayers");
        QTRY_COMPARE(layers->graph(1)->dataCount(), 1);
        QTest::mouseClick(gates.find("gatesAllLayers"), Qt::LeftButton);
        QVERIFY(QTest::qWaitFor([&] { return layers->graph(1)->dataCount() == 12; }, patience));
        QVERIFY(QTest::qWaitFor([&] { return !std::isnan(layers->graph(1)->data()->at(7)->value); }, patience));
        gates.inspector.select({.layer = 7});
        QTRY_VERIFY_WITH_TIMEOUT(gates.find<QLabel>("gatesSummary")->text().startsWith("Layer 7"), patience);
        QCOMPARE(layers->graph(1)->data()->at(7)->value, gates.retention().median);
        QTest::mouseClick(layers, Qt::LeftButton, {},
                          QPoint(int(layers->xAxis->coordToPixel(4)), layers->axisRect()->center().y()));
        QCOMPARE(gates.inspector.selection().layer, 4);
    }

    void growsWhileTheAnswerIsWrittenAndKeepsTheZoom() {
        Gates gates;
        QVERIFY(gates.openSample());
        gates.showDock();
        QTRY_VERIFY(gates.find<QLabel>("emptyNote")->isVisible());
        QTest::qWait(100);  // what it wants is known to the engine
        QVERIFY(gates.ask(160));
        auto* map = gates.find<MapView>("gatesMap");
        const MapRegion part{10, 20, 3, 9};
        const int grown = gates.timesGrown(*map, part);
        QVERIFY2(grown >= 4, qPrintable(QString("seen to grow %1 times").arg(grown)));
        QVERIFY(QTest::qWaitFor([&] { return map->table(false).rows == gates.inspector.timeline().size() * state; }, patience));
        QCOMPARE(map->region(), part);
        // What came live is what a pass over the whole text gives.
        const Trace expected = gates.traced({{TraceTensor::ForgetGate, 0}});
        for (const auto& row : rowsOf(*map))
            QCOMPARE(std::get<double>(row[2]),
                     double(expected.tensors[0].values[static_cast<std::size_t>(std::get<std::int64_t>(row[1])) * state +
                                                       static_cast<std::size_t>(std::get<std::int64_t>(row[0]))]));
    }

    void nothingIsTracedWhileItIsHidden() {
        Gates gates;
        QVERIFY(gates.askAndShow(4));
        gates.find<QDockWidget>("gates")->hide();
        QVERIFY(gates.ask(4) && gates.answered());
        QTest::qWait(200);
        const int known = gates.inspector.series({TraceTensor::ForgetGate, 0}).endToken();
        QVERIFY(known < static_cast<int>(gates.inspector.timeline().size()));
        gates.showDock();
        QVERIFY(gates.shown("gatesMap"));
    }

    void exportsItsNumbersAndPictures() {
        Gates gates;
        QVERIFY(gates.askAndShow(4));
        gates.click("gatesMap", 100, 2);
        setAskForFile([](QWidget*, const QString&, const QString&, const QString&) { return chosenFile; });
        chosenFile = gates.folder.filePath("gates.csv");
        gates.actions.find("gates.map.export.csv")->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(chosenFile), patience);
        QFile file(chosenFile);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readLine().trimmed(), "channel,token,value");
        QCOMPARE(file.readAll().count('\n'), static_cast<qsizetype>(gates.inspector.timeline().size()) * state);
        gates.openTab("gatesTabs", 1);
        for (const QString name : {"curve", "values", "halfLives", "layers", "channels"}) {
            chosenFile = gates.folder.filePath(name + ".png");
            gates.actions.find("gates." + name + ".export.png")->trigger();
            QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(chosenFile), patience);
        }
    }

    void looksRight() {
        Gates gates;
        QVERIFY(gates.askAndShow(120));
        gates.inspector.select({.layer = 5, .channel = 77, .token = 30});
        gates.find<QDockWidget>("gates")->raise();
        QTRY_VERIFY_WITH_TIMEOUT(gates.find<QLabel>("gatesCurveTitle")->text().startsWith("Channel 77 of layer 5"), patience);
        gates.openTab("gatesTabs", 1);
        QTest::mouseClick(gates.find("gatesAllLayers"), Qt::LeftButton);
        for (const bool dark : {false, true}) {
            gates.theme.setMode(dark ? ThemeMode::Dark : ThemeMode::Light);
            const QString suffix = dark ? "dark" : "light";
            gates.openTab("gatesTabs", 0);
            for (int k = 0; k < 4; ++k) {
                gates.choose("gatesGate", k);
                QVERIFY(gates.shown("gatesMap"));
                keepPicture(*gates.window, QString("gates-%1-%2").arg("fihg"[k]).arg(suffix));
            }
            gates.openTab("gatesTabs", 1);
            QTest::qWait(500);
            keepPicture(*gates.window, "gates-retention-" + suffix);
        }
        gates.theme.setMode(ThemeMode::Light);
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::GatesTest)
#include "gates_test.moc"
