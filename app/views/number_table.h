// A table of numbers: sorted by a click on a header, worked by keys, exported like every view.
#pragma once

#include <QTableView>
#include <string>
#include <vector>

#include "views/exportable.h"

class QSortFilterProxyModel;

namespace ternion::app {

/// GUI thread. Rows are known by their place among those given, however they are sorted.
class NumberTable : public QTableView, public Exportable {
    Q_OBJECT

public:
    enum class Format {
        Text,
        Number,  ///< four digits; infinity as people write it
        Share,   ///< 0 to 1, shown in per cent
    };
    struct Column {
        QString title;     ///< translated
        std::string name;  ///< in files, with its unit
        Format format = Format::Number;
        QString toolTip = {};
    };
    using Rows = std::vector<std::vector<TableCell>>;

    /// `name`: object name and accessible name.
    NumberTable(const QString& name, std::vector<Column> columns, QWidget* parent = nullptr);

    /// What is shown stays in place and sorted.
    void setRows(Rows rows);
    /// Highlights a row without a signal; -1: none.
    void setMarked(int row);
    int marked() const;

    // Exportable
    void paintPicture(QPainter& painter, const QSize& size) override;
    Table table(bool visibleOnly) const override;  ///< in the order that is shown

    QSize sizeHint() const override { return {320, 160}; }
    QSize minimumSizeHint() const override { return {160, 80}; }

signals:
    void rowChosen(int row);  ///< by click or keys

private:
    class Model;
    std::vector<Column> columns_;
    Model* model_;
    QSortFilterProxyModel* sorted_;
    bool marking_ = false;
};

}  // namespace ternion::app
