#include "inspect/weights/weight_table.h"

#include <QHeaderView>
#include <QLocale>
#include <QPainter>
#include <array>

#include "chat/labels.h"

namespace ternion::app {
namespace {

class NameFilter : public QSortFilterProxyModel {
public:
    explicit NameFilter(QObject* parent) : QSortFilterProxyModel(parent) { setSortRole(WeightTableModel::sortRole); }
    void setWords(const QString& words) {
        words_ = words.split(QLatin1Char(' '), Qt::SkipEmptyParts);
        invalidateFilter();
    }

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override {
        const QString name = sourceModel()->index(row, 0, parent).data(WeightTableModel::nameRole).toString();
        return std::all_of(words_.begin(), words_.end(),
                           [&](const QString& word) { return name.contains(word, Qt::CaseInsensitive); });
    }

private:
    QStringList words_;
};

QString range(const WeightStatistics::Range& range) {
    return QStringLiteral("%1–%2").arg(QLocale().toString(range.least * 100, 'f', 1),
                                       QLocale().toString(range.most * 100, 'f', 1));
}

}  // namespace

void WeightTableModel::setStatistics(std::shared_ptr<const std::vector<WeightStatistics>> statistics) {
    beginResetModel();
    statistics_ = std::move(statistics);
    endResetModel();
}

int WeightTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() || !statistics_ ? 0 : static_cast<int>(statistics_->size());
}

int WeightTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : Columns; }

QVariant WeightTableModel::data(const QModelIndex& index, int role) const {
    const WeightStatistics& matrix = (*statistics_)[static_cast<std::size_t>(index.row())];
    const auto number = [&](double value, char format, int digits) {
        return role == sortRole ? QVariant(value) : QVariant(QLocale().toString(value, format, digits));
    };
    switch (role) {
        case nameRole:
            return titleOf({matrix.layer, matrix.projection}) + QLatin1Char(' ') + QString::fromStdString(matrix.name);
        case Qt::ToolTipRole:
            return QString::fromStdString(matrix.name);
        case Qt::TextAlignmentRole:
            return int(Qt::AlignVCenter | (index.column() == Projection ? Qt::AlignLeft : Qt::AlignRight));
        case Qt::DisplayRole:
        case sortRole:
            break;
        default:
            return {};
    }
    switch (index.column()) {
        case Layer:
            return role == sortRole || matrix.layer >= 0 ? QVariant(matrix.layer) : QVariant(QStringLiteral("–"));
        case Projection:
            return QString::fromStdString(matrix.projection);
        case Shape:
            return role == sortRole ? QVariant(double(matrix.rows) * matrix.cols)
                                    : QVariant(QStringLiteral("%1×%2").arg(matrix.rows).arg(matrix.cols));
        case Gamma:
            return number(double{matrix.gamma}, 'g', 4);
        case Minus:
            return number(matrix.share(matrix.counts.minus) * 100, 'f', 2);
        case Zero:
            return number(matrix.share(matrix.counts.zero) * 100, 'f', 2);
        case Plus:
            return number(matrix.share(matrix.counts.plus) * 100, 'f', 2);
        case Entropy:
            return number(matrix.entropy(), 'f', 4);
        case RowZeros:
            return role == sortRole ? QVariant(matrix.rowSparsity.most) : QVariant(range(matrix.rowSparsity));
        case ColumnZeros:
            return role == sortRole ? QVariant(matrix.columnSparsity.most) : QVariant(range(matrix.columnSparsity));
        default:
            return {};
    }
}

