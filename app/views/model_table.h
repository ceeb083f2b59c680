// A table over any model: rows chosen by click or keys, exported like every view.
#pragma once

#include <QTableView>

#include "views/exportable.h"

namespace ternion::app {

/// What a model says beside what it shows: of a cell its value (also for sorting), of a header the column's name in files.
constexpr int valueRole = Qt::UserRole;

/// A cell as Qt's models carry it; what is not known is no value.
QVariant valueOf(const TableCell& cell);

/// The table's cells as their text, at `size`, with the columns as wide as they are in parts of the whole.
void paintTable(QPainter& painter, const QSize& size, const QTableView& view);

/// GUI thread. Looks as all our tables do; quick with a hundred thousand rows.
class ModelTable : public QTableView, public Exportable {
    Q_OBJECT

public:
    /// `name`: object name.
    ModelTable(const QString& name, const QString& accessibleName, QWidget* parent = nullptr);

    /// As wide as what stands in their first rows, each `most` pixels at most.
    void fitColumns(int most);

    // Exportable
    void paintPicture(QPainter& painter, const QSize& size) override;
    Table table(bool visibleOnly) const override;  ///< in the order that is shown

    QSize sizeHint() const override { return {480, 200}; }
    QSize minimumSizeHint() const override { return {160, 80}; }

protected:
    struct Rows {
        int begin, end;
    };
    Rows rowsFor(bool visibleOnly) const;
};

}  // namespace ternion::app
