#include "runs/schema_tree.h"

#include <QHeaderView>
#include <QSet>

namespace ternion::app {

SchemaTree::SchemaTree(QWidget* parent) : QTreeWidget(parent) {
    setObjectName("sql.schema");
    setAccessibleName(tr("Tables and columns of the database"));
    setProperty("textSize", "small");
    setProperty("flat", true);
    setColumnCount(2);
    setHeaderHidden(true);
    setUniformRowHeights(true);
    setExpandsOnDoubleClick(false);  // it inserts
    header()->setStretchLastSection(true);
    connect(this, &QTreeWidget::itemActivated, this, [this](const QTreeWidgetItem* item) { emit nameChosen(item->text(0)); });
}

void SchemaTree::setSchema(const std::vector<SqlTable>& tables) {
    QSet<QString> open;
    for (int row = 0; row < topLevelItemCount(); ++row)
        if (topLevelItem(row)->isExpanded()) open.insert(topLevelItem(row)->text(0));
    clear();
    const QBrush muted = palette().color(QPalette::PlaceholderText);
    for (const SqlTable& table : tables) {
        auto* item = new QTreeWidgetItem(this, {QString::fromStdString(table.name)});
        item->setToolTip(0, tr("Double click inserts the name"));
        for (const SqlTable::Column& column : table.columns) {
            auto* child = new QTreeWidgetItem(item, {QString::fromStdString(column.name), QString::fromStdString(column.type)});
            child->setForeground(1, muted);
            for (const int place : {0, 1}) child->setToolTip(place, QString::fromStdString(column.note));
        }
    }
    expandAll();  // its width is that of all columns' names
    resizeColumnToContents(0);
    collapseAll();
    for (int row = 0; row < topLevelItemCount(); ++row)
        topLevelItem(row)->setExpanded(open.contains(topLevelItem(row)->text(0)));
}

}  // namespace ternion::app
