#include "compare/difference_view.h"

#include <QComboBox>
#include <QElapsedTimer>
#include <QHBoxLayout>
#include <QSplitter>
#include <QTimer>
#include <QVBoxLayout>
#include <cmath>

#include "chat/labels.h"
#include "compare/cell_place.h"
#include "engine/engine_client.h"
#include "inspect/growing_views.h"
#include "inspect/interventions/intervention_list.h"
#include "views/map_view.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

constexpr int mapMilliseconds = 200;

}  // namespace

DifferenceView::DifferenceView(LiveComparison& source, ActionRegistry& actions, QWidget* parent)
    : QWidget(parent),
      source_(source),
      side_(new QComboBox),
      tensor_(new QComboBox),
      measure_(new QComboBox),
      equal_(makeLabel({}, "small", true)),
      map_(new MapView("compareMap")),
      kl_(new PlotView("compareKl")),
      drawn_(std::make_unique<QElapsedTimer>()) {
    side_->setObjectName("compareMapSide");
    side_->setAccessibleName(tr("Which side is compared with side A"));
    tensor_->setObjectName("compareTensor");
    tensor_->setAccessibleName(tr("Which intermediate the map shows"));
    tensor_->addItem(tr("All: the largest"), -1);
    for (int k = 0; k < traceTensors; ++k) tensor_->addItem(tensorText(static_cast<TraceTensor>(k)), k);
    measure_->setObjectName("compareMeasure");
    measure_->setAccessibleName(tr("How differences are measured"));
    measure_->addItem(tr("largest difference"), static_cast<int>(DifferenceMeasure::MaxAbs));
    measure_->addItem(tr("relative"), static_cast<int>(DifferenceMeasure::Relative));
    tensor_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    tensor_->setMinimumContentsLength(12);
    equal_->setObjectName("compareEqual");
    equal_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);  // the line above says it too
    map_->setAxes(tr("Layer"), tr("Token"));
    map_->setAccessibleName(tr("Map of the differences"));
    kl_->setTitles(tr("Token"), {});
    kl_->setInteractions({});  // it shows the tokens that the map shows
    kl_->axisRect()->setAutoMargins(QCP::msTop | QCP::msBottom);
    // The left margin is the map's, which has no room for numbers; the right one has.
    kl_->yAxis->setTickLabels(false);
    kl_->yAxis2->setVisible(true);
    kl_->yAxis2->setTickLabels(true);
    connect(kl_->yAxis, qOverload<const QCPRange&>(&QCPAxis::rangeChanged), kl_->yAxis2,
            qOverload<const QCPRange&>(&QCPAxis::setRange));
    auto* controls = new QHBoxLayout;
    controls->setContentsMargins(grid, grid / 2, grid / 2, 0);
    controls->setSpacing(grid);
    for (QComboBox* box : {side_, tensor_, measure_}) controls->addWidget(box);
    controls->addWidget(equal_, 1);
    controls->addWidget(makeExportButton("compare.map", tr("Differences"), *map_, *map_, actions));
    auto* split = new QSplitter(Qt::Vertical);
    split->setChildrenCollapsible(false);
    split->addWidget(map_);
    split->addWidget(underTitle(makeLabel(tr("KL(A ‖ other) of the next token (nats)"), "small", true),
                                makeExportButton("compare.kl", tr("KL of the next token"), *kl_, *kl_, actions), kl_));
    split->setStretchFactor(0, 5);
    split->setStretchFactor(1, 2);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(grid / 2);
    column->addLayout(controls);
    column->addWidget(split, 1);

    for (QComboBox* box : {side_, tensor_, measure_})
        connect(box, &QComboBox::currentIndexChanged, this, &DifferenceView::draw);
    connect(map_, &MapView::cellActivated, this, [this](int row, int column) {
        if (!shown_ || std::isnan(shown_->value(row, column))) return;
        const DifferenceMap::Worst worst = shown_->worst(row, column);
        emit cellChosen(side(), column, worst.item, worst.difference.channel);
    });
    connect(map_, &MapView::regionChanged, this, &DifferenceView::alignKl);
    connect(kl_, &PlotView::positionActivated, this,
            [this](double x, double) { emit tokenChosen(std::max(static_cast<int>(std::lround(x)), 0)); });
}

