// The weights dock: table, shares, trits and latent weights, worked by clicks and keys, against core's numbers.
#include "inspect/weights/weights_panel.h"

#include <QComboBox>
#include <QFileDialog>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QTabWidget>
#include <QTableView>
#include <QTemporaryDir>
#include <QToolButton>
#include <cmath>

#include "chat/chat_panel.h"
#include "chat_fixture.h"
#include "inspect/latent_weights.h"
#include "model_card/model_card_panel.h"
#include "shell/colors.h"
#include "shell/main_window.h"
#include "shell/theme.h"
#include "views/map_view.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

QString goldenModel() { return TERNION_TEST_DATA "/hgrn-256x4"; }

QString chosenFile;

struct Dock : ChatFixture {
    explicit Dock(const QString& settingsFile) : settings(settingsFile), theme(settings) {
        window = std::make_unique<MainWindow>(PanelContext{engine, conversation, inspector, runs, actions},
                                              std::vector<PanelDefinition>{chatPanel(), weightsPanel()}, settings, theme);
        window->resize(1440, 900);
        window->show();
        window->activateWindow();
        (void)QTest::qWaitForWindowActive(window.get());
        auto* dock = find<QDockWidget>("weights");
        dock->show();
        window->resizeDocks({dock}, {860}, Qt::Horizontal);
    }
    template <class T = QWidget>
    T* find(const char* name) const {
        return window->findChild<T*>(name);
    }
    QTableView* table() const { return find<QTableView>("weightTable"); }
    MapView* map(const char* name = "tritMap") const { return find<MapView>(name); }
    bool open(const QString& path) {
        QSignalSpy opened(&engine, &EngineClient::deviceChanged);
        engine.openModel(path);
        if (!opened.wait(patience)) return false;
        return QTest::qWaitFor([this] { return table()->isVisible() && rows() == matrices().size(); }, patience);
    }
    std::vector<WeightStatistics> matrices() const { return *weightStatistics(*engine.model()->checkpoint.model); }
    std::size_t rows() const { return static_cast<std::size_t>(table()->model()->rowCount()); }
    QString cell(int row, int column) const { return table()->model()->index(row, column).data().toString(); }
    QString current() const {
        const QModelIndex at = table()->currentIndex();
        return at.isValid() ? cell(at.row(), 0) + ' ' + cell(at.row(), 1) : QString();
    }
    void select(int layer, const char* projection, int channel = -1) {
        inspector.select({.layer = layer, .channel = channel, .projection = QString::fromLatin1(projection)});
        QCoreApplication::processEvents();
    }
    void clickCell(int row, int column) const {
        table()->scrollTo(table()->model()->index(row, column));
        QTest::mouseClick(table()->viewport(), Qt::LeftButton, {},
                          table()->visualRect(table()->model()->index(row, column)).center());
        QCoreApplication::processEvents();
    }
    void clickHeading(int column) const {
        QHeaderView& header = *table()->horizontalHeader();
        QTest::mouseClick(header.viewport(), Qt::LeftButton, {},
                          {header.sectionViewportPosition(column) + header.sectionSize(column) / 2, header.height() / 2});
    }
    void showTab(const char* title) const {
        auto* tabs = find<QTabWidget>("weightTabs");
        for (int k = 0; k < tabs->count(); ++k)
            if (tabs->tabText(k) == QLatin1String(title))
                QTest::mouseClick(tabs->tabBar(), Qt::LeftButton, {}, tabs->tabBar()->tabRect(k).center());
    }
    bool mapReady(const MapView* of) const {
        return QTest::qWaitFor([of] { return of->isVisible() && of->ready(); }, patience);
    }
    QString save(const char* action, const QString& path) const {
        chosenFile = path;
        setAskForFile([](QWidget*, const QString&, const QString&, const QString&) { return chosenFile; });
        actions.find(action)->trigger();
        (void)QTest::qWaitFor([&] { return QFile::exists(path); }, patience);
        QTest::qWait(50);  // it is told that it is done
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
    }

