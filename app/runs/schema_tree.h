// The tables of the database and their columns.
#pragma once

#include <QTreeWidget>
#include <vector>

#include "store/sql_console.h"

namespace ternion::app {

class SchemaTree : public QTreeWidget {
    Q_OBJECT

public:
    explicit SchemaTree(QWidget* parent = nullptr);
    /// What is open stays open.
    void setSchema(const std::vector<SqlTable>& tables);

    QSize sizeHint() const override { return {240, 200}; }

signals:
    void nameChosen(const QString& name);  ///< by double click or Enter
};

}  // namespace ternion::app
