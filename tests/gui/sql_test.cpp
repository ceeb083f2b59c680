// The dock of questions to the database: worked by clicks and keys, over a store of known runs.
#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <QSpinBox>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTextBlock>
#include <QTextLayout>
#include <QToolButton>

#include "busy_loop.h"
#include "run_fixture.h"
#include "runs/schema_tree.h"
#include "runs/sql_editor.h"
#include "runs/sql_panel.h"
#include "views/model_table.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

const QString endless = "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n) SELECT count(*) FROM n";

struct Sql : InspectWindow {
    explicit Sql(const QString& settingsFile)
        : InspectWindow(settingsFile, [](Settings& kept) { return std::vector{sqlPanel(kept)}; }) {
        add(*runStore, {.latencies = {0.010, 0.010, 0.030, 0.010}, .figures = speeds(400, 100)});
        add(*runStore, {.model = "other-370m",
                        .device = "Some GPU",
                        .backend = "vulkan",
                        .latencies = {0.004, 0.020, 0.004},
                        .figures = speeds(900, 200)});
        showPanel("sql");
        window->resizeDocks({window->findChild<QDockWidget*>("sql")}, {560}, Qt::Vertical);
    }

    SqlEditor* editor() const { return find<SqlEditor>("sql.editor"); }
    QAbstractItemModel& rows() const { return *find<ModelTable>("sql.table")->model(); }
    QString cell(int row, int column) const { return rows().index(row, column).data().toString(); }
    QString state() const { return find<QLabel>("sql.state")->text(); }
    QString message() const {
        const auto all = find("sqlPanel")->findChildren<QLabel*>("messageText");
        return all.isEmpty() || !all.back()->isVisible() ? QString() : all.back()->text();
    }
    void write(const QString& sql) const {
        editor()->setFocus();
        editor()->selectAll();
        QTest::keyClick(editor(), Qt::Key_Delete);
        if (sql.contains('\n'))
            editor()->replaceText(sql);
        else
            QTest::keyClicks(editor(), sql);
    }
    void run(const QString& sql) const {
        write(sql);
        QTest::keyClick(editor(), Qt::Key_Return, Qt::ControlModifier);
    }
    bool ended() const {
        return QTest::qWaitFor([this] { return !actions.find("sql.stop")->isEnabled(); }, patience);
    }
    QColor colorAt(int line, int column) const {
        for (const auto& range : editor()->document()->findBlockByNumber(line).layout()->formats())
            if (column >= range.start && column < range.start + range.length) return range.format.foreground().color();
        return {};
    }
};

QString giveFile(QWidget*, const QString&, const QString&, const QString&) { return chosenFile; }

}  // namespace

class SqlTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    int files_ = 0;
    QString settings() { return folder_.filePath(QString("settings-%1.conf").arg(++files_)); }