QVariant WeightTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    const std::array<std::pair<QString, QString>, Columns> titles{{
        {tr("Layer"), tr("The layer; the head is in none")},
        {tr("Matrix"), tr("The projection, named as in the checkpoint")},
        {tr("Shape"), tr("Outputs × inputs; sorted by the number of weights")},
        {tr("γ"), tr("The scale of the matrix: a trit stands for −γ, 0 or +γ")},
        {tr("−1 (%)"), tr("Share of the weights that are −1")},
        {tr("0 (%)"), tr("Share of the weights that are 0")},
        {tr("+1 (%)"), tr("Share of the weights that are +1")},
        {tr("Entropy"), tr("Bits a trit: 1.585 where the three are equally frequent")},
        {tr("0 in rows (%)"), tr("Least and most share of zeros in a row; sorted by the most")},
        {tr("0 in columns (%)"), tr("Least and most share of zeros in a column; sorted by the most")},
    }};
    const auto& [title, explanation] = titles[static_cast<std::size_t>(section)];
    if (role == Qt::DisplayRole) return title;
    if (role == Qt::ToolTipRole) return explanation;
    return {};
}

WeightTable::WeightTable(QWidget* parent)
    : QTableView(parent), model_(new WeightTableModel(this)), shown_(new NameFilter(this)) {
    setObjectName("weightTable");
    setAccessibleName(tr("Statistics of every matrix"));
    shown_->setSourceModel(model_);
    setModel(shown_);
    setSelectionBehavior(SelectRows);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    setShowGrid(false);
    setWordWrap(false);
    setTabKeyNavigation(false);
    setProperty("flat", true);
    setSortingEnabled(true);
    sortByColumn(-1, Qt::AscendingOrder);  // the order of the model
    verticalHeader()->hide();
    verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    verticalHeader()->setDefaultSectionSize(fontMetrics().height() + grid);
    horizontalHeader()->setSortIndicatorClearable(true);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setStretchLastSection(true);
}

void WeightTable::setStatistics(std::shared_ptr<const std::vector<WeightStatistics>> statistics) {
    statistics_ = std::move(statistics);
    model_->setStatistics(statistics_);
    resizeColumnsToContents();
    for (int column = 0; column + 1 < WeightTableModel::Columns; ++column) setColumnWidth(column, columnWidth(column) + grid);
}

void WeightTable::setFilter(const QString& words) {
    telling_ = false;  // the current row may go, and another become it: that is nobody's choice
    static_cast<NameFilter*>(shown_)->setWords(words);
    telling_ = true;
}

void WeightTable::sortByCurrentColumn() {
    if (!currentIndex().isValid()) return;
    const int column = currentIndex().column();
    const QHeaderView& header = *horizontalHeader();
    const bool again = header.sortIndicatorSection() == column && header.sortIndicatorOrder() == Qt::AscendingOrder;
    sortByColumn(column, again ? Qt::DescendingOrder : Qt::AscendingOrder);
    scrollTo(currentIndex());
}

void WeightTable::setCurrent(std::size_t matrix) {
    const int column = std::max(currentIndex().column(), 0);
    const QModelIndex index = shown_->mapFromSource(model_->index(static_cast<int>(matrix), column));
    if (index == currentIndex()) return;
    telling_ = false;
    setCurrentIndex(index);
    if (!index.isValid()) clearSelection();
    telling_ = true;
}

void WeightTable::currentChanged(const QModelIndex& current, const QModelIndex& previous) {
    QTableView::currentChanged(current, previous);
    if (telling_ && current.isValid() && current.row() != previous.row())
        emit chosen(static_cast<std::size_t>(shown_->mapToSource(current).row()));
}

void WeightTable::paintPicture(QPainter& painter, const QSize& size) {
    painter.save();
    painter.scale(double(size.width()) / width(), double(size.height()) / height());
    render(&painter);
    painter.restore();
}

Table WeightTable::table(bool visibleOnly) const {
    if (!statistics_) return {};
    if (!visibleOnly) return weightTable(statistics_);
    std::vector<WeightStatistics> shown;
    for (int row = 0; row < shown_->rowCount(); ++row)
        shown.push_back((*statistics_)[static_cast<std::size_t>(shown_->mapToSource(shown_->index(row, 0)).row())]);
    return weightTable(std::make_shared<const std::vector<WeightStatistics>>(std::move(shown)));
}

}  // namespace ternion::app
