#include "runs/sql_result_table.h"

#include <QAbstractTableModel>
#include <QGuiApplication>
#include <QLocale>
#include <QPalette>
#include <QThreadPool>

namespace ternion::app {
namespace {

constexpr int widestResultColumn = 320;

}  // namespace

class SqlResultTable::Model : public QAbstractTableModel {
public:
    using QAbstractTableModel::QAbstractTableModel;

    void setAnswer(std::shared_ptr<const SqlAnswer> answer) {
        beginResetModel();
        answer_.swap(answer);
        endResetModel();
        QThreadPool::globalInstance()->start([old = std::move(answer)]() mutable { old.reset(); });  // a million cells
    }
    const std::shared_ptr<const SqlAnswer>& answer() const { return answer_; }

    int rowCount(const QModelIndex& = {}) const override { return answer_ ? static_cast<int>(answer_->rows.size()) : 0; }
    int columnCount(const QModelIndex& = {}) const override { return answer_ ? static_cast<int>(answer_->columns.size()) : 0; }
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
        if (orientation == Qt::Vertical || (role != Qt::DisplayRole && role != valueRole)) return {};
        return QString::fromStdString(answer_->columns[static_cast<std::size_t>(section)]);
    }
    QVariant data(const QModelIndex& at, int role) const override {
        const TableCell& cell = answer_->rows[static_cast<std::size_t>(at.row())][static_cast<std::size_t>(at.column())];
        const bool text = std::holds_alternative<std::string>(cell);
        const bool none = std::holds_alternative<std::monostate>(cell);
        switch (role) {
            case Qt::DisplayRole:
                if (none) return QStringLiteral("NULL");
                if (const auto* real = std::get_if<double>(&cell))
                    return QLocale::c().toString(*real, 'g', QLocale::FloatingPointShortest);
                return text ? valueOf(cell).toString().simplified() : valueOf(cell).toString();
            case Qt::ToolTipRole:
                return text ? valueOf(cell) : QVariant();
            case valueRole:
                return valueOf(cell);
            case Qt::TextAlignmentRole:
                return int(Qt::AlignVCenter | (text || none ? Qt::AlignLeft : Qt::AlignRight));
            case Qt::ForegroundRole:
                return none ? QVariant(QGuiApplication::palette().color(QPalette::PlaceholderText)) : QVariant();
            default:
                return {};
        }
    }

private:
    std::shared_ptr<const SqlAnswer> answer_;
};

SqlResultTable::SqlResultTable(QWidget* parent) : ModelTable("sql.table", tr("Answer"), parent), model_(new Model(this)) {
    setModel(model_);
    setEditTriggers(NoEditTriggers);
}

void SqlResultTable::setAnswer(std::shared_ptr<const SqlAnswer> answer) {
    model_->setAnswer(std::move(answer));
    scrollToTop();
    fitColumns(widestResultColumn);
}

/// Shares the answer, however long.
Table SqlResultTable::table(bool visibleOnly) const {
    const auto [begin, end] = rowsFor(visibleOnly);
    Table table;
    if (!model_->answer()) return table;
    table.columns = model_->answer()->columns;
    table.rows = static_cast<std::size_t>(end - begin);
    table.fill = [answer = model_->answer(), first = static_cast<std::size_t>(begin)](
                     std::size_t row, std::vector<TableCell>& cells) { cells = answer->rows[first + row]; };
    return table;
}

}  // namespace ternion::app
