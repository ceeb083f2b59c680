// The metrics dock: what it plots is what SQL says of the raw rows.
#include "metrics/metrics_panel.h"

#include <QCheckBox>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QWheelEvent>
#include <cmath>

#include "busy_loop.h"
#include "inspect_fixture.h"
#include "metrics/flame_view.h"
#include "store/database.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

constexpr std::int64_t ms = 1'000'000;

RunFacts factsOn(const char* backend) {
    RunFacts facts;
    facts.kind = "bench";
    facts.model = {"0123456789abcdef", "ternary-49m", {}, 48'900'000, 97'800'000};
    facts.device.backend = backend;
    facts.device.name = backend;
    facts.packing = "2bit";
    facts.program = "ternion 0.1.0";
    return facts;
}

/// Of token k, in seconds: uneven, with a slow one now and then.
double latency(int k, double base) { return base * (1.0 + 0.25 * std::sin(k * 0.7) + (k % 50 == 49 ? 3.0 : 0.0)); }

struct Row {
    std::string series;
    double x, y;
    bool operator<(const Row& other) const { return std::tie(series, x) < std::tie(other.series, other.x); }
};

bool close(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max({1e-9, std::abs(a), std::abs(b)}); }

struct Metrics : InspectFixture {
    Metrics() : InspectFixture(metricsPanel()), sql(std::move(Database::connect(runStore->path())).value()) {
        runs.setFollows(false);
    }

