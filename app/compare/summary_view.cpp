#include "compare/summary_view.h"

#include <QAbstractTableModel>
#include <QElapsedTimer>
#include <QGridLayout>
#include <QHeaderView>
#include <array>

#include "chat/labels.h"
#include "inspect/growing_views.h"
#include "runs/run_text.h"
#include "shell/action_registry.h"

namespace ternion::app {

/// Columns: the quantity, side A, then of each other side its value and, where the group has ratios, its ratio.
class SummaryTable::Model : public QAbstractTableModel {
public:
    using QAbstractTableModel::QAbstractTableModel;

    void setGroup(SummaryGroup group) {
        const bool same = group.rows.size() == group_.rows.size() && sidesOf(group) == sidesOf(group_);
        if (!same) beginResetModel();
        group_ = std::move(group);
        if (!same)
            endResetModel();
        else if (rowCount() > 0)
            emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
    }

    int rowCount(const QModelIndex& = {}) const override { return static_cast<int>(group_.rows.size()); }
    int columnCount(const QModelIndex& = {}) const override {
        const int sides = static_cast<int>(sidesOf(group_));
        return sides == 0 ? 0 : 1 + (ratios() ? 2 * sides - 1 : sides);
    }

    QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
        if (orientation == Qt::Vertical) return {};
        if (role == Qt::TextAlignmentRole) return alignment(section);
        if (section == 0)
            return role == Qt::DisplayRole ? QVariant(SummaryView::tr("Quantity"))
                   : role == valueRole     ? QVariant(QStringLiteral("quantity"))
                                           : QVariant();
        const QString letter = sideLetter(sideAt(section));
        if (role == Qt::DisplayRole) return isRatio(section) ? SummaryView::tr("%1 / A").arg(letter) : letter;
        if (role == valueRole) return isRatio(section) ? letter.toLower() + QStringLiteral("_to_a") : letter.toLower();
        return {};
    }

    QVariant data(const QModelIndex& at, int role) const override {
        const SummaryRow& row = group_.rows[static_cast<std::size_t>(at.row())];
        if (role == Qt::TextAlignmentRole) return alignment(at.column());
        if (at.column() == 0)
            return role == Qt::DisplayRole ? QVariant(row.title)
                   : role == valueRole     ? QVariant(QString::fromStdString(row.name))
                                           : QVariant();
        const SummaryCell& cell = row.cells[static_cast<std::size_t>(sideAt(at.column()))];
        const SummaryCell& first = row.cells.front();
        if (isRatio(at.column())) {
            if (role == Qt::DisplayRole) return ratioText(cell, first);
            if (role == valueRole && cell.value && first.value && *first.value != 0.0) return *cell.value / *first.value;
            return {};
        }
        switch (role) {
            case Qt::DisplayRole:
                return cell.text;
            case valueRole:
                return cell.value ? QVariant(*cell.value) : QVariant();
            case Qt::ToolTipRole:
                return cell.missing.isEmpty() ? QVariant() : QVariant(SummaryView::tr("Not known: %1").arg(cell.missing));
            case Qt::BackgroundRole:
                return cell.value && cell.source != Source::Measured ? QVariant(sourceBrush(cell.source)) : QVariant();
            default:
                return {};
        }
    }

private:
    static std::size_t sidesOf(const SummaryGroup& group) { return group.rows.empty() ? 0 : group.rows.front().cells.size(); }
    bool ratios() const { return !group_.rows.empty() && group_.rows.front().ratios; }
    int sideAt(int column) const { return ratios() ? column / 2 : column - 1; }
    bool isRatio(int column) const { return ratios() && column > 1 && column % 2 == 1; }
    static int alignment(int column) { return int(Qt::AlignVCenter | (column == 0 ? Qt::AlignLeft : Qt::AlignRight)); }

    SummaryGroup group_;
};

SummaryTable::SummaryTable(const QString& name, QWidget* parent)
    : ModelTable(name, SummaryView::tr("Summary of the comparison"), parent), model_(new Model(this)) {
    setModel(model_);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
}

void SummaryTable::setGroup(SummaryGroup group) {
    model_->setGroup(std::move(group));
    if (model_->columnCount() > 0) horizontalHeader()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
}

SummaryView::SummaryView(LiveComparison& source, ActionRegistry& actions, QWidget* parent)
    : QWidget(parent), source_(source), drawn_(std::make_unique<QElapsedTimer>()) {
    struct Place {
        const char* name;
        int row, column;
    };
    auto* cells = new QGridLayout(this);
    cells->setContentsMargins(0, grid, 0, 0);
    cells->setSpacing(grid);
    for (const Place& place : {Place{"compareWall", 0, 0}, Place{"compareClock", 0, 1}, Place{"compareUsage", 1, 0},
                               Place{"compareDifferences", 1, 1}}) {
        auto* table = new SummaryTable(QString::fromLatin1(place.name));
        auto* title = makeLabel({}, "small", true);
        cells->addWidget(
            underTitle(title, makeExportButton(QString::fromLatin1(place.name), tr("Summary"), *table, *table, actions), table),
            place.row, place.column);
        titles_.push_back(title);
        tables_.push_back(table);
    }
    constexpr std::array shares{4, 7};  // as they have rows
    for (int row = 0; row < 2; ++row) cells->setRowStretch(row, shares[static_cast<std::size_t>(row)]);
    for (int column = 0; column < 2; ++column) cells->setColumnStretch(column, 1);
}

SummaryView::~SummaryView() = default;

void SummaryView::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
}

void SummaryView::grow() {
    constexpr int drawMilliseconds = 500;
    if (!drawn_->isValid() || drawn_->hasExpired(drawMilliseconds)) refresh();
}

void SummaryView::refresh() {
    if (!isVisible()) return;
    drawn_->start();
    auto groups = summaryOf(source_);
    for (std::size_t k = 0; k < groups.size(); ++k) {
        titles_[k]->setText(groups[k].title);
        tables_[k]->setGroup(std::move(groups[k]));
    }
}

}  // namespace ternion::app