DifferenceView::~DifferenceView() = default;

int DifferenceView::side() const { return std::max(side_->currentIndex(), 0) + 1; }

void DifferenceView::begin() {
    task_.stop();
    again_ = false;
    {
        const QSignalBlocker quiet(side_);
        side_->clear();
        for (int k = 1; k < static_cast<int>(source_.sides().size()); ++k)
            side_->addItem(tr("%1 against A").arg(sideLetter(k)));
    }
    side_->setVisible(side_->count() > 1);
    shown_.reset();
    map_->setSource(nullptr, {});
    map_->setMarked(-1, -1);
    equal_->clear();
    drawKl();
}

void DifferenceView::grow() {
    if (drawn_->isValid() && !drawn_->hasExpired(mapMilliseconds)) return;
    drawn_->start();
    draw();
}

void DifferenceView::settle() { draw(); }

void DifferenceView::draw() {
    if (source_.state() == LiveComparison::State::None || side_->count() == 0) return;
    again_ = task_.running();
    if (again_) return;
    const auto& steps = source_.compared(side());
    drawKl();
    if (steps.empty()) return;
    const int chosen = tensor_->currentData().toInt();
    DifferenceChoice choice;
    if (chosen >= 0) choice.tensor = static_cast<TraceTensor>(chosen);
    choice.measure = static_cast<DifferenceMeasure>(measure_->currentData().toInt());
    QStringList texts;
    texts.reserve(static_cast<qsizetype>(steps.size()));
    const LiveSide& first = source_.sides().front();
    for (std::size_t k = 0; k < steps.size() && k < first.tokens.size(); ++k) texts << first.tokens[k].text;
    struct Made {
        std::shared_ptr<const DifferenceMap> map;
        ColorScale scale;
        bool allZero;
    };
    task_.run(
        [steps, items = source_.items(), choice, texts](const std::stop_token&) {
            auto map = std::make_shared<const DifferenceMap>(steps, items, choice, texts);
            return Made{map, map->scale(), map->allZero()};
        },
        [this](const Made& made) {
            showGrown(*map_, shown_.get(), made.map, made.scale);
            shown_ = made.map;
            alignKl();
            equal_->setText(made.allZero ? tr("Zero everywhere: equal to the last bit.") : QString());
            if (again_) draw();
        });
}

void DifferenceView::drawKl() {
    kl_->clearAll();
    double most = 0.0;
    for (int k = 1; k < static_cast<int>(source_.sides().size()); ++k) {
        const auto& steps = source_.compared(k);
        QVector<double> values;
        values.reserve(static_cast<qsizetype>(steps.size()));
        for (const ComparedStep& step : steps) {
            values << step->kl;
            most = std::max(most, step->kl);
        }
        addLine(*kl_, tr("%1 against A").arg(sideLetter(k)), QPen(PlotView::seriesColor(k), 1), 0, values);
    }
    if (map_->markedColumn() >= 0) kl_->setMarked(map_->markedColumn());
    kl_->legend->setVisible(kl_->graphCount() > 1);
    constexpr double room = 1.1;
    kl_->yAxis->setRange(0.0, most > 0.0 ? most * room : 1.0);
    alignKl();
}

/// Its tokens stand under those of the map.
void DifferenceView::alignKl() {
    const MapRegion& region = map_->region();
    const QRect image = map_->imageRect();
    if (image.isEmpty()) return kl_->replot(QCustomPlot::rpQueuedReplot);
    kl_->axisRect()->setMargins({image.left(), grid, map_->width() - image.right() - 1, grid});
    constexpr double halfCell = 0.5;
    kl_->xAxis->setRange(region.firstColumn - halfCell, region.firstColumn + region.columns - halfCell);
    kl_->replot(QCustomPlot::rpQueuedReplot);
}

void DifferenceView::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    QTimer::singleShot(0, this, &DifferenceView::alignKl);  // when the map has its size
}

void DifferenceView::setChosen(int layer, int token) {
    map_->setMarked(layer, token);
    kl_->setMarked(token < 0 ? std::numeric_limits<double>::quiet_NaN() : token);
}

void DifferenceView::paintMap(QPainter& painter, const QSize& size) { map_->paintPicture(painter, size); }

}  // namespace ternion::app
