// The hidden-states view: what it shows is core's, and what is chosen in it is chosen everywhere.
#include <QComboBox>
#include <QTabBar>
#include <QTemporaryDir>
#include <QTreeWidget>

#include "inspect/hidden/hidden_panel.h"
#include "inspect/hidden/lens_card.h"
#include "inspect/hidden/lens_grid.h"
#include "inspect/hidden_statistics.h"
#include "inspect/principal_plane.h"
#include "inspect_window.h"
#include "views/map_view.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

enum Tab { Norm, Similarity, Lens, Neighbours, Projection };
constexpr int numLayers = 12;
QString savedAs;  // NOLINT: what the file dialog would answer

struct Hidden : InspectWindow {
    explicit Hidden(const QString& file)
        : InspectWindow(file, [](Settings&) { return std::vector<PanelDefinition>{hiddenPanel()}; }) {
        showPanel("hidden");
    }
    bool begin() {
        return openSample() && ask("Tell me a story about a cat.") && traced(stateAt(numLayers)) && traced(stateAt(0));
    }
    void openTab(int tab) const {
        auto* tabs = find<QTabBar>("hidden.tabs");
        QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(tab).center());
    }
    States states(int depth) const {
        const TraceSeries series = inspector.series(stateAt(depth));
        return statesOf(series, series.firstToken(), series.endToken());
    }
    int tokens() const { return static_cast<int>(inspector.timeline().size()); }
    bool lensComplete() const {
        return QTest::qWaitFor(
            [this] {
                const LensPage& page = find<LensGrid>("hidden.lens")->page();
                return !page.cells.empty() &&
                       std::none_of(page.cells.begin(), page.cells.end(), [](const auto& c) { return !c; });
            },
            patience);
    }
};

double number(const TableCell& cell) { return std::holds_alternative<double>(cell) ? std::get<double>(cell) : -1e30; }
int whole(const TableCell& cell) { return static_cast<int>(std::get<std::int64_t>(cell)); }

}  // namespace

class HiddenTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    QString file() const { return folder_.filePath(QString(QTest::currentTestFunction()) + ".conf"); }