private slots:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        setAskForFile(&giveFile);
    }

    void offersExamplesThatAnswer() {
        Sql sql(settings());
        const auto examples = sql.find("sqlPanel")->findChildren<QPushButton*>("sql.example");
        QCOMPARE(examples.size(), 3);
        keepPicture(*sql.window, "sql-empty");
        QTest::mouseClick(examples[0], Qt::LeftButton);
        QTRY_COMPARE(sql.rows().rowCount(), 2);
        QCOMPARE(sql.cell(0, 0), "other-370m");  // the median of 4, 4 and 20 ms
        QCOMPARE(sql.cell(0, 2), "4");
        QCOMPARE(sql.cell(1, 2), "10");
        QVERIFY(!examples[1]->isVisible());
        sql.write("");
        QVERIFY(examples[1]->isVisible());
        QTest::mouseClick(examples[1], Qt::LeftButton);
        QTRY_COMPARE(sql.rows().columnCount(), 5);
        QCOMPARE(sql.cell(0, 0), "Some GPU");
        QCOMPARE(sql.cell(0, 3), "200");
        sql.write("");
        QTest::mouseClick(examples[2], Qt::LeftButton);
        QTRY_COMPARE(sql.rows().headerData(2, Qt::Horizontal).toString(), "ms");
        QCOMPARE(sql.rows().rowCount(), 3);
        QCOMPARE(sql.cell(0, 0), "1");
        QCOMPARE(sql.cell(0, 2), "20");
        sql.keepPictures("sql-table");
    }

    void answersByCtrlEnterAndByTheButton() {
        Sql sql(settings());
        sql.run("SELECT 1 AS one, 2.5, 'text', NULL, x'ff'");
        QTRY_COMPARE(sql.rows().columnCount(), 5);
        QCOMPARE(sql.cell(0, 0), "1");
        QCOMPARE(sql.cell(0, 1), "2.5");
        QCOMPARE(sql.cell(0, 2), "text");
        QCOMPARE(sql.cell(0, 3), "NULL");
        QCOMPARE(sql.cell(0, 4), "1 byte: ff");
        QVERIFY(sql.state().startsWith("1 row(s) in "));
        sql.write("SELECT 7");
        QTest::mouseClick(sql.find<QToolButton>("sql.run.button"), Qt::LeftButton);
        QTRY_COMPARE(sql.cell(0, 0), "7");
        QVERIFY(sql.ended());
    }

    void aMistakeIsToldAndMarkedInItsPlace() {
        Sql sql(settings());
        sql.run("SELECT id,\n nmae FROM runs");
        QTRY_VERIFY(sql.message().contains("nmae"));
        QVERIFY(sql.message().startsWith("line 2, column 2"));
        const auto marks = sql.editor()->extraSelections();
        QCOMPARE(marks.size(), 1);
        QCOMPARE(marks.front().cursor.selectedText(), "nmae");
        sql.keepPictures("sql-mistake");
        QTest::keyClicks(sql.editor(), " ");
        QVERIFY(sql.editor()->extraSelections().isEmpty());
        QTRY_VERIFY(sql.message().isEmpty());
        sql.run("DELETE FROM runs");
        QTRY_VERIFY(sql.message().contains("only reads"));
        sql.run("SELECT count(*) FROM runs");
        QTRY_COMPARE(sql.cell(0, 0), "2");
    }

    void aLongQuestionShowsItsTimeAndIsStopped() {
        Sql sql(settings());
        sql.run(endless);
        QVERIFY(sql.actions.find("sql.stop")->isEnabled());
        QVERIFY(!sql.state().startsWith("Running"));  // not at once
        QTRY_VERIFY(sql.state().startsWith("Running: "));
        keepPicture(*sql.window, "sql-running");
        QTest::mouseClick(sql.find<QToolButton>("sql.stop.button"), Qt::LeftButton);
        QVERIFY(!sql.actions.find("sql.stop")->isEnabled());
        QVERIFY(sql.state().startsWith("Stopped after "));
        QVERIFY(sql.message().isEmpty());
        sql.run("SELECT 5");
        QTRY_COMPARE(sql.cell(0, 0), "5");
    }

    void aQuestionIsEndedByTheLimitOfTime() {
        Sql sql(settings());
        auto* limit = sql.find<QSpinBox>("sql.limit");
        QCOMPARE(limit->value(), 10);
        QVERIFY(limit->text().contains("10 s"));
        limit->setFocus();
        limit->selectAll();
        QTest::keyClicks(limit, "1");
        QElapsedTimer timer;
        timer.start();
        sql.run(endless);
        QTRY_VERIFY(sql.message().contains("limit of time"));
        QVERIFY(timer.elapsed() >= 1000);
    }

    void historyIsWalkedAndKept() {
        const QString file = settings();
        {
            Sql sql(file);
            for (const char* question : {"SELECT 1", "SELECT 2", "SELECT 3"}) {
                sql.run(question);
                QVERIFY(sql.ended());
            }
            sql.write("half");
            const auto key = [&](Qt::Key which) {
                QTest::keyClick(sql.editor(), which, Qt::AltModifier);
                return sql.editor()->toPlainText();
            };
            QCOMPARE(key(Qt::Key_Up), "SELECT 3");
            QCOMPARE(key(Qt::Key_Up), "SELECT 2");
            QCOMPARE(key(Qt::Key_Up), "SELECT 1");
            QCOMPARE(key(Qt::Key_Up), "SELECT 1");
            QCOMPARE(key(Qt::Key_Down), "SELECT 2");
            QCOMPARE(key(Qt::Key_Down), "SELECT 3");
            QCOMPARE(key(Qt::Key_Down), "half");
            QCOMPARE(key(Qt::Key_Down), "half");
            sql.run("SELECT 2");
            QVERIFY(sql.ended());
            QCOMPARE(sql.settings.sqlHistory(), (QStringList{"SELECT 2", "SELECT 3", "SELECT 1"}));
        }
        Sql again(file);
        again.editor()->setFocus();
        QTest::keyClick(again.editor(), Qt::Key_Up, Qt::AltModifier);
        QCOMPARE(again.editor()->toPlainText(), "SELECT 2");
        for (int k = 0; k < 120; ++k) {
            again.editor()->replaceText(QString("SELECT %1").arg(k));
            QTest::keyClick(again.editor(), Qt::Key_Return, Qt::ControlModifier);
        }
        QCOMPARE(again.settings.sqlHistory().size(), 100);
        QCOMPARE(again.settings.sqlHistory().front(), "SELECT 119");
        QVERIFY(again.ended());
    }

    void theSchemaStandsBesideIt() {
        Sql sql(settings());
        auto* tree = sql.find<SchemaTree>("sql.schema");
        QTRY_VERIFY(!tree->findItems("runs", Qt::MatchExactly).isEmpty());
        auto* table = tree->findItems("runs", Qt::MatchExactly).front();
        const auto doubleClick = [&](QTreeWidgetItem* item) {
            tree->scrollToItem(item);
            const QRect row = tree->visualItemRect(item);
            const QPoint at(row.left() + 8, row.center().y());  // its columns may reach beyond a narrow dock
            QTest::mouseClick(tree->viewport(), Qt::LeftButton, {}, at);
            QTest::mouseDClick(tree->viewport(), Qt::LeftButton, {}, at);
        };
        sql.write("SELECT * FROM ");
        doubleClick(table);
        QCOMPARE(sql.editor()->toPlainText(), "SELECT * FROM runs");
        table->setExpanded(true);
        QTreeWidgetItem* column = nullptr;
        for (int k = 0; k < table->childCount(); ++k)
            if (table->child(k)->text(0) == "packing") column = table->child(k);
        QVERIFY(column != nullptr);
        QCOMPARE(column->text(1), "TEXT");
        QCOMPARE(column->toolTip(0), "2bit, dense");
        QTest::keyClicks(sql.editor(), " ORDER BY ");
        doubleClick(column);
        QCOMPARE(sql.editor()->toPlainText(), "SELECT * FROM runs ORDER BY packing");
        sql.keepPictures("sql-schema");
    }

    void colorsFollowTheLanguageAndTheTheme() {
        Sql sql(settings());
        sql.trigger("view.theme.light");
        sql.write("SELECT 'it''s', 12.5 -- why\nFROM runs /* all\nSELECT */ WHERE");
        const QColor keyword = sql.colorAt(0, 2);
        const QColor text = sql.colorAt(0, 9);
        const QColor number = sql.colorAt(0, 17);
        const QColor comment = sql.colorAt(0, 24);
        QVERIFY(keyword.isValid() && text.isValid() && number.isValid() && comment.isValid());
        QVERIFY(keyword != text && text != number && number != comment && keyword != comment);
        QCOMPARE(sql.colorAt(0, 12), text);  // the quote inside
        QCOMPARE(sql.colorAt(1, 0), keyword);
        QCOMPARE(sql.colorAt(1, 6), QColor());
        QCOMPARE(sql.colorAt(2, 0), comment);
        QCOMPARE(sql.colorAt(2, 11), keyword);
        sql.trigger("view.theme.dark");
        QTRY_VERIFY(sql.colorAt(0, 2) != keyword);
        QVERIFY(sql.colorAt(0, 9) != text);
    }

    void plotsAColumnOverAnother() {
        Sql sql(settings());
        sql.run("SELECT name, id * 10 AS tens FROM models ORDER BY id");
        QVERIFY(sql.ended());
        auto* bar = sql.find<QTabWidget>("sql.tabs")->tabBar();
        QTest::mouseClick(bar, Qt::LeftButton, {}, bar->tabRect(1).center());
        auto* plot = sql.find<PlotView>("sql.plot.view");
        QCOMPARE(plot->plottableCount(), 1);  // texts along: bars
        QCOMPARE(plot->plottable(0)->interface1D()->dataCount(), 2);
        QCOMPARE(plot->plottable(0)->interface1D()->dataMainValue(1), 20.0);
        QCOMPARE(sql.find<QComboBox>("sql.plot.y")->currentText(), "tens");
        sql.keepPictures("sql-bars");
        sql.run("SELECT time, value, -value AS less FROM samples WHERE series = 1 ORDER BY time");
        QVERIFY(sql.ended());
        auto* y = sql.find<QComboBox>("sql.plot.y");
        y->setFocus();
        QTest::keyClick(y, Qt::Key_Home);
        QTest::keyClick(y, Qt::Key_Down);
        QCOMPARE(y->currentText(), "value");
        QCOMPARE(plot->graphCount(), 1);
        QCOMPARE(plot->graph(0)->dataCount(), 4);
        QCOMPARE(plot->graph(0)->dataMainValue(2), 0.030);
        QCOMPARE(plot->graph(0)->dataMainKey(3), 0.060e9);
        QCOMPARE(plot->graph(0)->lineStyle(), QCPGraph::lsLine);
        chosenFile = folder_.filePath("plot.csv");
        sql.trigger("sql.plot.export.csv");
        QTRY_VERIFY(QFile::exists(chosenFile));
        sql.run("SELECT 'a' AS a");
        QTRY_VERIFY(sql.find<QLabel>("sql.plot.note")->text().contains("No column"));
    }

    void savesAnswersAsCsv() {
        Sql sql(settings());
        sql.run("SELECT 1 AS a, NULL AS b, 'x,y' AS c, 0.1 AS d");
        QVERIFY(sql.ended());
        QTRY_COMPARE(sql.rows().columnCount(), 4);
        chosenFile = folder_.filePath("answer.csv");
        sql.trigger("sql.export.csv");
        QTRY_VERIFY(QFile::exists(chosenFile));
        QFile file(chosenFile);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll(), QByteArray("a,b,c,d\r\n1,,\"x,y\",0.1\r\n"));
    }

    void aHundredThousandRowsNeverBlock() {
        Sql sql(settings());
        const QString many =
            "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 200000) "
            "SELECT k, k * 0.5 AS half, 'text ' || k AS t, k % 7 AS m FROM n";
        QTest::qWait(300);
        sql.editor()->replaceText(many);
        Watchdog watchdog;
        for (int k = 0; k < 2; ++k) {
            QTest::keyClick(sql.editor(), Qt::Key_Return, Qt::ControlModifier);
            QTRY_VERIFY_WITH_TIMEOUT(sql.state().contains("there are more"), patience);
        }
        auto* table = sql.find<ModelTable>("sql.table");
        QCOMPARE(table->model()->rowCount(), 100000);
        for (int k = 0; k < 20; ++k) {
            QTest::keyClick(table, Qt::Key_PageDown);
            QTest::qWait(2);
        }
        QTest::keyClick(table, Qt::Key_End, Qt::ControlModifier);
        QTest::qWait(20);
        QCOMPARE(sql.cell(99999, 0), "100000");
        qInfo("busy for %.1f ms", watchdog.longest());
        QVERIFY2(watchdog.longest() < 50.0, qPrintable(QString("busy for %1 ms").arg(watchdog.longest())));
        auto* bar = sql.find<QTabWidget>("sql.tabs")->tabBar();
        QTest::mouseClick(bar, Qt::LeftButton, {}, bar->tabRect(1).center());
        QTest::qWait(300);
        qInfo("with the plot: busy for %.1f ms", watchdog.longest());
        QVERIFY2(watchdog.longest() < 50.0, qPrintable(QString("busy for %1 ms").arg(watchdog.longest())));
        const QCPGraph* graph = sql.find<PlotView>("sql.plot.view")->graph(0);
        QCOMPARE(graph->dataCount(), 10000);  // two of each twenty rows
        bool found = false;
        const auto whole = graph->getValueRange(found);
        QVERIFY(found);
        QCOMPARE(whole.lower, 0.0);
        QCOMPARE(whole.upper, 6.0);
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::SqlTest)
#include "sql_test.moc"
