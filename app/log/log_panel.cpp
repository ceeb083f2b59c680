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

#include "engine/engine_client.h"
#include "log/diagnostics.h"
#include "log/log_model.h"
#include "shell/action_registry.h"
#include "shell/device_selector.h"
#include "shell/format.h"
#include "shell/icons.h"

namespace ternion::app {
namespace {

QString logPanelText(const char* source) { return QCoreApplication::translate("LogPanel", source); }

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

/// What becomes of models and devices, and nothing of what is said.
void logEvents(EngineClient& engine, QObject* panel) {
    const auto note = [](LogLevel level, const QString& line) { log(level, line.toStdString()); };
    for (const DeviceInfo& device : engine.devices())
        note(LogLevel::Info, device.usable
                                 ? logPanelText("Found %1, driver %2").arg(deviceLabel(device), device.driver.c_str())
                                 : logPanelText("Not usable: %1, %2").arg(deviceLabel(device), device.reason.c_str()));
    QObject::connect(&engine, &EngineClient::modelOpened, panel, [note](const std::shared_ptr<const OpenModel>& model) {
        if (model) note(LogLevel::Info, logPanelText("Opened %1, hash %2").arg(formatPath(model->path), model->hash.c_str()));
    });
    QObject::connect(&engine, &EngineClient::deviceChanged, panel, [note](const ActiveDevice& device) {
        note(LogLevel::Info, logPanelText("Runs on %1, %2").arg(deviceLabel(device.info), formatBytes(device.memory.total())));
    });
    QObject::connect(&engine, &EngineClient::failed, panel, [note](const Error& error) {
        note(error.code == ErrorCode::Cancelled ? LogLevel::Info : LogLevel::Error, QString::fromStdString(error.text()));
    });
}

QWidget* makePanel(LogModel& log, const PanelContext& context) {
    auto* panel = new QWidget;
    panel->setObjectName("logPanel");
    logEvents(context.engine, panel);
    auto* filter = new LevelFilter(panel);
    filter->setSourceModel(&log);

    auto* level = new QComboBox;
    level->setObjectName("logLevel");
    level->setAccessibleName(logPanelText("Least level shown"));
    level->addItems(
        {logPanelText("Everything"), logPanelText("Information"), logPanelText("Warnings"), logPanelText("Errors")});
    level->setCurrentIndex(static_cast<int>(LogLevel::Info));
    QObject::connect(level, &QComboBox::currentIndexChanged, filter, &LevelFilter::setLevel);

    auto* list = new QListView;
    list->setObjectName("logList");
    list->setAccessibleName(logPanelText("Log"));
    list->setModel(filter);
    list->setUniformItemSizes(true);
    list->setProperty("flat", true);
    list->setIconSize(QSize(16, 16));
    list->setContentsMargins(8, 0, 8, 0);
    QObject::connect(filter, &QAbstractItemModel::rowsInserted, list, &QListView::scrollToBottom);

    const QString menu = logPanelText("Help");
    QAction* copy = context.actions.add("log.copy", menu, logPanelText("Copy log"), {},
                                        [filter] { QGuiApplication::clipboard()->setText(allText(*filter)); });
    QAction* clear = context.actions.add("log.clear", menu, logPanelText("Clear log"), {}, [&log] { log.clear(); });
    QAction* report =
        context.actions.add("log.diagnostics", menu, logPanelText("Copy diagnostics"), {},
                            [&engine = context.engine] { QGuiApplication::clipboard()->setText(diagnostics(engine)); });
    report->setToolTip(
        logPanelText("Versions, system, devices, drivers and the model's hash, for a report of a fault. Never chats."));

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
    return {"log", logPanelText("Log"),
            logPanelText("What the engine reports: devices, loading, warnings. Nothing of your chats is ever in it."),
            Qt::BottomDockWidgetArea, [&log](const PanelContext& context) { return makePanel(log, context); }};
}

}  // namespace ternion::app
