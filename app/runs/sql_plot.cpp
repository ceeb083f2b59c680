#include "runs/sql_plot.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <optional>

#include "chat/labels.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

constexpr std::size_t mostBars = 60;
constexpr qsizetype mostPoints = 10000;  // more are no clearer, and take longer to draw than a frame
constexpr double barWidth = 0.6;
constexpr double pointSize = 4;

std::optional<double> numberIn(const TableCell& cell) {
    if (const auto* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
    if (const auto* real = std::get_if<double>(&cell)) return *real;
    return std::nullopt;
}

QString textIn(const TableCell& cell) {
    if (const auto number = numberIn(cell)) return QLocale().toString(*number, 'g', 6);
    const auto* text = std::get_if<std::string>(&cell);
    return text != nullptr ? QString::fromStdString(*text) : QStringLiteral("NULL");
}

bool hasNumbers(const SqlAnswer& answer, std::size_t column) {
    return std::any_of(answer.rows.begin(), answer.rows.end(),
                       [column](const auto& row) { return numberIn(row[column]).has_value(); });
}

QComboBox* makeChooser(const char* name, const QString& accessibleName) {
    auto* box = new QComboBox;
    box->setObjectName(name);
    box->setAccessibleName(accessibleName);
    box->setToolTip(accessibleName);
    box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    return box;
}

/// Leaves two points of each stretch of rows: its least and its largest value, in their order.
void thin(QVector<double>& keys, QVector<double>& values) {
    const qsizetype stretch = (2 * values.size() + mostPoints - 1) / mostPoints;
    qsizetype kept = 0;
    for (qsizetype begin = 0; begin < values.size(); begin += stretch) {
        const auto first = values.begin() + begin;
        const auto last = values.begin() + std::min(begin + stretch, values.size());
        const auto [least, most] = std::minmax_element(first, last);
        for (const auto at : {std::min(least, most) - values.begin(), std::max(least, most) - values.begin()}) {
            keys[kept] = keys[at];
            values[kept] = values[at];
            ++kept;
        }
    }
    keys.resize(kept);
    values.resize(kept);
}

}  // namespace

SqlPlot::SqlPlot(ActionRegistry& actions, QWidget* parent)
    : QWidget(parent),
      x_(makeChooser("sql.plot.x", tr("Column along the plot"))),
      y_(makeChooser("sql.plot.y", tr("Column up the plot"))),
      note_(makeLabel({}, "small", true)),
      plot_(new PlotView("sql.plot.view")) {
    plot_->setAccessibleName(tr("Plot of the answer"));
    note_->setObjectName("sql.plot.note");
    auto* row = new QHBoxLayout;
    row->setContentsMargins(grid, grid / 2, grid, grid / 2);
    row->setSpacing(grid);
    row->addWidget(y_);
    row->addWidget(makeLabel(tr("over"), "small", true));
    row->addWidget(x_);
    row->addWidget(note_, 1);
    row->addWidget(makeExportButton("sql.plot", tr("SQL plot"), *plot_, *plot_, actions));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(row);
    column->addWidget(plot_, 1);
    for (QComboBox* box : {x_, y_}) connect(box, &QComboBox::activated, this, &SqlPlot::draw);
}

void SqlPlot::setAnswer(std::shared_ptr<const SqlAnswer> answer) {
    answer_ = std::move(answer);
    stale_ = true;
    if (!isVisible()) return;
    choose();
    draw();
}

void SqlPlot::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (!stale_) return;
    choose();
    draw();
}

