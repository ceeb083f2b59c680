// The shared views of the inspection panels, worked by real clicks, drags, wheel and keys, and what they export.
#include <QClipboard>
#include <QElapsedTimer>
#include <QFile>
#include <QImage>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QSvgRenderer>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTimer>
#include <QToolTip>
#include <QVBoxLayout>
#include <QWheelEvent>
#include <QXmlStreamReader>
#include <array>
#include <cmath>

#include "chat_fixture.h"
#include "inspect/inspect_panel.h"
#include "shell/colors.h"
#include "shell/settings.h"
#include "shell/theme.h"
#include "views/map_view.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

/// Each cell tells where it is; -1 in the row `unknown`.
class Numbers : public MapSource {
public:
    Numbers(int rows, int columns, int unknown = -1) : rows_(rows), columns_(columns), unknown_(unknown) {}
    int rows() const override { return rows_; }
    int columns() const override { return columns_; }
    float value(int row, int column) const override {
        return row == unknown_ ? NAN : static_cast<float>(row) + static_cast<float>(column) / 1024;
    }
    QString describe(int row, int column) const override { return QString("row %1, column %2").arg(row).arg(column); }

private:
    int rows_, columns_, unknown_;
};

class Trits : public Numbers {
public:
    using Numbers::Numbers;
    float value(int row, int column) const override { return static_cast<float>((row * 7 + column * column) % 3 - 1); }
};

class Waves : public Numbers {
public:
    using Numbers::Numbers;
    float value(int row, int column) const override { return std::sin(float(row) / 90) * std::cos(float(column) / 40) * 3; }
};

bool isReady(const MapView& map) {
    return QTest::qWaitFor([&] { return map.ready(); }, patience);
}

void wheel(QWidget& widget, const QPoint& at, int steps) {
    QWheelEvent event(at, widget.mapToGlobal(at), {}, QPoint(0, 120 * steps), Qt::NoButton, Qt::NoModifier, Qt::NoScrollPhase,
                      false);
    QApplication::sendEvent(&widget, &event);
}

void move(QWidget& widget, const QPoint& at, Qt::MouseButtons buttons = Qt::NoButton, Qt::KeyboardModifiers keys = {}) {
    QMouseEvent event(QEvent::MouseMove, at, widget.mapToGlobal(at), Qt::NoButton, buttons, keys);
    QApplication::sendEvent(&widget, &event);
}

void drag(QWidget& widget, const QPoint& from, const QPoint& to, Qt::KeyboardModifiers keys = {}) {
    QTest::mousePress(&widget, Qt::LeftButton, keys, from);
    move(widget, (from + to) / 2, Qt::LeftButton, keys);
    move(widget, to, Qt::LeftButton, keys);
    QTest::mouseRelease(&widget, Qt::LeftButton, keys, to);
}

QByteArray contentOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// The longest that the event loop was away.
class Watchdog {
public:
    Watchdog() {
        timer_.setTimerType(Qt::PreciseTimer);
        QObject::connect(&timer_, &QTimer::timeout, [this] { longest_ = std::max(longest_, since_.restart()); });
        since_.start();
        timer_.start(1);
    }
    qint64 longest() {
        longest_ = std::max(longest_, since_.elapsed());
        return longest_;
    }

private:
    QTimer timer_;
    QElapsedTimer since_;
    qint64 longest_ = 0;
};

QString answer;  // of whoever is asked for a file

/// A map and a plot with their export buttons, as a panel has them.
struct Window : QWidget {
    explicit Window(bool withPlot = false) {
        auto* column = new QVBoxLayout(this);
        map = new MapView("map", this);
        column->addWidget(map, 1);
        button = makeExportButton("weights", "Weights", *map, *map, actions);
        column->addWidget(button);
        if (withPlot) {
            plot = new PlotView("plot", this);
            column->addWidget(plot, 1);
            plotButton = makeExportButton("gates", "Gates", *plot, *plot, actions);
            column->addWidget(plotButton);
        }
        resize(640, withPlot ? 720 : 420);
        show();
        activateWindow();
        (void)QTest::qWaitForWindowActive(this);
        setAskForFile([](QWidget*, const QString&, const QString&, const QString&) { return answer; });
    }
    void trigger(const char* id) const { actions.find(id)->trigger(); }
    QLabel* message() const { return map->findChild<QLabel*>("messageText"); }

