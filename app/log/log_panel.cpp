#include "log/log_panel.h"

#include <QClipboard>
#include <QComboBox>
#include <QCoreApplication>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QListView>
#include <QSortFilterProxyModel>
#include <QToolButton>
#include <QVBoxLayout>

#include "log/diagnostics.h"
#include "log/log_model.h"
#include "shell/action_registry.h"
#include "shell/icons.h"

namespace ternion::app {
namespace {

QString text(const char* source) { return QCoreApplication::translate("LogPanel", source); }

/// Lines of a level and all worse ones.
class LevelFilter : public QSortFilterProxyModel {
public:
    using QSortFilterProxyModel::QSortFilterProxyModel;
    void setLevel(int level) {
        level_ = level;
        invalidateFilter();
    }

protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override {
        return sourceModel()->index(row, 0, parent).data(LogModel::levelRole).toInt() >= level_;
    }

private:
    int level_ = static_cast<int>(LogLevel::Info);
};

QString allText(const QAbstractItemModel& model) {
    QString all;
    for (int row = 0; row < model.rowCount(); ++row) all += model.index(row, 0).data().toString() + QLatin1Char('\n');
    return all;
}

QToolButton* actionButton(QAction* action, const char* icon) {
    action->setIcon(themedIcon(icon));
    auto* button = new QToolButton;
    button->setDefaultAction(action);
    button->setObjectName(action->objectName());
    button->setAccessibleName(action->text());
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    return button;
}

QWidget* makePanel(LogModel& log, const PanelContext& context) {
    auto* panel = new QWidget;
    panel->setObjectName("logPanel");
    auto* filter = new LevelFilter(panel);
    filter->setSourceModel(&log);

    auto* level = new QComboBox;
    level->setObjectName("logLevel");
    level->setAccessibleName(text("Least level shown"));
    level->addItems({text("Everything"), text("Information"), text("Warnings"), text("Errors")});
    level->setCurrentIndex(static_cast<int>(LogLevel::Info));
    QObject::connect(level, &QComboBox::currentIndexChanged, filter, &LevelFilter::setLevel);

    auto* list = new QListView;
    list->setObjectName("logList");
    list->setAccessibleName(text("Log"));
    list->setModel(filter);
    list->setUniformItemSizes(true);
    list->setProperty("flat", true);
    list->setIconSize(QSize(16, 16));
    list->setContentsMargins(8, 0, 8, 0);
    QObject::connect(filter, &QAbstractItemModel::rowsInserted, list, &QListView::scrollToBottom);

    const QString menu = text("Help");
    QAction* copy = context.actions.add("log.copy", menu, text("Copy log"), {},
                                        [filter] { QGuiApplication::clipboard()->setText(allText(*filter)); });
    QAction* clear = context.actions.add("log.clear", menu, text("Clear log"), {}, [&log] { log.clear(); });
    QAction* report = context.actions.add("log.diagnostics", menu, text("Copy diagnostics"), {}, [&engine = context.engine] {
        QGuiApplication::clipboard()->setText(diagnostics(engine));
    });
    report->setToolTip(text("Versions, system, devices, drivers and the model's hash, for a report of a fault. Never chats."));

    auto* row = new QHBoxLayout;
    row->setContentsMargins(8, 4, 8, 4);
    row->setSpacing(8);
    row->addWidget(level);
    row->addStretch(1);
    row->addWidget(actionButton(copy, "copy"));
    row->addWidget(actionButton(clear, "delete"));
    row->addWidget(actionButton(report, "log"));
    auto* column = new QVBoxLayout(panel);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(row);
    column->addWidget(list, 1);
    return panel;
}

}  // namespace

PanelDefinition logPanel(LogModel& log) {
    return {"log", text("Log"),
            text("What the engine reports: devices, loading, warnings. Nothing of your chats is ever in it."),
            Qt::BottomDockWidgetArea, [&log](const PanelContext& context) { return makePanel(log, context); }};
}

}  // namespace ternion::app