/// What was chosen before; else the first numbers up, over the first other column.
void SqlPlot::choose() {
    const QString oldX = x_->currentText();
    const QString oldY = y_->currentText();
    x_->clear();
    y_->clear();
    x_->addItem(tr("row"), -1);
    for (std::size_t column = 0; column < answer_->columns.size(); ++column) {
        const QString name = QString::fromStdString(answer_->columns[column]);
        x_->addItem(name, static_cast<int>(column));
        if (hasNumbers(*answer_, column)) y_->addItem(name, static_cast<int>(column));
    }
    const int sameY = y_->findText(oldY);
    y_->setCurrentIndex(sameY >= 0 ? sameY : y_->count() - 1);
    const int sameX = x_->findText(oldX);
    x_->setCurrentIndex(sameX > 0 ? sameX : std::min(1, x_->count() - 1));
}

void SqlPlot::tell(const QString& what) { note_->setText(what); }

void SqlPlot::draw() {
    stale_ = false;
    plot_->clearAll();
    plot_->xAxis->setTicker(QSharedPointer<QCPAxisTicker>::create());
    plot_->xAxis->setTickLabelRotation(0);
    tell({});
    if (y_->count() == 0) {
        plot_->setTitles({}, {});
        tell(tr("No column of this answer has numbers to plot."));
        return plot_->showAll();
    }
    const int x = x_->currentData().toInt();
    const auto y = static_cast<std::size_t>(y_->currentData().toInt());
    plot_->setTitles(x_->currentText(), y_->currentText());
    if (x >= 0 && !hasNumbers(*answer_, static_cast<std::size_t>(x)))
        drawBars(static_cast<std::size_t>(x), y);
    else
        drawPoints(x < 0 ? answer_->columns.size() : static_cast<std::size_t>(x), y);
}

void SqlPlot::drawBars(std::size_t x, std::size_t y) {
    const std::size_t count = std::min(answer_->rows.size(), mostBars);
    if (count < answer_->rows.size()) tell(tr("the first %1 rows").arg(count));
    const auto names = QSharedPointer<QCPAxisTickerText>::create();
    auto* bars = new QCPBars(plot_->xAxis, plot_->yAxis);
    bars->setName(y_->currentText());
    bars->setPen(Qt::NoPen);
    bars->setBrush(PlotView::seriesColor(0));
    bars->setWidth(barWidth);
    for (std::size_t row = 0; row < count; ++row) {
        names->addTick(static_cast<double>(row), textIn(answer_->rows[row][x]));
        if (const auto value = numberIn(answer_->rows[row][y])) bars->addData(static_cast<double>(row), *value);
    }
    plot_->xAxis->setTicker(names);
    plot_->showAll();
    plot_->xAxis->setRange(-1, static_cast<double>(count));
}

/// `x` beyond the columns: the number of the row.
void SqlPlot::drawPoints(std::size_t x, std::size_t y) {
    QVector<double> keys;
    QVector<double> values;
    bool rising = true;
    for (std::size_t row = 0; row < answer_->rows.size(); ++row) {
        const auto& cells = answer_->rows[row];
        const auto key = x < cells.size() ? numberIn(cells[x]) : std::optional(static_cast<double>(row + 1));
        const auto value = numberIn(cells[y]);
        if (!key || !value || !std::isfinite(*key) || !std::isfinite(*value)) continue;
        rising = rising && (keys.isEmpty() || *key > keys.back());
        keys.push_back(*key);
        values.push_back(*value);
    }
    if (const auto left = answer_->rows.size() - static_cast<std::size_t>(keys.size()); left > 0)
        tell(tr("%n row(s) without both numbers left out", nullptr, static_cast<int>(left)));
    if (keys.size() > mostPoints) {
        tell(tr("%1 rows, of which the least and the largest of each stretch are drawn").arg(locale().toString(keys.size())));
        thin(keys, values);
    }
    QCPGraph* graph = plot_->addGraph();
    graph->setName(y_->currentText());
    graph->setPen(PlotView::seriesColor(0));
    if (!rising || keys.size() < 2) {
        graph->setLineStyle(QCPGraph::lsNone);
        graph->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, pointSize));
    }
    graph->setData(keys, values, rising);
    plot_->showAll();
}

}  // namespace ternion::app
