// The quantisation dock: the codes it shows are what the device multiplied with.
#include "inspect/quantisation/quantisation_panel.h"

#include <QLabel>
#include <QStackedWidget>

#include "inspect/quantisation.h"
#include "inspect_fixture.h"

namespace ternion::app {
namespace {

struct Quantisation : InspectFixture {
    Quantisation() : InspectFixture(quantisationPanel()) {}
    bool askAndShow(int tokens) {
        if (!openSample() || !ask(tokens) || !answered()) return false;
        showDock();
        return shown("quantisationMap");
    }
    /// From the engine's own values.
    InputCodes codes(Projection projection, int layer) const {
        const auto inputs = inputsOf(projection, layer);
        const Trace trace = traced(inputs);
        InputCodes all(*engine.model()->checkpoint.model, projection, layer);
        const auto row = [&](const Trace::Tensor& tensor, std::size_t t) {
            const auto width = static_cast<std::size_t>(tensor.width);
            return std::span(tensor.values).subspan(t * width, width);
        };
        for (std::size_t t = 0; t < inspector.timeline().size(); ++t)
            all.add(row(trace.tensors.front(), t), row(trace.tensors.back(), t));
        return all;
    }
    bool shows(const QString& projection, int layer) {
        const QString title = QString("int8 codes that %1 of layer %2 is given").arg(projection).arg(layer);
        return QTest::qWaitFor(
            [&] {
                for (const auto* label : window->findChildren<QLabel*>())
                    if (label->text() == title) return true;
                return false;
            },
            patience);
    }
};

}  // namespace

class QuantisationTest : public QObject {
    Q_OBJECT

private slots:
    void saysWhatToDoBeforeThereIsText() {
        Quantisation quantisation;
        quantisation.showDock();
        auto* note = quantisation.find<QLabel>("emptyNote");
        QTRY_VERIFY(note->isVisible());
        QVERIFY(quantisation.openSample());
        QTRY_VERIFY_WITH_TIMEOUT(note->text().startsWith("Ask something in the chat"), patience);
    }

    void codesAreTheDevices() {
        Quantisation quantisation;
        QVERIFY(quantisation.askAndShow(8));
        quantisation.inspector.select({.layer = 3, .projection = "down_proj"});
        QVERIFY(quantisation.shows("down_proj", 3));
        // What enters down_proj has no norm before it: the device says what its codes are.
        const Trace input = quantisation.traced({{TraceTensor::Glu, 3}});
        const auto& model = quantisation.engine.model()->checkpoint.model;
        const auto device = makeCpuBackend()->load(model, 0, {});
        const auto expected = (*device)->bitLinear(model->layers[3].down, input.tensors[0].values);
        QVERIFY(expected.ok());
        const auto width = static_cast<std::size_t>(input.tensors[0].width);
        const auto rows = rowsOf(*quantisation.find<MapView>("quantisationMap"));
        QCOMPARE(rows.size(), expected->codes.size());
        for (const auto& row : rows) {
            const auto channel = static_cast<std::size_t>(std::get<std::int64_t>(row[0]));
            const auto token = static_cast<std::size_t>(std::get<std::int64_t>(row[1]));
            QCOMPARE(std::get<double>(row[2]), double(expected->codes[token * width + channel]));
        }
    }

    void tablesAndCurvesAreCores() {
        Quantisation quantisation;
        QVERIFY(quantisation.askAndShow(8));
        auto* layer = quantisation.find("quantisationLayer");
        layer->setFocus();
        QTest::keyClick(layer, Qt::Key_Up);
        QVERIFY(quantisation.shows("f_proj", 1));
        auto* table = quantisation.find<NumberTable>("quantisationBitLinears");
        QVERIFY(QTest::qWaitFor([&] { return rowsOf(*table).size() == 6; }, patience));
        const auto rows = rowsOf(*table);
        for (int k = 0; k < 6; ++k) {
            const auto expected = quantisation.codes(static_cast<Projection>(k), 1).summary();
            const auto& row = rows[static_cast<std::size_t>(k)];
            QCOMPARE(std::get<std::string>(row[0]), std::string(nameOf(static_cast<Projection>(k))));
            QCOMPARE(std::get<double>(row[1]), expected.meanScale);
            QCOMPARE(std::get<double>(row[2]), expected.ends);
            QCOMPARE(std::get<double>(row[3]), expected.zeros);
            QCOMPARE(std::get<double>(row[4]), expected.nearZeros);
            QCOMPARE(std::get<std::int64_t>(row[5]), std::int64_t(expected.outliers.size()));
        }

        quantisation.clickRow("quantisationBitLinears", 3);
        QCOMPARE(quantisation.inspector.selection().projection, "o_proj");
        QVERIFY(quantisation.shows("o_proj", 1));
        const InputCodes expected = quantisation.codes(Projection::O, 1);
        auto* curve = quantisation.find<PlotView>("quantisationCurve");
        QCOMPARE(curve->graphCount(), 3);
        QCOMPARE(curve->graph(0)->data()->at(4)->value, expected.share(expected.token(4).nearZeros));
        QCOMPARE(curve->graph(2)->data()->at(4)->value, expected.share(expected.token(4).ends));
        auto* measure = quantisation.find<QComboBox>("quantisationMeasure");
        measure->setFocus();
        QTest::keyClick(measure, Qt::Key_Down);
        QCOMPARE(curve->graphCount(), 1);
        QCOMPARE(curve->graph(0)->data()->at(4)->value, 1.0 / double{expected.token(4).step});
    }