private slots:
    void initTestCase() { QStandardPaths::setTestModeEnabled(true); }

    void anEmptyViewSaysWhatToDo() {
        Hidden view(file());
        QTRY_VERIFY(view.note("hiddenPanel").contains("Open a model"));
        QVERIFY(view.openSample());
        QTRY_VERIFY(view.note("hiddenPanel").contains("Write a prompt"));
        QVERIFY(view.ask("Hello"));
        QTRY_COMPARE_WITH_TIMEOUT(view.note("hiddenPanel"), QString(), patience);
    }

    void normsAreCoresAndCellsSelect() {
        Hidden view(file());
        QVERIFY(view.begin());
        const auto cells = static_cast<std::size_t>(view.tokens() * (numLayers + 1));
        QTRY_COMPARE_WITH_TIMEOUT(view.rows("hiddenPanel").size(), cells, patience);
        QTRY_VERIFY_WITH_TIMEOUT(number(view.rows("hiddenPanel").back()[2]) > 0.0, patience);
        for (const auto& row : view.rows("hiddenPanel")) {
            const States states = view.states(whole(row[0]));
            QCOMPARE(number(row[2]), double{static_cast<float>(norm(states[static_cast<std::size_t>(whole(row[1]))]))});
        }
        auto* map = view.find<MapView>("hidden.norms");
        QTRY_VERIFY(map->ready());
        QTest::mouseClick(map, Qt::LeftButton, {}, map->cellRect(5, 3).center());
        QCOMPARE(view.inspector.selection().layer, 4);
        QCOMPARE(view.inspector.selection().token, 3);
        Selection other = view.inspector.selection();
        other.layer = 9;
        other.token = 7;
        view.inspector.select(other);
        QTRY_COMPARE(map->markedRow(), 10);
        QTRY_COMPARE(map->markedColumn(), 7);
        QTest::mouseClick(map, Qt::LeftButton, {}, map->cellRect(0, 2).center());
        QCOMPARE(view.find<QComboBox>("hidden.depth")->currentText(), QString("embedding"));
        QTRY_COMPARE(map->markedRow(), 0);

        const double l2 = number(view.rows("hiddenPanel")[40][2]);
        QTest::keyClick(view.find("hidden.normKind"), Qt::Key_Down);
        QTRY_VERIFY(std::abs(number(view.rows("hiddenPanel")[40][2]) - l2 / std::sqrt(512.0)) < 1e-4);
        view.keepPictures("hidden-norm");
    }

    void similarityIsCores() {
        Hidden view(file());
        QVERIFY(view.begin());
        view.openTab(Similarity);
        std::vector<States> all;
        for (int depth = 0; depth <= numLayers; ++depth) all.push_back(view.states(depth));
        QTRY_COMPARE_WITH_TIMEOUT(view.rows("hiddenPanel").size(), std::size_t{13 * 13}, patience);
        Selection third = view.inspector.selection();
        third.token = 3;
        view.inspector.select(third);
        const double expected = cosine(all[2][3], all[9][3]);
        QTRY_VERIFY(std::abs(number(view.rows("hiddenPanel")[2 * 13 + 9][2]) - expected) < 1e-6);
        QTest::keyClick(view.find("hidden.similarityOver"), Qt::Key_Down);
        const auto mean = cosinesBetween(all, {});
        QTRY_VERIFY(std::abs(number(view.rows("hiddenPanel")[2 * 13 + 9][2]) - double{(*mean)[2 * 13 + 9]}) < 1e-6);
        for (std::size_t k = 0; k < 13 * 13; ++k)
            QVERIFY(std::abs(number(view.rows("hiddenPanel")[k][2]) - double{(*mean)[k]}) < 1e-6);
        view.keepPictures("hidden-similarity");
    }

    void theLensIsCoresAndFollowsTheSelection() {
        Hidden view(file());
        QVERIFY(view.begin());
        view.openTab(Lens);
        QVERIFY(view.lensComplete());
        auto* grid = view.find<LensGrid>("hidden.lens");
        const LensPage page = grid->page();
        QCOMPARE(page.depths, numLayers + 1);
        QVERIFY(page.tokens.size() <= LensGrid::mostTokens);
        const auto device = makeCpuBackend()->load(view.engine.model()->checkpoint.model, 0, {});
        QVERIFY(device.ok());
        const auto ids = view.inspector.ids();
        for (const int depth : {0, 5, numLayers}) {
            std::vector<float> values;
            for (const auto& row : view.states(depth)) values.insert(values.end(), row.begin(), row.end());
            const auto cells = lens(**device, values, std::span(ids).subspan(1), LensReader::top, {});
            QVERIFY(cells.ok());
            for (int column = 0; column < page.tokens.size(); ++column) {
                const auto& shown = page.cells[static_cast<std::size_t>(depth * page.tokens.size() + column)];
                const auto& truth = (*cells)[static_cast<std::size_t>(page.firstToken + column)];
                QCOMPARE(shown->top.front().id, truth.top.front().id);
                QCOMPARE(shown->top.front().probability, truth.top.front().probability);
                QCOMPARE(shown->actualRank, truth.actualRank);
                QCOMPARE(shown->actualProbability, truth.actualProbability);
                const auto& token = view.inspector.timeline()[static_cast<std::size_t>(page.firstToken + column)];
                // The answer was the most probable token after each.
                if (depth == numLayers && token.answerToken >= 0 && shown->actual >= 0) QCOMPARE(shown->actualRank, 1);
                if (depth == numLayers) QVERIFY(shown->divergence < 1e-6F);
            }
        }
        const LensPlace chosen{4, page.firstToken + 1};
        QTest::mouseClick(grid, Qt::LeftButton, {}, grid->cellRect(chosen).center());
        QCOMPARE(view.inspector.selection().layer, 3);
        QCOMPARE(view.inspector.selection().token, chosen.token);
        QTest::keyClick(grid, Qt::Key_Down);
        QCOMPARE(view.inspector.selection().layer, 4);
        auto* card = view.find<LensCard>("hidden.lensCard");
        QTRY_VERIFY(card->cell() == grid->page().cells[static_cast<std::size_t>(5 * page.tokens.size() + 1)]);
        QTest::mouseMove(grid, grid->cellRect({numLayers, page.firstToken}).center());
        QTRY_VERIFY(card->cell() == grid->page().cells[static_cast<std::size_t>(numLayers * page.tokens.size())]);
        QVERIFY(card->accessibleDescription().contains("rank"));

        // A token of another page: its cells come, the others go.
        Selection away = view.inspector.selection();
        away.token = page.firstToken > 0 ? 0 : view.tokens() - 1;
        view.inspector.select(away);
        QVERIFY(view.lensComplete());
        QTRY_VERIFY(away.token >= grid->page().firstToken && away.token < grid->page().firstToken + grid->page().tokens.size());
        QVERIFY(view.lensComplete());
        view.keepPictures("hidden-lens");
    }

    void neighboursAreCoresAndSelect() {
        Hidden view(file());
        QVERIFY(view.begin());
        view.openTab(Neighbours);
        Selection selection = view.inspector.selection();
        selection.layer = 6;
        selection.token = 2;
        view.inspector.select(selection);
        QVERIFY(view.traced(stateAt(7)));
        const auto expected = nearest(view.states(7), 2, 50);
        auto* list = view.find<QTreeWidget>("hidden.neighbours");
        QTRY_VERIFY_WITH_TIMEOUT(list->topLevelItemCount() > 0 &&
                                     list->topLevelItem(0)->text(1) == QString::number(expected[0].token) &&
                                     list->topLevelItem(0)->text(0) == QLocale().toString(expected[0].cosine, 'f', 3),
                                 patience);
        QCOMPARE(list->topLevelItemCount(), static_cast<int>(expected.size()));
        for (int k = 0; k < list->topLevelItemCount(); ++k)
            QCOMPARE(list->topLevelItem(k)->text(1), QString::number(expected[static_cast<std::size_t>(k)].token));
        view.keepPictures("hidden-neighbours");
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualItemRect(list->topLevelItem(1)).center());
        QCOMPARE(view.inspector.selection().token, expected[1].token);
    }

    void theProjectionIsCoresAndSelects() {
        Hidden view(file());
        QVERIFY(view.begin());
        view.openTab(Projection);
        QTest::keyClick(view.find("hidden.depth"), Qt::Key_Up);
        const int depth = view.find<QComboBox>("hidden.depth")->currentIndex();
        QVERIFY(view.traced(stateAt(depth)));
        const auto expected = principalPlane(view.states(depth), {});
        auto* plot = view.find<PlotView>("hidden.projection");
        const QString share = QLocale().toString(expected->explained[0] * 100.0, 'f', 1);
        QTRY_VERIFY_WITH_TIMEOUT(plot->xAxis->label().contains(share), patience);
        const auto rows = view.rows("hiddenPanel");
        QCOMPARE(rows.size(), expected->points.size());
        for (std::size_t k = 0; k < rows.size(); ++k) {
            QCOMPARE(number(rows[k][2]), double{expected->points[k][0]});
            QCOMPARE(number(rows[k][3]), double{expected->points[k][1]});
        }
        view.keepPictures("hidden-projection");
        const auto& [x, y] = expected->points[4];
        QTest::mouseClick(plot, Qt::LeftButton, {},
                          QPoint(qRound(plot->xAxis->coordToPixel(x)), qRound(plot->yAxis->coordToPixel(y))));
        const int chosen = view.inspector.selection().token;
        QVERIFY(chosen >= 0);
        QVERIFY(std::hypot(plot->xAxis->coordToPixel(expected->points[static_cast<std::size_t>(chosen)][0]) -
                               plot->xAxis->coordToPixel(x),
                           plot->yAxis->coordToPixel(expected->points[static_cast<std::size_t>(chosen)][1]) -
                               plot->yAxis->coordToPixel(y)) < 3.0);
    }

    void pictureAndNumbersAreSaved() {
        Hidden view(file());
        QVERIFY(view.begin());
        view.openTab(Lens);
        QVERIFY(view.lensComplete());
        setAskForFile([](QWidget*, const QString&, const QString&, const QString&) { return savedAs; });
        savedAs = folder_.filePath("lens.csv");
        view.trigger("hidden.export.csv");
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(savedAs), patience);
        QFile csv(savedAs);
        QVERIFY(csv.open(QIODevice::ReadOnly));
        QVERIFY(csv.readLine().startsWith("depth,token,rank,token_id,piece,probability,actual_id"));
        for (const char* format : {"png", "svg", "pdf"}) {
            savedAs = folder_.filePath(QString("lens.") + format);
            view.trigger(qPrintable(QString("hidden.export.") + format));
            QTRY_VERIFY(QFile(savedAs).size() > 1000);
        }
    }

    void aHiddenViewReadsNothing() {
        Hidden view(file());
        QVERIFY(view.openSample());
        view.find<QDockWidget>("hidden")->close();
        QVERIFY(view.ask("Hello"));
        QTest::qWait(200);
        QVERIFY(view.inspector.series(stateAt(3)).empty());
        view.showPanel("hidden");
        QVERIFY(view.traced(stateAt(3)));
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::HiddenTest)
#include "hidden_test.moc"
