// The window: it puts the parts in their places and connects them, and has no idea of its own.
#pragma once

#include <QMainWindow>
#include <vector>

#include "shell/message_bar.h"
#include "shell/panel.h"

class QMenu;

namespace ternion::app {

class DockLayouts;
class ModelOpening;
class Settings;
class Theme;

class MainWindow : public QMainWindow {
    Q_OBJECT

public:
    /// All references outlive it. The definition without a dock area is the central panel.
    MainWindow(const PanelContext& context, const std::vector<PanelDefinition>& panels, Settings& settings, Theme& theme);

    void post(MessageKind kind, const QString& text) { messages_->post(kind, text); }
    void openModel(const QString& path);
    void addToToolBar(QAction* action);  ///< before the command palette

protected:
    void closeEvent(QCloseEvent* event) override;

private:
    void addAction(QAction* action, const QString& menu);
    QMenu* menuFor(const QString& path);
    void addToolBar(QWidget* deviceSelector);
    void buildCentral(const std::vector<PanelDefinition>& panels);
    void addShellActions();
    void followEngine();

    PanelContext context_;
    Settings& settings_;
    MessageArea* messages_;
    ModelOpening* opening_;
    DockLayouts* layouts_;
};

}  // namespace ternion::app