    ActionRegistry actions;
    MapView* map = nullptr;
    PlotView* plot = nullptr;
    QToolButton* button = nullptr;
    QToolButton* plotButton = nullptr;
};

class SomePanel : public InspectPanel {
public:
    explicit SomePanel(const PanelContext& context) : InspectPanel("some", context) {
        content = new QLabel("content");
        setContent(content);
        controls()->addWidget(new QLineEdit);
    }
    std::vector<TraceRequest::Item> wanted() const override { return {{TraceTensor::State, 1}}; }
    void refresh() override {
        ++refreshed;
        showEmpty(inspector().timeline().empty() ? "Send a message to see the state it leaves behind." : "");
    }
    int refreshed = 0;
    QWidget* content;
};

}  // namespace

class ViewsTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    QString file(const char* name) const { return folder_.filePath(name); }

private slots:
    void init() {
        QApplication::setPalette(themePalette(false));
        answer.clear();
    }

    void coloursMeanTheSameEverywhere() {
        const ColorScale trits{ColorScale::Map::Trits, -1, 1, {}};
        for (const int trit : {-1, 0, 1}) QCOMPARE(trits.color(float(trit)), tritColor(trit).rgb());
        QVERIFY(trits.color(0.5F) != trits.color(0) && trits.color(0.5F) != trits.color(1));

        ColorScale signedScale = ColorScale::diverging(-1, 4, "nats");
        QCOMPARE(signedScale.low, -4.0F);
        QCOMPARE(signedScale.high, 4.0F);
        for (const bool dark : {false, true}) {
            signedScale.background = themePalette(dark).color(QPalette::Base).rgb();
            const QColor zero(signedScale.color(0));
            QVERIFY(zero.saturation() < 60);
            QVERIFY(std::abs(zero.lightness() - QColor(signedScale.background).lightness()) < 40);
            QCOMPARE(signedScale.color(-2), tritColor(-1).rgb());
            QCOMPARE(signedScale.color(2), tritColor(1).rgb());
            QCOMPARE(signedScale.color(-9), signedScale.color(-4));
            int distance = -1;  // the further from zero, the further from the background
            for (int half = 0; half <= 8; ++half)
                for (const float sign : {-1.0F, 1.0F}) {
                    const int now = std::abs(qGray(signedScale.color(sign * float(half) / 2)) - qGray(signedScale.background));
                    QVERIFY(now >= distance - 30);
                    if (sign > 0) distance = now;
                }
        }
        const ColorScale sequential{ColorScale::Map::Sequential, 2, 4, {}};
        QCOMPARE(sequential.color(2), QRgb(0xff440154));  // the ends and the middle of viridis
        QCOMPARE(sequential.color(4), QRgb(0xfffde725));
        QVERIFY(std::abs(qGreen(sequential.color(3)) - 0x90) <= 2);
        QCOMPARE(qAlpha(sequential.color(NAN)), 0);
        QCOMPARE((ColorScale{ColorScale::Map::Sequential, 1, 1, {}}.color(1)), QRgb(0xff440154));
    }

    void seriesAreToldApartWithAnyColourVision() {
        using Matrix = std::array<std::array<double, 3>, 3>;  // of linear light
        constexpr std::array<Matrix, 4> eyes{{
            {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
            {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
            {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
            {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}},
        }};
        const auto linear = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
        const auto times = [](const Matrix& m, const std::array<double, 3>& v) {
            std::array<double, 3> out{};
            for (std::size_t i = 0; i < 3; ++i) out[i] = std::max(m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2], 0.0);
            return out;
        };
        const auto lab = [&](const QColor& color, const Matrix& eye) {
            const auto seen = times(eye, {linear(color.redF()), linear(color.greenF()), linear(color.blueF())});
            auto xyz = times({{{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}}, seen);
            for (std::size_t i = 0; i < 3; ++i) xyz[i] = std::cbrt(xyz[i] / std::array{0.9505, 1.0, 1.089}[i]);
            return std::array{116 * xyz[1] - 16, 500 * (xyz[0] - xyz[1]), 200 * (xyz[1] - xyz[2])};
        };
        for (int a = 0; a < 6; ++a)
            for (int b = 0; b < a; ++b)
                for (const Matrix& eye : eyes) {
                    const auto x = lab(PlotView::seriesColor(a), eye);
                    const auto y = lab(PlotView::seriesColor(b), eye);
                    QVERIFY2(std::hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]) >= 18,
                             qPrintable(QString("%1 %2").arg(a).arg(b)));
                }
        QCOMPARE(PlotView::seriesColor(6), PlotView::seriesColor(0));
    }

    void reducingTakesTheMeanOfWhatAPixelCovers() {
        const Numbers source(6, 4, 5);
        const auto reduced = [&](const MapRegion& region, int height, int width) {
            std::vector<float> out(static_cast<std::size_t>(height * width));
            source.reduce(region, height, width, out, {});
            return out;
        };
        QCOMPARE(reduced({0, 4, 0, 4}, 1, 1).front(), 1.5F + 1.5F / 1024);
        QCOMPARE(reduced({4, 2, 0, 2}, 1, 1).front(), 4 + 0.5F / 1024);  // what is not known does not count
        QVERIFY(std::isnan(reduced({5, 1, 0, 4}, 1, 1).front()));
        const auto cells = reduced({1, 2, 1, 3}, 6, 6);
        for (int y = 0; y < 6; ++y)
            for (int x = 0; x < 6; ++x) QCOMPARE(cells[std::size_t(y * 6 + x)], source.value(1 + y / 3, 1 + x / 2));
        const auto uneven = reduced({0, 4, 0, 4}, 3, 4);  // 1, 1 and 2 rows
        QCOMPARE(uneven[0], 0.0F);
        QCOMPARE(uneven[4], 1.0F);
        QCOMPARE(uneven[8], 2.5F);
    }

    void cellsHaveTheirColours() {
        Window window;
        const auto source = std::make_shared<Trits>(6, 10);
        window.map->setAxes("output channel", "input channel");
        window.map->setSource(source, {ColorScale::Map::Trits, -1, 1, {}});
        QVERIFY(isReady(*window.map));
        const QImage seen = window.map->grab().toImage();
        for (int row = 0; row < 6; ++row)
            for (int column = 0; column < 10; ++column) {
                const QRect cell = window.map->cellRect(row, column);
                QVERIFY(cell.width() > 40 && cell.height() > 40);
                const QPoint corner = cell.topLeft() + QPoint(4, 4);
                QCOMPARE(seen.pixel(corner * seen.devicePixelRatio()), tritColor(int(source->value(row, column))).rgb());
                QCOMPARE(seen.pixel((cell.bottomRight() - QPoint(4, 4)) * seen.devicePixelRatio()),
                         tritColor(int(source->value(row, column))).rgb());
            }
        window.map->setSource(nullptr, {});
        const QImage nothing = window.map->grab().toImage();
        QCOMPARE(nothing.pixel(nothing.rect().center()), window.map->palette().color(QPalette::Base).rgb());
        QVERIFY(window.map->cellRect(0, 0).isEmpty());
    }

    void clickActivatesAndHoverDescribes() {
        Window window;
        window.map->setSource(std::make_shared<Numbers>(20, 30), {});
        QVERIFY(isReady(*window.map));
        QSignalSpy activated(window.map, &MapView::cellActivated);
        QSignalSpy hovered(window.map, &MapView::cellHovered);
        const QPoint at = window.map->cellRect(7, 11).center();
        QTest::mouseClick(window.map, Qt::LeftButton, {}, at);
        QCOMPARE(activated.count(), 1);
        QCOMPARE(activated.takeFirst(), QVariantList({7, 11}));
        QCOMPARE(window.map->markedRow(), 7);
        QCOMPARE(window.map->markedColumn(), 11);
        move(*window.map, window.map->cellRect(3, 4).center());
        QCOMPARE(hovered.takeLast(), QVariantList({3, 4}));
        QCOMPARE(QToolTip::text(), "row 3, column 4");
        QTest::mouseClick(window.map, Qt::LeftButton, {}, QPoint(2, 2));  // on the axes
        QVERIFY(activated.isEmpty());
    }

    void wheelZoomsAboutThePointer() {
        Window window;
        window.map->setSource(std::make_shared<Numbers>(400, 600), {});
        QSignalSpy changed(window.map, &MapView::regionChanged);
        const QPoint at = window.map->cellRect(100, 450).center();
        wheel(*window.map, at, 4);
        const MapRegion near = window.map->region();
        QCOMPARE(changed.count(), 1);
        QVERIFY(near.rows < 200 && near.columns < 300 && near.rows > 100 && near.columns > 150);
        QVERIFY((window.map->cellRect(100, 450).center() - at).manhattanLength() < 8);
        for (int k = 0; k < 40; ++k) wheel(*window.map, at, 1);
        QCOMPARE(window.map->region().rows, 1);
        QCOMPARE(window.map->region().columns, 1);
        QVERIFY(std::abs(window.map->region().firstRow - 100) < 3);
        for (int k = 0; k < 60; ++k) wheel(*window.map, at, -1);
        QCOMPARE(window.map->region(), (MapRegion{0, 400, 0, 600}));
    }

    void dragPansAndShiftDragSelects() {
        Window window;
        window.map->setSource(std::make_shared<Numbers>(400, 600), {});
        window.map->showRegion({100, 40, 200, 60});
        QSignalSpy activated(window.map, &MapView::cellActivated);
        QSignalSpy selected(window.map, &MapView::regionSelected);
        const QPoint from = window.map->cellRect(110, 210).center();
        const QPoint to = window.map->cellRect(120, 225).center();
        drag(*window.map, from, to);
        QCOMPARE(window.map->region(), (MapRegion{90, 40, 185, 60}));
        drag(*window.map, from, from + QPoint(4000, 4000));  // no further than the edge
        QCOMPARE(window.map->region(), (MapRegion{0, 40, 0, 60}));
        drag(*window.map, to, from, Qt::ShiftModifier);
        QCOMPARE(selected.count(), 1);
        QCOMPARE(selected.front().front().value<MapRegion>(), (MapRegion{10, 11, 10, 16}));
        QCOMPARE(window.map->region(), (MapRegion{0, 40, 0, 60}));
        QVERIFY(activated.isEmpty());
    }

    void keysDoWhatTheMouseDoes() {
        Window window;
        window.map->setFocus();
        window.map->setSource(std::make_shared<Numbers>(50, 50), {});
        QSignalSpy activated(window.map, &MapView::cellActivated);
        QTest::keyClick(window.map, Qt::Key_Plus);
        QTest::keyClick(window.map, Qt::Key_Plus);
        QCOMPARE(window.map->region().rows, 32);
        QTest::keyClick(window.map, Qt::Key_Down);  // to the first cell shown
        QCOMPARE(window.map->markedRow(), window.map->region().firstRow);
        for (int k = 0; k < 60; ++k) QTest::keyClick(window.map, k % 2 == 0 ? Qt::Key_Right : Qt::Key_Down);
        QVERIFY(!window.map->cellRect(window.map->markedRow(), window.map->markedColumn()).isEmpty());
        QTest::keyClick(window.map, Qt::Key_Left);
        QTest::keyClick(window.map, Qt::Key_Return);
        QCOMPARE(activated.front(), QVariantList({39, 38}));
        QTest::keyClick(window.map, Qt::Key_Minus);
        QCOMPARE(window.map->region().rows, 40);
        QTest::keyClick(window.map, Qt::Key_0);
        QCOMPARE(window.map->region(), (MapRegion{0, 50, 0, 50}));
    }

    void sourceOfTheSameSizeKeepsTheRegion() {
        Window window;
        window.map->setSource(std::make_shared<Numbers>(50, 50), {});
        window.map->showRegion({10, 5, 20, 5});
        window.map->setSource(std::make_shared<Waves>(50, 50), {});
        QCOMPARE(window.map->region(), (MapRegion{10, 5, 20, 5}));
        window.map->setSource(std::make_shared<Waves>(50, 51), {});
        QCOMPARE(window.map->region(), (MapRegion{0, 50, 0, 51}));
        window.map->showRegion({-5, 90, 48, 10});
        QCOMPARE(window.map->region(), (MapRegion{0, 50, 41, 10}));
    }

    void largeMapNeverBlocksTheWindow() {
        Window window;
        window.map->setSource(std::make_shared<Waves>(4096, 1024), ColorScale::diverging(-3, 3));
        QVERIFY(isReady(*window.map));
        QTest::qWait(200);
        Watchdog watchdog;
        const QPoint at = window.map->rect().center();
        for (int k = 0; k < 60; ++k) {
            wheel(*window.map, at, k < 30 ? 1 : -1);
            if (k % 5 == 0) drag(*window.map, at, at + QPoint(30, 20));
            QTest::qWait(8);
        }
        for (int k = 0; k < 10; ++k) {  // ... nor while its values change all the time
            window.map->setSource(std::make_shared<Waves>(4096, 1024), ColorScale::diverging(-3, 3));
            QTest::qWait(8);
        }
        QVERIFY(isReady(*window.map));
        QVERIFY2(watchdog.longest() < 50, qPrintable(QString("%1 ms").arg(watchdog.longest())));
    }

    void picturesAreWritten() {
        Window window(true);
        const auto source = std::make_shared<Waves>(512, 300);
        window.map->setAxes("channel", "token");
        window.map->setSource(source, ColorScale::diverging(-3, 3, "activation"));
        fillPlot(*window.plot);
        QVERIFY(isReady(*window.map));
        QDir().mkpath(TERNION_SCREENSHOTS);
        for (const auto& [panel, widget] : {std::pair<QString, QWidget*>{"weights", window.map}, {"gates", window.plot}}) {
            answer = file("picture");  // the suffix is put there
            window.trigger(qPrintable(panel + ".export.png"));
            const QImage png(file("picture.png"));
            QCOMPARE(png.size(), widget->size() * 2);
            QVERIFY(differing(png) > 100);

            window.trigger(qPrintable(panel + ".export.pdf"));
            const QByteArray pdf = contentOf(file("picture.pdf"));
            QVERIFY(pdf.startsWith("%PDF"));
            QVERIFY(pdf.contains("%%EOF"));
            QVERIFY(pdf.contains("/Font"));  // text is text

            window.trigger(qPrintable(panel + ".export.svg"));
            QXmlStreamReader svg(contentOf(file("picture.svg")));
            QStringList texts;
            int images = 0;
            while (!svg.atEnd()) {
                svg.readNext();
                if (svg.isStartElement() && svg.name() == QLatin1String("image")) ++images;
                if (svg.isStartElement() && svg.name() == QLatin1String("svg"))
                    QCOMPARE(svg.attributes().value("viewBox"),
                             QString("0 0 %1 %2").arg(widget->width()).arg(widget->height()));
                if (svg.isCharacters() && !svg.isWhitespace()) texts << svg.text().toString().trimmed();
            }
            QVERIFY2(!svg.hasError(), qPrintable(svg.errorString()));
            QImage drawn(widget->size() * 2, QImage::Format_RGB32);
            drawn.fill(Qt::red);
            QPainter painter(&drawn);
            QSvgRenderer(file("picture.svg")).render(&painter);
            painter.end();
            drawn.save(QString(TERNION_SCREENSHOTS "/export-%1-svg.png").arg(panel));
            QVERIFY2(texts.contains("token"), qPrintable(texts.join(' ')));
            QCOMPARE(images, widget == window.map ? 1 : 0);
            for (const char* suffix : {"png", "pdf", "svg"}) {
                const QString kept = QString(TERNION_SCREENSHOTS "/export-%1.%2").arg(panel, suffix);
                QFile::remove(kept);
                QVERIFY(QFile::rename(file("picture") + '.' + suffix, kept));
            }
        }
        window.trigger("weights.export.copy.picture");
        QCOMPARE(QGuiApplication::clipboard()->image().size(), window.map->size() * 2);
    }

    void numbersAreWritten() {
        Window window(true);
        const Waves source(40, 30);
        window.map->setAxes("Channel", "token (place)");
        window.map->setSource(std::make_shared<Waves>(source), {});
        answer = file("all.csv");
        window.trigger("weights.export.csv");
        QVERIFY(QTest::qWaitFor([&] { return QFile::exists(file("all.csv")); }, patience));
        const auto lines = contentOf(file("all.csv")).split('\n');
        QCOMPARE(lines.front(), "channel,token_place,value\r");
        QCOMPARE(lines.size(), 40 * 30 + 2);
        for (int at = 0; at < 40 * 30; ++at) {
            const auto cells = lines[at + 1].trimmed().split(',');
            QCOMPARE(cells[0].toInt(), at / 30);
            QCOMPARE(cells[1].toInt(), at % 30);
            QCOMPARE(cells[2].toFloat(), source.value(at / 30, at % 30));
        }
        window.map->showRegion({5, 2, 7, 3});
        window.trigger("weights.export.copy.numbers");
        QVERIFY(QTest::qWaitFor([&] { return QGuiApplication::clipboard()->text().startsWith("channel\ttoken_place\tvalue"); },
                                patience));
        QCOMPARE(QGuiApplication::clipboard()->text().count('\n'), 7);
        QVERIFY(QGuiApplication::clipboard()->text().contains("\n6\t9\t"));

        fillPlot(*window.plot);
        answer = file("plot.csv");
        window.trigger("gates.export.csv");
        QVERIFY(QTest::qWaitFor([&] { return QFile::exists(file("plot.csv")); }, patience));
        const QByteArray plot = contentOf(file("plot.csv"));
        QVERIFY(plot.startsWith("series,token,half_life_tokens\r\n"));
        QVERIFY(plot.contains("\r\nlayer 1,3,"));
        QVERIFY(plot.contains("\r\nlayer 2,3,\r\n"));  // not known there
        window.plot->xAxis->setRange(9.5, 11.5);
        QCOMPARE(window.plot->table(true).rows, std::size_t{4});
    }

    void failureIsToldInTheView() {
        Window window;
        window.trigger("weights.export.png");
        QVERIFY(QTest::qWaitFor([&] { return window.message()->isVisible(); }, patience));  // nothing to save yet
        window.map->setSource(std::make_shared<Waves>(40, 30), {});
        QVERIFY(isReady(*window.map));
        for (const char* id : {"weights.export.png", "weights.export.pdf", "weights.export.svg", "weights.export.csv"}) {
            answer = "/nowhere/at/all.x";
            window.trigger(id);
            QVERIFY(QTest::qWaitFor(
                [&] { return window.message() != nullptr && window.message()->text().contains("/nowhere/at/all.x"); },
                patience));
            QVERIFY(QTest::qWaitFor([&] { return window.message()->isVisible(); }, patience));
            QVERIFY(window.message()->text().contains("No such file or directory"));
            answer = file("good.x");
            window.trigger(id);
            QVERIFY(QTest::qWaitFor([&] { return QFile::exists(answer) && !window.message()->isVisible(); }, patience));
            QFile::remove(answer);
        }
        QCOMPARE(QDir(folder_.path()).entryList({"*.part"}, QDir::Files), QStringList());
    }

    void longSaveShowsProgressAndStops() {
        Window window;
        window.map->setSource(std::make_shared<Waves>(8192, 2048), {});
        answer = file("long.csv");
        window.trigger("weights.export.csv");
        QVERIFY(QTest::qWaitFor([&] { return window.button->text().contains('%'); }, patience));
        QAction* stop = window.button->menu()->actions().front();
        QVERIFY(stop->isVisible());
        stop->trigger();
        QVERIFY(!stop->isVisible());
        QVERIFY(QTest::qWaitFor([&] { return QDir(folder_.path()).entryList({"long*"}, QDir::Files).isEmpty(); }, patience));
    }

    void menuHoldsEveryAction() {
        Window window;
        QTimer::singleShot(0, [&] {
            auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
            QVERIFY(menu != nullptr);
            QTest::keyClick(menu, Qt::Key_Escape);
        });
        QTest::mouseClick(window.button, Qt::LeftButton);
        int there = 0;
        for (const auto& [menu, action] : window.actions.entries()) {
            QVERIFY(menu.startsWith("View/Export"));
            QVERIFY(action->text().startsWith("Weights: "));
            there += window.button->menu()->actions().contains(action) ? 1 : 0;
        }
        QCOMPARE(there, 7);
    }

    void plotIsWorkedByMouseAndKeys() {
        Window window(true);
        PlotView& plot = *window.plot;
        fillPlot(plot);
        QVERIFY(plot.legend->visible());
        QTest::qWait(50);
        const QCPRange all = plot.xAxis->range();
        const QPoint middle = plot.axisRect()->rect().center();
        wheel(plot, middle, 2);
        QVERIFY(plot.xAxis->range().size() < all.size() * 0.7);
        QVERIFY(std::abs(plot.xAxis->range().center() - all.center()) < 0.5);
        const QCPRange zoomed = plot.xAxis->range();
        drag(plot, middle, middle + QPoint(60, 0));
        QVERIFY(plot.xAxis->range().lower < zoomed.lower);
        plot.setFocus();
        QTest::keyClick(&plot, Qt::Key_0);
        QCOMPARE(plot.xAxis->range(), all);
        QTest::keyClick(&plot, Qt::Key_Plus);
        QVERIFY(plot.xAxis->range().size() < all.size());
        QTest::keyClick(&plot, Qt::Key_Minus);
        QTest::keyClick(&plot, Qt::Key_Right);
        QVERIFY(plot.xAxis->range().lower > all.lower);
        QTest::keyClick(&plot, Qt::Key_0);

        QSignalSpy activated(&plot, &PlotView::positionActivated);
        const QPoint on(int(plot.xAxis->coordToPixel(10)), int(plot.yAxis->coordToPixel(plot.graph(0)->data()->at(10)->value)));
        move(plot, on);
        QVERIFY2(QToolTip::text().startsWith("layer 1\ntoken: 10\n"), qPrintable(QToolTip::text()));
        QTest::mouseClick(&plot, Qt::LeftButton, {}, on);
        QCOMPARE(activated.count(), 1);
        QVERIFY(std::abs(activated.front().front().toDouble() - 10) < 0.2);

        plot.clearAll();
        plot.setMarked(3);
        plot.setMarked(NAN);
        plot.addGraph()->setData(QVector<double>{0, 1}, QVector<double>{2, 2});
        plot.showAll();
        QVERIFY(!plot.legend->visible());
        QCOMPARE(plot.table(false).rows, std::size_t{2});
    }

    void panelAsksForTracesOnlyWhileSeen() {
        ChatFixture chat;
        QVERIFY(chat.openSample());
        QTabWidget tabs;
        auto* panel = new SomePanel({chat.engine, chat.conversation, chat.inspector, chat.runs, chat.actions});
        tabs.addTab(new QWidget, "other");
        tabs.addTab(panel, "some");
        tabs.show();
        chat.conversation.send("Hello");
        QVERIFY(chat.answered());
        QVERIFY(QTest::qWaitFor([&] { return !chat.inspector.timeline().empty(); }, patience));
        QCOMPARE(panel->refreshed, 0);
        QCOMPARE(chat.inspector.store().memoryBytes(), std::uint64_t{0});

        tabs.setCurrentIndex(1);
        const auto traced = [&] { return chat.inspector.series({TraceTensor::State, 1}).endToken(); };
        QVERIFY(QTest::qWaitFor([&] { return traced() == int(chat.inspector.timeline().size()); }, patience));
        QVERIFY(panel->content->isVisible());
        QTest::qWait(20);
        const int before = panel->refreshed;
        for (int token = 0; token < 3; ++token) {
            Selection selection = chat.inspector.selection();
            selection.token = token;
            chat.inspector.select(selection);
        }
        QTest::qWait(20);
        QCOMPARE(panel->refreshed, before + 1);  // three changes, one call

        tabs.setCurrentIndex(0);
        const int end = traced();
        chat.conversation.send("And?");
        QVERIFY(chat.answered());
        QTest::qWait(100);
        QVERIFY(traced() <= end);
        QCOMPARE(panel->refreshed, before + 1);

        chat.conversation.startNew();
        tabs.setCurrentIndex(1);
        QVERIFY(QTest::qWaitFor([&] { return panel->findChild<QLabel*>("emptyNote")->isVisible(); }, patience));
        QVERIFY(!panel->content->isVisible());
    }

    void looksRightInLightAndDark() {
        Settings settings(file("looks.conf"));
        Theme theme(settings);
        for (const bool dark : {false, true}) {
            theme.setMode(dark ? ThemeMode::Dark : ThemeMode::Light);
            const QString name = dark ? "-dark" : "-light";
            Window window(true);
            fillPlot(*window.plot);
            window.plot->setMarked(12);
            window.map->setAxes("channel", "token");
            window.map->setSource(std::make_shared<Waves>(1024, 300), ColorScale::diverging(-3, 3, "activation"));
            window.map->setMarked(400, 123);
            window.map->setFocus();
            QVERIFY(isReady(*window.map));
            keepPicture(window, "views-diverging" + name);
            drag(*window.map, window.map->cellRect(200, 100).center(), window.map->cellRect(500, 200).center(),
                 Qt::ShiftModifier);
            window.map->setMarked(-1, -1);
            window.map->setSource(std::make_shared<Numbers>(1024, 300), {ColorScale::Map::Sequential, 0, 1024, "tokens"});
            QVERIFY(isReady(*window.map));
            drag(*window.map, window.map->cellRect(200, 100).center(), window.map->cellRect(500, 200).center(),
                 Qt::ShiftModifier);
            keepPicture(window, "views-sequential" + name);
            window.resize(240, 420);
            keepPicture(window, "views-narrow" + name);
            window.resize(640, 720);
            window.plot->hide();
            window.map->setSource(std::make_shared<Trits>(512, 512), {ColorScale::Map::Trits, -1, 1, {}});
            window.map->showRegion({100, 12, 230, 30});
            window.map->setMarked(104, 240);
            QVERIFY(isReady(*window.map));
            keepPicture(window, "views-trits" + name);
            window.map->setSource(std::make_shared<Waves>(1024, 300), ColorScale::diverging(-3, 3, "activation"));
            window.map->showRegion({400, 14, 120, 11});
            QVERIFY(isReady(*window.map));
            answer = "/nowhere/at/all.png";
            window.trigger("weights.export.png");
            keepPicture(window, "views-cells" + name);
        }
        QApplication::setPalette(themePalette(false));
        qApp->setStyleSheet({});
    }

private:
    static void fillPlot(PlotView& plot) {
        plot.setTitles("token", "half-life (tokens)");
        for (int series = 0; series < 2; ++series) {
            QCPGraph* graph = plot.addGraph();
            graph->setName(QString("layer %1").arg(series + 1));
            graph->setPen(QPen(PlotView::seriesColor(series), 1.5));
            for (int token = 0; token < 40; ++token)
                graph->addData(token, series == 1 && token == 3 ? NAN : 20 + 15 * std::sin(token / 6.0 + series));
        }
        plot.showAll();
    }

    static int differing(const QImage& image) {
        int count = 0;
        for (int y = 0; y < image.height(); y += 4)
            for (int x = 0; x < image.width(); x += 4) count += image.pixel(x, y) != image.pixel(0, 0) ? 1 : 0;
        return count;
    }
};

}  // namespace ternion::app

Q_DECLARE_METATYPE(ternion::app::MapRegion)

QTEST_MAIN(ternion::app::ViewsTest)
#include "views_test.moc"