    std::int64_t series(std::int64_t run, const char* name, const char* unit, Source source = Source::Measured,
                        const char* missing = "") {
        return runStore->addSeries(run, {0, name, unit, source, 0.1, "a sensor", missing}).value();
    }
    /// `tokens` tokens of about `base` seconds, and what goes with them.
    std::int64_t makeRun(const char* backend, double base, int tokens) {
        const std::int64_t run = runStore->begin(factsOn(backend)).value();
        RunBatch batch{run, {}, {}, {}};
        RunBatch::Samples latencies{series(run, "token_latency", "s"), {}};
        std::int64_t time = 200 * ms;
        batch.samples.push_back({series(run, "prefill_pass", "s"), {{150 * ms, 0.15}, {time, 0.05}}});
        for (int k = 0; k < tokens; ++k) {
            const double value = latency(k, base);
            time += std::llround(value * 1e9);
            latencies.samples.push_back({time, value});
        }
        batch.samples.push_back(std::move(latencies));
        const double seconds = static_cast<double>(time) * 1e-9;
        constexpr int moments = 40;
        int place = 0;
        for (const char* name : {"memory.weights", "memory.state", "memory.scratch", "memory.trace", "host_memory.resident"}) {
            RunBatch::Samples memory{series(run, name, "B"), {}};
            for (int k = 0; k < moments; ++k)
                memory.samples.push_back({time * k / moments, (5.0 - place) * (4 << 20) + (place > 1 ? k * 65536.0 : 0.0)});
            batch.samples.push_back(std::move(memory));
            ++place;
        }
        if (std::string_view(backend) == "cpu") {
            series(run, "power.cpu", "W", Source::VendorEstimate,
                   "no sensor of the processor's energy may be read: /sys/class/powercap needs read permission");
        } else {
            RunBatch::Samples power{series(run, "power.gpu", "W", Source::VendorEstimate), {}};
            RunBatch::Samples energy{series(run, "energy.gpu", "J", Source::VendorEstimate), {}};
            for (int k = 0; k < moments; ++k) {
                power.samples.push_back({time * k / moments, 180.0 + 40.0 * std::sin(k * 0.3)});
                energy.samples.push_back({time * k / moments, 1e6 + 190.0 * seconds * k / moments});
            }
            batch.samples.push_back(std::move(power));
            batch.samples.push_back(std::move(energy));
        }
        for (const bool prefill : {false, true})
            for (int layer = 0; layer < 12; ++layer)
                for (int k = 0; k < 3; ++k) {
                    constexpr std::array names{"bitlinear", "rms_norm", "gated_state"};
                    batch.kernels.push_back(
                        {prefill,
                         prefill ? 64 : 1,
                         {names[static_cast<std::size_t>(k)], base * (prefill ? 20 : 1) * (3 - k + layer % 3) / 100,
                          k == 0 ? 400'000U + 1000U * static_cast<unsigned>(layer) : 0U, layer}});
                }
        batch.kernels.push_back({false, 1, {"bitlinear", base / 20, 2'000'000, -1}});
        if (!runStore->write(batch)) return 0;
        RunEnd end;
        end.seconds = seconds;
        end.figures = {{"prefill_tok_s", 64 / (base * 20), "tokens/s"}};
        if (std::string_view(backend) == "cpu") end.figures.push_back({"read_bandwidth_Bps", 20e9, "B/s"});
        return runStore->finish(run, end) ? run : 0;
    }
    /// Latencies of many tokens.
    std::int64_t makeLongRun(int tokens) {
        const std::int64_t run = runStore->begin(factsOn("vulkan")).value();
        const std::int64_t id = series(run, "token_latency", "s");
        RunBatch batch{run, {{id, {}}}, {}, {}};
        for (int k = 0; k < tokens; ++k) batch.samples[0].samples.push_back({(k + 1) * ms, latency(k, 1e-3)});
        return runStore->write(batch) && runStore->finish(run, {}) ? run : 0;
    }

    bool show(const std::vector<std::int64_t>& ids) {
        runs.refresh();
        const auto known = [&] {
            return std::all_of(ids.begin(), ids.end(), [&](std::int64_t id) { return runs.find(id) != nullptr; });
        };
        if (!QTest::qWaitFor(known, patience)) return false;
        runs.show(ids);
        showDock();
        return true;
    }
    /// Drawn and laid out.
    bool showLatencies(std::int64_t run, std::size_t count) {
        const bool drawn =
            show({run}) && QTest::qWaitFor([&] { return rows("metrics.latency.plot").size() == count; }, patience);
        QTest::qWait(100);
        return drawn;
    }
    void openView(int index) const {
        auto* tabs = find<QTabBar>("metrics.tabs");
        QTest::mouseClick(tabs, Qt::LeftButton, {}, tabs->tabRect(index).center());
    }
    void choose(const QString& box, const QString& key) const {
        auto* combo = find<QComboBox>(box);
        combo->setFocus();
        for (int k = 0; k < combo->count(); ++k) QTest::keyClick(combo, Qt::Key_Up);
        for (int k = 0; k < combo->count() && combo->currentData() != key; ++k) QTest::keyClick(combo, Qt::Key_Down);
    }
    void toggle(const QString& name) const {
        auto* box = find<QCheckBox>(name);
        QTest::mouseClick(box, Qt::LeftButton, {}, QPoint(8, box->height() / 2));
    }
    PlotView* plot(const QString& name) const { return find<PlotView>(name); }
    /// What a plot's table holds, but the bands.
    std::vector<Row> rows(const QString& name, bool visibleOnly = false) const {
        std::vector<Row> all;
        for (const auto& row : rowsOf(*plot(name), visibleOnly)) {
            const auto& series = std::get<std::string>(row[0]);
            if (series.ends_with(": least") || series.ends_with(": most")) continue;
            all.push_back({series, std::get<double>(row[1]), std::get<double>(row[2])});
        }
        return all;
    }
    std::vector<Row> query(const QString& text) const {
        std::vector<Row> all;
        auto statement = sql.query(text.toStdString());
        if (!statement) qWarning("%s", statement.error().text().c_str());
        while (statement && *statement->step()) all.push_back({statement->bytes(0), statement->real(1), statement->real(2)});
        return all;
    }
    /// Until the plot holds what the query gives.
    bool holds(const QString& name, const QString& text) const {
        auto expected = query(text);
        std::sort(expected.begin(), expected.end());
        std::vector<Row> held;
        const bool equal = !expected.empty() && QTest::qWaitFor(
                                                    [&] {
                                                        held = rows(name);
                                                        std::sort(held.begin(), held.end());
                                                        return std::equal(held.begin(), held.end(), expected.begin(),
                                                                          expected.end(), [](const Row& a, const Row& b) {
                                                                              return a.series == b.series && close(a.x, b.x) &&
                                                                                     close(a.y, b.y);
                                                                          });
                                                    },
                                                    10000);
        if (equal) return true;
        qWarning("%s: %zu rows, expected %zu", qPrintable(name), held.size(), expected.size());
        for (std::size_t k = 0; k < std::min<std::size_t>(4, std::max(held.size(), expected.size())); ++k) {
            if (k < held.size()) qWarning("  held     %s %.12g %.12g", held[k].series.c_str(), held[k].x, held[k].y);
            if (k < expected.size())
                qWarning("  expected %s %.12g %.12g", expected[k].series.c_str(), expected[k].x, expected[k].y);
        }
        return false;
    }
    QString notes(const char* view) const { return find<QLabel>(QStringLiteral("metrics.%1.notes").arg(view))->text(); }
    QString cursors(const char* view) const { return find<QLabel>(QStringLiteral("metrics.%1.cursors").arg(view))->text(); }
    QPoint pixelOf(const PlotView* plot, double x, double y) const {
        return QPointF(plot->xAxis->coordToPixel(x), plot->yAxis->coordToPixel(y)).toPoint();
    }
    void wheel(QWidget* on, const QPointF& at, int turns) const {
        QWheelEvent event(at, on->mapToGlobal(at), {}, {0, 120 * turns}, Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                          false);
        QApplication::sendEvent(on, &event);
    }
    QString nameOf(std::int64_t run) const {
        return QStringLiteral("#%1 ternary-49m · %2").arg(run).arg(QString::fromStdString(runs.find(run)->facts.device.id()));
    }

    Database sql;  // our own eyes
};

/// Raw rows of one series of a run.
QString samplesOf(std::int64_t run, const char* name) {
    return QStringLiteral(
               "(SELECT time, value, row_number() OVER (ORDER BY time) - 1 AS n FROM samples JOIN series ON series.id = "
               "series WHERE run = %1 AND name = '%2')")
        .arg(run)
        .arg(QLatin1String(name));
}

}  // namespace

class MetricsTest : public QObject {
    Q_OBJECT

private slots:
    void saysWhatToDoBeforeARunIsShown() {
        Metrics metrics;
        metrics.showDock();
        auto* note = metrics.find("metricsPanel")->findChild<QLabel*>("emptyNote");
        QTRY_VERIFY(note->isVisible());
        QVERIFY(note->text().startsWith("No run is shown. Ask something in the chat"));
    }

    void plotsEqualSqlOverTheRawRows_data() {
        QTest::addColumn<int>("view");
        QTest::addColumn<QString>("plot");
        QTest::addColumn<QString>("choices");  // "box=key box=key"
        QTest::addColumn<QString>("expected");
        const QString name = "'#1 ternary-49m · vulkan:0'";
        const auto of = [](const char* series) { return samplesOf(1, series); };
        const auto kernels = [](const char* where) {
            return QString(
                       "SELECT kernel, CASE layer WHEN -1 THEN 12 ELSE layer END, 1e6 * sum(seconds) FROM kernels WHERE run = "
                       "1 "
                       "AND %1 GROUP BY kernel, layer")
                .arg(QLatin1String(where));
        };
        QTest::newRow("latency") << 0 << "latency.plot"
                                 << ""
                                 << "SELECT " + name + ", n, 1e3 * value FROM " + of("token_latency");
        QTest::newRow("latency over time") << 0 << "latency.plot"
                                           << "latency.along=time"
                                           << "SELECT " + name + ", 1e-9 * time, 1e3 * value FROM " + of("token_latency");
        QTest::newRow("prefill") << 0 << "latency.plot"
                                 << "latency.pass=prefill"
                                 << "SELECT " + name + ", n, 1e3 * value FROM " + of("prefill_pass");
        QTest::newRow("speed")
            << 1 << "speed.plot"
            << ""
            << "SELECT " + name + ", n, 1 / avg(value) OVER (ORDER BY time ROWS BETWEEN 15 PRECEDING AND CURRENT ROW) FROM " +
                   of("token_latency");
        QTest::newRow("speed of each") << 1 << "speed.plot"
                                       << "speed.window=1 speed.along=time"
                                       << "SELECT " + name + ", 1e-9 * time, 1 / value FROM " + of("token_latency");
        QTest::newRow("prefill speed") << 1 << "speed.plot"
                                       << "speed.pass=prefill"
                                       << "SELECT " + name + ", 1, value FROM figures WHERE run = 1 AND name = 'prefill_tok_s'";
        QTest::newRow("memory")
            << 2 << "memory.plot"
            << ""
            << "SELECT name, 1e-9 * time, value / 1048576 FROM samples JOIN series ON series.id = series WHERE "
               "run = 1 AND name LIKE '%memory.%'";
        QTest::newRow("one memory") << 2 << "memory.plot"
                                    << "memory.show=host_memory.resident"
                                    << "SELECT " + name + ", 1e-9 * time, value / 1048576 FROM " + of("host_memory.resident");
        QTest::newRow("power") << 3 << "power.power"
                               << ""
                               << "SELECT 'power.gpu (vendor-estimate)', 1e-9 * time, value FROM " + of("power.gpu");
        QTest::newRow("energy")
            << 3 << "power.energy"
            << ""
            << "SELECT 'energy.gpu (vendor-estimate)', 1e-9 * time, value - first_value(value) OVER (ORDER BY "
               "time) FROM " +
                   of("energy.gpu");
        QTest::newRow("kernels") << 4 << "kernels.plot"
                                 << "" << kernels("prefill = 0");
        QTest::newRow("prefill kernels") << 4 << "kernels.plot"
                                         << "kernels.pass=prefill" << kernels("prefill = 1").replace("1e6", "1e3");
        const QString bytes = "(SELECT sum(weight_bytes) FROM kernels WHERE run = 1 AND prefill = 0)";
        QTest::newRow("roofline") << 5 << "roofline.plot"
                                  << ""
                                  << "SELECT kernel, avg(weight_bytes), sum(weight_bytes) / sum(seconds) / 1e9 FROM kernels "
                                     "WHERE run = 1 AND prefill "
                                     "= 0 AND weight_bytes > 0 GROUP BY kernel UNION ALL SELECT 'whole pass', " +
                                         bytes +
                                         ", sum(weight_bytes) / sum(seconds) / 1e9 FROM kernels WHERE run = 1 AND prefill = 0 "
                                         "UNION ALL SELECT * FROM (SELECT 'median token', " +
                                         bytes + ", " + bytes + " / value / 1e9 FROM " + of("token_latency") +
                                         " ORDER BY value LIMIT 1 OFFSET 149)";
    }
    void plotsEqualSqlOverTheRawRows() {
        QFETCH(int, view);
        QFETCH(QString, plot);
        QFETCH(QString, choices);
        QFETCH(QString, expected);
        Metrics metrics;
        const auto run = metrics.makeRun("vulkan", 2e-3, 300);
        QCOMPARE(run, 1);
        QVERIFY(metrics.show({run}));
        metrics.openView(view);
        for (const QString& choice : choices.split(' ', Qt::SkipEmptyParts))
            metrics.choose("metrics." + choice.section('=', 0, 0), choice.section('=', 1));
        QVERIFY(metrics.holds("metrics." + plot, expected));
    }

    void percentilesAndDistributionAreOfAllRawSamples() {
        Metrics metrics;
        const auto run = metrics.makeRun("cpu", 4e-3, 4000);  // more than a plot's points
        QVERIFY(metrics.show({run}));
        auto* table = metrics.find<NumberTable>("metrics.latency.percentiles");
        QVERIFY(QTest::qWaitFor([&] { return rowsOf(*table).size() == 1; }, patience));
        const auto row = rowsOf(*table).front();
        QCOMPARE(std::get<std::int64_t>(row[1]), std::int64_t{4000});
        int column = 2;
        for (const int rank : {2000, 3600, 3960}) {
            const auto expected = metrics.query(QString("SELECT '', 0, 1e3 * value FROM %1 ORDER BY value LIMIT 1 OFFSET %2")
                                                    .arg(samplesOf(run, "token_latency"))
                                                    .arg(rank - 1));
            QVERIFY(close(std::get<double>(row[static_cast<std::size_t>(column++)]), expected[0].y));
        }
        const auto bins = metrics.rows("metrics.latency.histogram");
        QCOMPARE(bins.size(), std::size_t{49});
        double share = 0;
        for (std::size_t k = 0; k + 1 < bins.size(); ++k) {
            const auto expected = metrics.query(
                QString("SELECT '', 0, 100.0 * count(*) / 4000 FROM %1 WHERE 1e3 * value >= %2 AND 1e3 * value %3 %4")
                    .arg(samplesOf(run, "token_latency"))
                    .arg(bins[k].x, 0, 'g', 17)
                    .arg(k + 2 == bins.size() ? "<=" : "<")
                    .arg(bins[k + 1].x, 0, 'g', 17));
            QVERIFY2(std::abs(bins[k].y - expected[0].y) < 0.051, qPrintable(QString::number(k)));  // two on an edge
            share += bins[k].y;
        }
        QVERIFY(close(share, 100.0));
        metrics.toggle("metrics.latency.log");
        QTRY_COMPARE(metrics.plot("metrics.latency.plot")->yAxis->scaleType(), QCPAxis::stLogarithmic);
    }

    void severalRunsAreOverlaidAndRelativeToTheBaseline() {
        Metrics metrics;
        const auto a = metrics.makeRun("cpu", 4e-3, 200);
        const auto b = metrics.makeRun("vulkan", 2e-3, 300);
        QVERIFY(metrics.show({a, b}));
        const auto both = [&](const QString& y) {
            return QString("SELECT '%1', n, %3 FROM %4 UNION ALL SELECT '%2', n, %3 FROM %5")
                .arg(metrics.nameOf(a), metrics.nameOf(b), y, samplesOf(a, "token_latency"), samplesOf(b, "token_latency"));
        };
        QVERIFY(metrics.holds("metrics.latency.plot", both("1e3 * value")));
        auto* plot = metrics.plot("metrics.latency.plot");
        QCOMPARE(plot->graph(0)->pen().color(), PlotView::seriesColor(0));
        QCOMPARE(plot->graph(1)->pen().color(), PlotView::seriesColor(1));
        QVERIFY(plot->legend->visible());
        QCOMPARE(plot->legend->itemCount(), 2);

        auto* normalise = metrics.find<QCheckBox>("metrics.normalise");
        QVERIFY(!normalise->isEnabled());
        metrics.runs.setBaseline(a);
        QTRY_VERIFY(normalise->isEnabled());
        metrics.toggle("metrics.normalise");
        const QString median =
            QString("(SELECT value FROM %1 ORDER BY value LIMIT 1 OFFSET 99)").arg(samplesOf(a, "token_latency"));
        QVERIFY(metrics.holds("metrics.latency.plot", both("value / " + median)));
        QVERIFY(plot->yAxis->label().contains(QString("relative to the median of baseline #%1").arg(a)));

        // The baseline has no power: that is said instead of a line.
        metrics.openView(3);
        QTRY_VERIFY(metrics.notes("power").contains("has no values of power.gpu to be relative to"));
        QCOMPARE(metrics.plot("metrics.power.power")->plottableCount(), 0);
    }

    void whatIsMissingSaysWhyAndEstimatesAreTagged() {
        Metrics metrics;
        const auto a = metrics.makeRun("cpu", 4e-3, 100);
        const auto b = metrics.makeRun("vulkan", 2e-3, 100);
        QVERIFY(metrics.show({a, b}));
        metrics.openView(3);
        QTRY_VERIFY(metrics.notes("power").contains("/sys/class/powercap needs read permission"));
        QVERIFY(metrics.find<QLabel>("metrics.power.notes")->isVisible());
        auto* power = metrics.plot("metrics.power.power");
        QCOMPARE(power->graphCount(), 1);
        QCOMPARE(power->graph(0)->pen().style(), Qt::DashLine);
        QVERIFY(power->graph(0)->name().contains("vendor-estimate"));
        QVERIFY(power->legend->visible());

        metrics.openView(5);
        QTRY_VERIFY(metrics.notes("roofline").contains("was not measured in " + metrics.nameOf(b)));
        QVERIFY(!metrics.notes("roofline").contains("was not measured in " + metrics.nameOf(a)));
        const auto rows = metrics.rows("metrics.roofline.plot");
        QCOMPARE(std::count_if(rows.begin(), rows.end(),
                               [](const Row& row) { return row.series.starts_with("Ceiling of #1") && close(row.y, 20); }),
                 2);
    }

    void cursorsTellDifferences() {
        Metrics metrics;
        const auto run = metrics.makeRun("cpu", 4e-3, 100);
        QVERIFY(metrics.showLatencies(run, 100));
        auto* plot = metrics.plot("metrics.latency.plot");
        const auto rows = metrics.rows("metrics.latency.plot");
        QTest::mouseClick(plot, Qt::LeftButton, Qt::ShiftModifier, metrics.pixelOf(plot, 10, rows[10].y));
        QTest::mouseClick(plot, Qt::LeftButton, Qt::ControlModifier, metrics.pixelOf(plot, 49, rows[49].y));
        const auto number = [](double value) { return QLocale().toString(value, 'g', 4); };
        const QString text = metrics.cursors("latency");
        QVERIFY2(text.contains("A: 10, " + number(rows[10].y) + " ms"), qPrintable(text));
        QVERIFY2(text.contains("B: 49, " + number(rows[49].y) + " ms"), qPrintable(text));
        QVERIFY2(text.contains(": 39, " + number(rows[49].y - rows[10].y) + " ms"), qPrintable(text));
        QVERIFY(text.contains(metrics.nameOf(run)));

        QTest::mouseMove(plot, metrics.pixelOf(plot, 60, rows[60].y));
        QTest::keyClick(plot, Qt::Key_A);
        QVERIFY2(metrics.cursors("latency").contains("A: 60, "), qPrintable(metrics.cursors("latency")));
        QTest::keyClick(plot, Qt::Key_Escape);
        QCOMPARE(metrics.cursors("latency"), QString());
        QVERIFY(!metrics.find<QLabel>("metrics.latency.cursors")->isVisible());
    }

    void notesStandAtTheirMoment() {
        Metrics metrics;
        const auto run = metrics.makeRun("cpu", 4e-3, 100);
        QVERIFY(metrics.showLatencies(run, 100));
        auto* plot = metrics.plot("metrics.latency.plot");
        const auto rows = metrics.rows("metrics.latency.plot");
        QTest::mouseClick(plot, Qt::LeftButton, Qt::ShiftModifier, metrics.pixelOf(plot, 49, rows[49].y));
        auto* line = metrics.find<QLineEdit>("metrics.latency.annotation");
        QVERIFY(line->isVisible());
        QTest::mouseClick(line, Qt::LeftButton);
        QTest::keyClicks(line, "A slow token");
        QTest::keyClick(line, Qt::Key_Return);
        const QString found =
            QString("SELECT text, seconds, (SELECT 1e-9 * time FROM %1 WHERE n = 49) FROM annotations WHERE run = %2")
                .arg(samplesOf(run, "token_latency"))
                .arg(run);
        QTRY_COMPARE(metrics.query(found).size(), std::size_t{1});
        const Row made = metrics.query(found).front();
        QCOMPARE(made.series, std::string("A slow token"));
        QVERIFY(close(made.x, made.y));
        const auto flag = [&]() -> QCPItemText* {
            for (int k = 0; k < plot->itemCount(); ++k)
                if (auto* text = qobject_cast<QCPItemText*>(plot->item(k)); text != nullptr && text->text() == "A slow token")
                    return text;
            return nullptr;
        };
        QTRY_VERIFY(flag() != nullptr);
        QVERIFY(close(flag()->position->key(), 49));
    }

    void aMillionSamplesZoomToSingleOnesAndNeverBlock() {
        Metrics metrics;
        constexpr int tokens = 1'000'000;
        const auto run = metrics.makeLongRun(tokens);
        Watchdog watchdog;
        QVERIFY(metrics.show({run}));
        auto* plot = metrics.plot("metrics.latency.plot");
        QVERIFY(QTest::qWaitFor([&] { return plot->graphCount() == 3; }, patience));  // with its band
        QVERIFY(metrics.rows("metrics.latency.plot").size() < 8000);
        qInfo("shown: %.1f ms", watchdog.longest());
        const auto visible = [&] { return plot->xAxis->range().size(); };
        for (int turns = 0; turns < 60 && visible() > 200; ++turns) {
            const QRect inside = plot->axisRect()->rect();
            metrics.wheel(plot, QPointF(inside.left() + 0.4 * inside.width(), inside.center().y()), 4);
            QTest::qWait(10);
        }
        // Each one there is in range is there, as it is.
        const auto single = [&] {
            const auto rows = metrics.rows("metrics.latency.plot", true);
            return rows.size() + 1 >= static_cast<std::size_t>(visible()) &&
                   std::all_of(rows.begin(), rows.end(), [](const Row& row) {
                       return row.x == std::floor(row.x) && close(row.y, 1e3 * latency(static_cast<int>(row.x), 1e-3));
                   });
        };
        QVERIFY(QTest::qWaitFor(single, patience));
        qInfo("zoomed: %.1f ms", watchdog.longest());
        for (int k = 0; k < 5; ++k) {
            QTest::keyClick(plot, Qt::Key_Right);
            QTest::qWait(20);
        }
        QVERIFY(QTest::qWaitFor(single, patience));
        QTest::keyClick(plot, Qt::Key_0);
        QTRY_VERIFY(visible() >= tokens - 1);
        qInfo("all: %.1f ms", watchdog.longest());
        for (int view = 1; view < 6; ++view) {
            metrics.openView(view);
            QTest::qWait(200);
            qInfo("view %d: %.1f ms", view, watchdog.longest());
        }
        qInfo("longest busy %.1f ms", watchdog.longest());
        QVERIFY2(watchdog.longest() < 50.0, qPrintable(QString::number(watchdog.longest())));
    }

    void growsWhileARunGoesOn() {
        Metrics metrics;
        const std::int64_t run = metrics.runStore->begin(factsOn("cpu")).value();
        const std::int64_t id = metrics.series(run, "token_latency", "s");
        QVERIFY(metrics.show({run}));
        QTRY_VERIFY(metrics.notes("latency").contains("has no values yet"));
        for (int tokens = 0; tokens < 60; tokens += 20) {
            RunBatch batch{run, {{id, {}}}, {}, {}};
            for (int k = tokens; k < tokens + 20; ++k) batch.samples[0].samples.push_back({(k + 1) * ms, latency(k, 1e-3)});
            QVERIFY(metrics.runStore->write(batch).ok());
            // Nobody says so: the book looks by itself.
            QTRY_COMPARE(metrics.rows("metrics.latency.plot").size(), static_cast<std::size_t>(tokens) + 20);
        }
        QVERIFY(metrics.notes("latency").isEmpty());
    }

    void flameShowsOneLayerAndBack() {
        Metrics metrics;
        const auto run = metrics.makeRun("cpu", 4e-3, 20);
        QVERIFY(metrics.show({run}));
        metrics.openView(4);
        metrics.choose("metrics.kernels.look", "flame");
        auto* flame = metrics.find<FlameView>("metrics.kernels.flame");
        QTRY_COMPARE(rowsOf(*flame).size(), std::size_t{37});
        const auto total = metrics.query("SELECT '', 0, sum(seconds) FROM kernels WHERE prefill = 0").front().y;
        for (const auto& row : rowsOf(*flame)) QVERIFY(close(std::get<double>(row[4]), std::get<double>(row[3]) / total));
        // As wide as the time it takes.
        const double wide = flame->rectOf(0, 0).width();
        const double all = flame->width() - 16;
        QVERIFY(std::abs(wide / all - std::get<double>(rowsOf(*flame)[0][4])) < 2 / all);
        const QString told = flame->describe(flame->rectOf(0, 0).center());
        QVERIFY2(told.contains("Kernel: bitlinear") && told.contains("of weights") && told.contains("a second"),
                 qPrintable(told));
        QTest::mouseClick(flame, Qt::LeftButton, {}, flame->rectOfLayer(0, 5).center());
        QCOMPARE(flame->layer(), std::optional(5));
        QCOMPARE(rowsOf(*flame, true).size(), std::size_t{3});
        QVERIFY(flame->rectOf(0, 0).isEmpty());
        QTest::keyClick(flame, Qt::Key_Right);
        QCOMPARE(flame->layer(), std::optional(6));
        QTest::keyClick(flame, Qt::Key_Escape);
        QVERIFY(!flame->layer());
        QTest::mouseClick(flame, Qt::LeftButton, {}, flame->rectOfLayer(0, 2).center());
        auto* back = metrics.find<QToolButton>("metrics.kernels.back");
        QVERIFY(back->isVisible());
        QTest::mouseClick(back, Qt::LeftButton);
        QVERIFY(!flame->layer());
    }

    void viewsAreSavedRestoredAndDeleted() {
        Metrics metrics;
        const auto a = metrics.makeRun("cpu", 4e-3, 200);
        QVERIFY(metrics.runStore->setBaseline(a).ok());
        QVERIFY(metrics.show({a}));
        metrics.openView(1);
        metrics.choose("metrics.speed.window", "64");
        metrics.toggle("metrics.normalise");
        auto* plot = metrics.plot("metrics.speed.plot");
        QTRY_COMPARE(metrics.rows("metrics.speed.plot").size(), std::size_t{200});
        QTest::qWait(100);
        metrics.wheel(plot, QRectF(plot->axisRect()->rect()).center(), 3);
        QTest::qWait(100);
        const QCPRange x = plot->xAxis->range();
        const QCPRange y = plot->yAxis->range();
        auto* menu = metrics.find<QToolButton>("metrics.views")->menu();
        menu->popup(QPoint(100, 100));
        auto* name = menu->findChild<QLineEdit*>("metrics.views.name");
        QTest::keyClicks(name, "Fast part");
        QTest::keyClick(name, Qt::Key_Return);
        QTRY_COMPARE(metrics.query("SELECT name, 0, 0 FROM views").size(), std::size_t{1});
        QVERIFY(!menu->isVisible());

        metrics.choose("metrics.speed.window", "1");
        metrics.toggle("metrics.normalise");
        metrics.openView(2);
        const auto action = [&](const QString& id) { return menu->findChild<QAction*>(id); };
        QVERIFY(action("metrics.view.Fast part") != nullptr);
        menu->popup(QPoint(100, 100));
        QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(action("metrics.view.Fast part")).center());
        QCOMPARE(metrics.find<QTabBar>("metrics.tabs")->currentIndex(), 1);
        QVERIFY(metrics.find<QCheckBox>("metrics.normalise")->isChecked());
        QCOMPARE(metrics.find<QComboBox>("metrics.speed.window")->currentData().toString(), QString("64"));
        QTest::qWait(200);
        QCOMPARE(plot->xAxis->range(), x);
        QCOMPARE(plot->yAxis->range(), y);

        action("metrics.view.delete.Fast part")->trigger();
        QTRY_COMPARE(metrics.query("SELECT name, 0, 0 FROM views").size(), std::size_t{0});
        QTRY_VERIFY(action("metrics.view.Fast part") == nullptr);
    }

    void pictures() {
        Metrics metrics;
        const auto a = metrics.makeRun("cpu", 4e-3, 400);
        const auto b = metrics.makeRun("vulkan", 2e-3, 700);
        QVERIFY(metrics.runStore->annotate(a, 0.9, "other programs busy").ok());
        QVERIFY(metrics.show({a, b}));
        constexpr std::array names{"latency", "speed", "memory", "power", "kernels", "roofline"};
        for (const bool dark : {false, true}) {
            metrics.theme.setMode(dark ? ThemeMode::Dark : ThemeMode::Light);
            for (int view = 0; view < 6; ++view) {
                metrics.openView(view);
                QTest::qWait(300);
                const auto* page = metrics.find(QStringLiteral("metrics.%1").arg(names[static_cast<std::size_t>(view)]));
                for (const auto* plot : page->findChildren<PlotView*>())
                    if (plot->isVisible()) QVERIFY2(plot->plottableCount() > 0, qPrintable(plot->objectName()));
                if (view == 0) {
                    auto* plot = metrics.plot("metrics.latency.plot");
                    QTest::mouseClick(plot, Qt::LeftButton, Qt::ShiftModifier, metrics.pixelOf(plot, 100, 4));
                    QTest::mouseClick(plot, Qt::LeftButton, Qt::ControlModifier, metrics.pixelOf(plot, 200, 4));
                }
                keepPicture(*metrics.window,
                            QString("metrics-%1-%2").arg(names[static_cast<std::size_t>(view)], dark ? "dark" : "light"));
            }
            metrics.openView(4);
            metrics.choose("metrics.kernels.look", "flame");
            QTest::qWait(200);
            keepPicture(*metrics.window, QString("metrics-flame-%1").arg(dark ? "dark" : "light"));
            metrics.choose("metrics.kernels.look", "bars");
        }
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::MetricsTest)
#include "metrics_test.moc"