    void theHeadIsWithTheLastLayer() {
        Quantisation quantisation;
        QVERIFY(quantisation.askAndShow(4));
        quantisation.inspector.select({.layer = 11, .projection = "lm_head"});
        QVERIFY(quantisation.shows("lm_head", 11));
        const auto rows = rowsOf(*quantisation.find<NumberTable>("quantisationBitLinears"));
        QCOMPARE(rows.size(), std::size_t{7});
        QCOMPARE(std::get<double>(rows[6][1]), quantisation.codes(Projection::Head, 11).summary().meanScale);
    }

    void selectionGoesBothWays() {
        Quantisation quantisation;
        QVERIFY(quantisation.askAndShow(8));
        auto* map = quantisation.find<MapView>("quantisationMap");
        map->showRegion({30, 12, 0, 8});
        quantisation.click("quantisationMap", 33, 4);
        QCOMPARE(quantisation.inspector.selection().channel, 33);
        QCOMPARE(quantisation.inspector.selection().tensor, TraceTensor::Residual);  // what enters f_proj
        QCOMPARE(quantisation.inspector.selection().token, 4);
        quantisation.inspector.select({.channel = 35, .token = 6});
        QTRY_COMPARE(map->markedRow(), 35);
        QCOMPARE(map->markedColumn(), 6);
        map->showAll();

        // Of all layers and projections one has outliers: they are listed, and chosen by a click.
        bool found = false;
        for (int layer = 0; layer < 12 && !found; ++layer)
            for (int k = 0; k < 6 && !found; ++k) {
                const auto projection = static_cast<Projection>(k);
                const auto expected = quantisation.codes(projection, layer).summary().outliers;
                if (expected.empty()) continue;
                found = true;
                const QString name = QString::fromLatin1(nameOf(projection).data());
                quantisation.inspector.select({.layer = layer, .projection = name});
                QVERIFY(quantisation.shows(name, layer));
                const auto rows = rowsOf(*quantisation.find<NumberTable>("quantisationOutliers"));
                QCOMPARE(rows.size(), expected.size());
                QCOMPARE(std::get<double>(rows[0][1]), expected[0].share);
                quantisation.clickRow("quantisationOutliers", 0);
                QCOMPARE(quantisation.inspector.selection().channel, expected[0].channel);
                QTRY_COMPARE(map->markedRow(), expected[0].channel);
            }
        QVERIFY(found);
    }

    void growsWhileTheAnswerIsWritten() {
        Quantisation quantisation;
        QVERIFY(quantisation.openSample());
        quantisation.showDock();
        QTRY_VERIFY(quantisation.find<QLabel>("emptyNote")->isVisible());
        QTest::qWait(100);  // what it wants is known to the engine
        QVERIFY(quantisation.ask(160));
        auto* map = quantisation.find<MapView>("quantisationMap");
        const MapRegion part{10, 20, 3, 9};
        const int grown = quantisation.timesGrown(*map, part);
        QVERIFY2(grown >= 4, qPrintable(QString("seen to grow %1 times").arg(grown)));
        const InputCodes expected = quantisation.codes(Projection::F, 0);
        QVERIFY(QTest::qWaitFor([&] { return map->table(false).rows == static_cast<std::size_t>(expected.tokens()) * 512; },
                                patience));
        QCOMPARE(map->region(), part);
        for (const auto& row : rowsOf(*map)) {
            const auto channel = static_cast<std::size_t>(std::get<std::int64_t>(row[0]));
            const auto token = static_cast<int>(std::get<std::int64_t>(row[1]));
            QCOMPARE(std::get<double>(row[2]), double(expected.codes(token)[channel]));
        }
    }

    void exportsItsNumbersAndPictures() {
        Quantisation quantisation;
        QVERIFY(quantisation.askAndShow(4));
        setAskForFile([](QWidget*, const QString&, const QString&, const QString&) { return chosenFile; });
        chosenFile = quantisation.folder.filePath("bit-linears.csv");
        quantisation.actions.find("quantisation.bitLinears.export.csv")->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(chosenFile), patience);
        QFile file(chosenFile);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readLine().trimmed(), "projection,mean_scale,clipped_share,zero_share,near_zero_share,outlier_channels");
        QVERIFY(file.readLine().startsWith("i_proj,"));
        for (const QString name : {"bitLinears", "map", "curve"}) {
            chosenFile = quantisation.folder.filePath(name + ".svg");
            quantisation.actions.find("quantisation." + name + ".export.svg")->trigger();
            QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(chosenFile), patience);
        }
    }

    void looksRight() {
        Quantisation quantisation;
        QVERIFY(quantisation.askAndShow(120));
        quantisation.inspector.select({.layer = 11, .channel = 77, .token = 30, .projection = "down_proj"});
        QVERIFY(quantisation.shows("down_proj", 11));
        for (const bool dark : {false, true}) {
            quantisation.theme.setMode(dark ? ThemeMode::Dark : ThemeMode::Light);
            QVERIFY(quantisation.shown("quantisationMap"));
            keepPicture(*quantisation.window, dark ? "quantisation-dark" : "quantisation-light");
        }
        quantisation.theme.setMode(ThemeMode::Light);
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::QuantisationTest)
#include "quantisation_test.moc"