    Settings settings;
    Theme theme;
    std::unique_ptr<MainWindow> window;
};

QColor colorAt(MapView& map, int row, int column) {
    const QRect cell = map.cellRect(row, column);
    // The middle may hold the value in writing.
    return map.grab().toImage().pixelColor((QPointF(cell.topLeft()) + QPointF(3, 3)).toPoint() * map.devicePixelRatioF());
}

double number(QString text) { return QLocale().toDouble(text.replace(QChar(0x2212), '-')); }

}  // namespace

class WeightsTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    QString file(const char* suffix = ".conf") const {
        return folder_.filePath(QString(QTest::currentTestFunction()) + suffix);
    }

private slots:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }

    void withoutAModelItSaysWhatToDo() {
        Dock dock(file());
        QTRY_VERIFY(dock.find<QLabel>("emptyNote")->isVisible());
        QVERIFY(dock.find<QLabel>("emptyNote")->text().contains("Open model"));
        QVERIFY(!dock.table()->isVisible());
    }

    void tableHoldsCoresNumbers() {
        Dock dock(file());
        QVERIFY(dock.open(goldenModel()));
        const auto all = dock.matrices();
        for (std::size_t k = 0; k < all.size(); ++k) {
            const int row = static_cast<int>(k);
            QCOMPARE(dock.cell(row, 0), all[k].layer < 0 ? QStringLiteral("–") : QString::number(all[k].layer));
            QCOMPARE(dock.cell(row, 1), QString::fromStdString(all[k].projection));
            QCOMPARE(dock.cell(row, 2), QStringLiteral("%1×%2").arg(all[k].rows).arg(all[k].cols));
            QCOMPARE(number(dock.cell(row, 3)), QString::number(double{all[k].gamma}, 'g', 4).toDouble());
            const double sum = number(dock.cell(row, 4)) + number(dock.cell(row, 5)) + number(dock.cell(row, 6));
            QVERIFY(std::abs(sum - 100) < 0.02);
            QCOMPARE(number(dock.cell(row, 5)), QString::number(all[k].share(all[k].counts.zero) * 100, 'f', 2).toDouble());
            QCOMPARE(number(dock.cell(row, 7)), QString::number(all[k].entropy(), 'f', 4).toDouble());
            QCOMPARE(number(dock.cell(row, 8).section(QChar(0x2013), 0, 0)),
                     QString::number(all[k].rowSparsity.least * 100, 'f', 1).toDouble());
        }
    }

    void sortsByClicksAndByKeys() {
        Dock dock(file());
        QVERIFY(dock.open(goldenModel()));
        const auto values = [&](int column) {
            std::vector<double> all;
            for (int row = 0; row < dock.table()->model()->rowCount(); ++row) all.push_back(number(dock.cell(row, column)));
            return all;
        };
        dock.clickHeading(5);
        auto zeros = values(5);
        QVERIFY(std::is_sorted(zeros.begin(), zeros.end()) || std::is_sorted(zeros.rbegin(), zeros.rend()));
        const bool ascending = std::is_sorted(zeros.begin(), zeros.end());
        dock.clickHeading(5);
        zeros = values(5);
        QVERIFY(ascending ? std::is_sorted(zeros.rbegin(), zeros.rend()) : std::is_sorted(zeros.begin(), zeros.end()));
        // With the keys alone: to the column, then the action, as the command palette runs it.
        dock.table()->setFocus();
        QTest::keyClick(dock.table(), Qt::Key_Home);
        for (int k = 0; k < 3; ++k) QTest::keyClick(dock.table(), Qt::Key_Right);
        dock.actions.find("weights.sort")->trigger();
        const auto gammas = values(3);
        QVERIFY(std::is_sorted(gammas.begin(), gammas.end()));
        QVERIFY(gammas.front() < gammas.back());
    }

    void filterLeavesWhatHasEveryWordAndSelectsNothing() {
        Dock dock(file());
        QVERIFY(dock.open(goldenModel()));
        dock.select(2, "g_proj");
        QTRY_COMPARE(dock.current(), "2 g_proj");
        auto* filter = dock.find<QLineEdit>("weightFilter");
        QTest::mouseClick(filter, Qt::LeftButton);
        QTest::keyClicks(filter, "mlp down");
        QCOMPARE(dock.rows(), 4U);
        for (int row = 0; row < 4; ++row) QCOMPARE(dock.cell(row, 1), "down_proj");
        QCOMPARE(dock.inspector.selection().projection, "g_proj");
        QCOMPARE(dock.inspector.selection().layer, 2);
        QCOMPARE(dock.current(), QString());
        filter->clear();
        QTest::keyClicks(filter, "layer 3");
        QCOMPARE(dock.rows(), 6U);
        const QString csv = dock.save("weights.table.export.csv.visible", file(".csv"));
        QCOMPARE(csv.count('\n'), 7);
        QVERIFY(csv.contains("model.layers.3.attn.i_proj"));
        QVERIFY(!csv.contains("model.layers.2."));
        QCOMPARE(dock.save("weights.table.export.csv", file("-all.csv")).count('\n'), 26);
        filter->clear();
        QTRY_COMPARE(dock.current(), "2 g_proj");
    }

    void selectionIsLinkedBothWays() {
        Dock dock(file());
        QVERIFY(dock.open(goldenModel()));
        dock.clickCell(9, 3);  // layer 1: i, f, g, o
        QCOMPARE(dock.inspector.selection().layer, 1);
        QCOMPARE(dock.inspector.selection().projection, "o_proj");
        QTest::keyClick(dock.table(), Qt::Key_Down);
        QCOMPARE(dock.inspector.selection().projection, "gate_proj");
        dock.select(3, "i_proj");
        QTRY_COMPARE(dock.current(), "3 i_proj");
        dock.clickCell(24, 1);
        QCOMPARE(dock.inspector.selection().projection, "lm_head");
        QCOMPARE(dock.inspector.selection().layer, 3);  // the head is in none, so the layer stays
        // A click into the plot chooses the layer.
        dock.select(3, "f_proj");
        auto* plot = dock.find<PlotView>("distributionPlot");
        QTRY_COMPARE(plot->plottableCount(), 3);
        QTest::qWait(50);
        const QPointF at(plot->xAxis->coordToPixel(1), plot->yAxis->coordToPixel(50));
        QTest::mouseClick(plot, Qt::LeftButton, {}, at.toPoint());
        QTRY_COMPARE(dock.inspector.selection().layer, 1);
        QTRY_COMPARE(dock.current(), "1 f_proj");
    }

    void plotsHoldTheShares() {
        Dock dock(file());
        QVERIFY(dock.open(goldenModel()));
        dock.select(0, "down_proj");
        const auto all = dock.matrices();
        auto* plot = dock.find<PlotView>("distributionPlot");
        QTRY_COMPARE(plot->plottableCount(), 3);
        const auto expectShares = [&] {
            for (int layer = 0; layer < 4; ++layer) {
                const auto& matrix = all[static_cast<std::size_t>(layer) * 6 + 5];
                const std::array<std::int64_t, 3> counts{matrix.counts.minus, matrix.counts.zero, matrix.counts.plus};
                for (int k = 0; k < 3; ++k)
                    QCOMPARE(plot->plottable(k)->interface1D()->dataMainValue(layer),
                             matrix.share(counts[static_cast<std::size_t>(k)]) * 100);
            }
        };
        expectShares();
        QCOMPARE(qobject_cast<QCPBars*>(plot->plottable(0))->brush().color(), tritColor(-1));
        auto* kind = dock.find<QComboBox>("distributionKind");
        kind->setFocus();
        QTest::keyClick(kind, Qt::Key_Down);
        expectShares();
        QVERIFY(qobject_cast<QCPGraph*>(plot->plottable(0)) != nullptr);
        QTest::keyClick(kind, Qt::Key_Down);
        QCOMPARE(plot->plottableCount(), 1);
        QCOMPARE(plot->plottable(0)->interface1D()->dataMainValue(2), all[2 * 6 + 5].entropy());
        const QString csv = dock.save("weights.distribution.export.csv", file(".csv"));
        QVERIFY2(csv.startsWith("series,layer,entropy_bits_a_trit"), qPrintable(csv));
    }

    void mapsShowTritsInTheirColours() {
        Dock dock(file());
        QVERIFY(dock.open(goldenModel()));
        dock.select(1, "f_proj");
        dock.showTab("Trits");
        MapView* map = dock.map();
        QVERIFY(dock.mapReady(map));
        QCOMPARE(map->region(), (MapRegion{0, 256, 0, 256}));
        QTest::mouseClick(map, Qt::LeftButton, {}, map->cellRect(100, 60).center());
        QTRY_COMPARE(dock.inspector.selection().channel, map->markedRow());
        map->showRegion({100, 12, 60, 16});
        map->setMarked(-1, -1);
        QVERIFY(dock.mapReady(map));
        const TernaryMatrix& trits = dock.engine.model()->checkpoint.model->layers[1].f.weight;
        for (int row = 100; row < 112; ++row)
            for (int column = 60; column < 76; ++column)
                QCOMPARE(colorAt(*map, row, column), tritColor(trits.trit(row, column)));
        const QString csv = dock.save("weights.trits.export.csv.visible", file(".csv"));
        QCOMPARE(csv.count('\n'), 1 + 12 * 16);
        QVERIFY(csv.contains(QStringLiteral("\"layer 1, f_proj\",103,61,%1\r\n").arg(trits.trit(103, 61))));
        // The same place in the next layer: the region stays.
        dock.select(2, "f_proj");
        QCOMPARE(map->region(), (MapRegion{100, 12, 60, 16}));
        QVERIFY(dock.mapReady(map));
        QCOMPARE(colorAt(*map, 105, 65), tritColor(dock.engine.model()->checkpoint.model->layers[2].f.weight.trit(105, 65)));
        // Keys: all of it, then the channel that is selected elsewhere is marked here.
        map->setFocus();
        QTest::keyClick(map, Qt::Key_0);
        QCOMPARE(map->region(), (MapRegion{0, 256, 0, 256}));
        dock.select(2, "f_proj", 17);
        QCOMPARE(map->markedRow(), 17);
    }

    void latentWeightsAreThoseOfTheFile() {
        Dock dock(file());
        QVERIFY(dock.open(goldenModel()));
        dock.select(0, "g_proj");
        dock.showTab("Latent");
        auto* plot = dock.find<PlotView>("latentHistogram");
        QTRY_VERIFY_WITH_TIMEOUT(plot->isVisible() && plot->plottableCount() == 3, patience);
        const auto latent =
            LatentWeights::open(goldenModel().toStdString(), dock.engine.model()->checkpoint.model, {0, "g_proj"});
        const auto statistics = latent->statistics();
        double shown = 0.0;
        for (int k = 0; k < 3; ++k) {
            const auto& data = *plot->plottable(k)->interface1D();
            for (int at = 0; at < data.dataCount(); ++at) {
                const int bin = static_cast<int>(
                    std::lround((data.dataMainKey(at) + LatentHistogram::reach) / LatentHistogram::width - 0.5));
                QCOMPARE(data.dataMainValue(at), double(statistics->histogram.counts[static_cast<std::size_t>(bin)]));
                shown += data.dataMainValue(at);
            }
        }
        QCOMPARE(shown + double(statistics->histogram.below + statistics->histogram.above), 256.0 * 256.0);
        QVERIFY(dock.find<QLabel>("latentSummary")->text().contains(QString::number(statistics->meanAbsoluteError, 'f', 4)));
        MapView* map = dock.map("errorMap");
        QVERIFY(dock.mapReady(map));
        map->showRegion({3, 8, 7, 8});
        QVERIFY(dock.mapReady(map));
        ColorScale scale = ColorScale::diverging(-0.5F, 0.5F);
        scale.background = map->palette().color(QPalette::Base).rgb();
        for (int k = 0; k < 8; ++k)
            QCOMPARE(colorAt(*map, 3 + k, 7 + k).rgb(), scale.color(latent->error(3 + k, 7 + k)) | 0xff000000U);
        QVERIFY(dock.save("weights.latent.export.csv", file(".csv")).count('\n') == LatentHistogram::bins + 1);
    }

    void packedModelsSayWhatToOpenForLatentWeights() {
        Dock dock(file());
        QVERIFY(dock.open(sampleModel()));
        dock.select(4, "f_proj");
        dock.showTab("Latent");
        auto* note = dock.find<QLabel>("latentNote");
        QTRY_VERIFY_WITH_TIMEOUT(note->isVisible() && note->text().contains("Hugging Face folder"), patience);
        QVERIFY(!dock.find("latentHistogram")->isVisible());
        keepPicture(*dock.window, "weights-latent-packed");
    }

    void comparesWithASecondMatrixAtTheSameZoom() {
        Dock dock(file());
        QVERIFY(dock.open(goldenModel()));
        dock.select(0, "i_proj");
        dock.showTab("Trits");
        MapView* first = dock.map();
        MapView* second = dock.map("tritMapCompared");
        QVERIFY(dock.mapReady(first));
        QVERIFY(!second->isVisible());
        QTest::mouseClick(dock.find("weightsCompare"), Qt::LeftButton);
        QTRY_VERIFY(second->isVisible());
        auto* layer = dock.find<QComboBox>("compareLayer");
        layer->setFocus();
        QTest::keyClick(layer, Qt::Key_End);
        QCOMPARE(layer->currentText(), "layer 3");
        first->showRegion({10, 10, 20, 10});
        QVERIFY(dock.mapReady(second));
        QCOMPARE(second->region(), first->region());
        const auto& layers = dock.engine.model()->checkpoint.model->layers;
        QCOMPARE(colorAt(*second, 14, 25), tritColor(layers[3].i.weight.trit(14, 25)));
        second->setFocus();
        QTest::keyClick(second, Qt::Key_0);
        QCOMPARE(first->region(), (MapRegion{0, 256, 0, 256}));
        const QString csv = dock.save("weights.trits.export.csv.visible", file(".csv"));
        QCOMPARE(csv.count('\n'), 1 + 2 * 256 * 256);
        QVERIFY(csv.contains("\"layer 3, i_proj\",255,255,"));
        // No longer beside it.
        QTest::mouseClick(dock.find("weightsCompare"), Qt::LeftButton);
        QTRY_VERIFY(!second->isVisible());
    }

    void comparesWithAnotherModelThatNoDeviceHas() {
        Dock dock(file());
        QVERIFY(dock.open(sampleModel()));
        dock.select(2, "f_proj");
        QTest::mouseClick(dock.find("weightsCompare"), Qt::LeftButton);
        const auto choose = [&](int entry, const QString& path) {
            dock.find<QToolButton>("compareModel")->menu()->actions().at(entry)->trigger();
            auto* dialog = dock.window->findChild<QFileDialog*>();
            QVERIFY(dialog != nullptr && !dialog->isModal());
            emit dialog->fileSelected(path);
            dialog->close();
        };
        choose(0, "/nowhere/at/all");
        QTRY_VERIFY_WITH_TIMEOUT(dock.find<QLabel>("messageText") != nullptr, patience);
        QVERIFY(dock.find<QLabel>("messageText")->text().contains("/nowhere/at/all"));
        choose(0, goldenModel());
        QTRY_COMPARE_WITH_TIMEOUT(dock.find<QLabel>("compareName")->text(), "of hgrn-256x4", patience);
        QCOMPARE(dock.engine.model()->path, sampleModel());
        dock.showTab("Trits");
        MapView* second = dock.map("tritMapCompared");
        QVERIFY(dock.mapReady(second));
        dock.map()->showRegion({10, 10, 20, 10});
        QVERIFY(dock.mapReady(second));
        const auto golden = openCheckpoint(goldenModel().toStdString());
        QCOMPARE(colorAt(*second, 14, 25), tritColor(golden->model->layers[2].f.weight.trit(14, 25)));
        keepPicture(*dock.window, "weights-compared-trits");
        dock.showTab("Latent");
        auto* plot = dock.find<PlotView>("latentHistogram");
        QTRY_VERIFY_WITH_TIMEOUT(plot->isVisible() && plot->plottableCount() == 3, patience);
        keepPicture(*dock.window, "weights-compared-latent");
        dock.showTab("Distribution");
        keepPicture(*dock.window, "weights-compared-distribution");
        dock.select(9, "f_proj");  // the other one has four layers
        QTRY_COMPARE(dock.current(), "9 f_proj");
        dock.showTab("Trits");
        QTRY_VERIFY(!second->isVisible());
    }

    void everythingIsNamedAndReachable() {
        Dock dock(file());
        QVERIFY(dock.open(goldenModel()));
        for (const char* name :
             {"weightTable", "weightFilter", "weightsCompare", "distributionPlot", "distributionKind", "tritMap", "tritValue",
              "latentHistogram", "errorMap", "errorValue", "compareLayer", "compareProjection"}) {
            auto* widget = dock.find(name);
            QVERIFY2(widget != nullptr, name);
            QVERIFY2(!widget->accessibleName().isEmpty(), name);
            QVERIFY2((widget->focusPolicy() & Qt::TabFocus) != 0, name);
        }
        for (const char* tab : {"Trits", "Latent"}) dock.showTab(tab);
        QTRY_VERIFY_WITH_TIMEOUT(dock.find("latentHistogram")->isVisible(), patience);
        for (const char* view : {"table", "distribution", "trits", "latent", "error"})
            for (const char* format : {"png", "pdf", "svg"}) {
                const QString path = folder_.filePath(QStringLiteral("%1.%2").arg(view, format));
                dock.save(qPrintable(QStringLiteral("weights.%1.export.%2").arg(view, format)), path);
                QVERIFY2(QFileInfo(path).size() > 500, qPrintable(path));
            }
    }

    void looksGoodInBothThemes() {
        Dock dock(file());
        QVERIFY(dock.open(goldenModel()));
        dock.select(2, "f_proj", 40);
        for (const bool dark : {false, true}) {
            dock.theme.setMode(dark ? ThemeMode::Dark : ThemeMode::Light);
            for (const char* tab : {"Distribution", "Trits", "Latent"}) {
                dock.showTab(tab);
                QTest::qWait(400);
                keepPicture(*dock.window, QStringLiteral("weights-%1-%2").arg(QString(tab).toLower(), dark ? "dark" : "light"));
            }
            auto* value = dock.find<QComboBox>("tritValue");
            dock.showTab("Trits");
            value->setCurrentIndex(1);
            QTest::qWait(300);
            keepPicture(*dock.window, dark ? "weights-zeros-dark" : "weights-zeros-light");
            value->setCurrentIndex(0);
            dock.map()->showRegion({30, 24, 40, 32});
            QTest::qWait(300);
            keepPicture(*dock.window, dark ? "weights-near-dark" : "weights-near-light");
            dock.map()->showAll();
            dock.showTab("Distribution");
            dock.find<QComboBox>("distributionKind")->setCurrentIndex(1);
            keepPicture(*dock.window, dark ? "weights-curves-dark" : "weights-curves-light");
            dock.find<QComboBox>("distributionKind")->setCurrentIndex(0);
        }
        dock.theme.setMode(ThemeMode::Light);
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::WeightsTest)
#include "weights_test.moc"
