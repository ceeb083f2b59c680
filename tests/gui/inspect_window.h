// The window with the chat and some inspection panels, a model and a short conversation in it.
#pragma once

#include <QDockWidget>
#include <QFile>
#include <QLabel>

#include "chat/chat_panel.h"
#include "chat_fixture.h"
#include "shell/main_window.h"
#include "shell/theme.h"
#include "views/exportable.h"

namespace ternion::app {

struct InspectWindow : ChatFixture {
    InspectWindow(const QString& settingsFile, const std::function<std::vector<PanelDefinition>(Settings&)>& panels)
        : settings(settingsFile), theme(settings) {
        auto all = panels(settings);
        all.insert(all.begin(), chatPanel());
        window =
            std::make_unique<MainWindow>(PanelContext{engine, conversation, inspector, runs, actions}, all, settings, theme);
        window->resize(1440, 900);
        window->show();
        window->activateWindow();
        (void)QTest::qWaitForWindowActive(window.get());
    }

    template <class T = QWidget>
    T* find(const char* name) const {
        return window->findChild<T*>(name);
    }
    void trigger(const char* id) const { actions.find(id)->trigger(); }
    void showPanel(const QString& id) const {
        actions.find("view.panel." + id)->trigger();
        auto* dock = window->findChild<QDockWidget*>(id);
        window->resizeDocks({dock}, {420}, Qt::Vertical);
    }
    QString note(const char* panel) const {
        auto* label = find(panel)->findChild<QLabel*>("emptyNote");
        return label->isVisible() ? label->text() : QString();
    }
    /// The answer is the most probable one.
    bool ask(const QString& prompt, int tokens = 12) {
        conversation.setMaxTokens(tokens);
        conversation.setSampler({});
        conversation.send(prompt);
        return answered() && QTest::qWaitFor([this] { return !inspector.timeline().empty(); }, patience);
    }
    bool traced(TraceRequest::Item item) {
        return QTest::qWaitFor(
            [&] { return inspector.series(item).endToken() == static_cast<int>(inspector.timeline().size()); }, patience);
    }
    /// In both themes, as `name`-light and `name`-dark.
    void keepPictures(const QString& name) {
        for (const char* mode : {"dark", "light"}) {
            trigger(qPrintable(QStringLiteral("view.theme.") + mode));
            QTest::qWait(300);
            keepPicture(*window, name + '-' + mode);
        }
    }
    std::vector<std::vector<TableCell>> rows(const char* panel) const {
        const Table table = dynamic_cast<const Exportable*>(find(panel))->table(false);
        std::vector<std::vector<TableCell>> all(table.rows, std::vector<TableCell>(table.columns.size()));
        for (std::size_t row = 0; row < table.rows; ++row) table.fill(row, all[row]);
        return all;
    }

    Settings settings;
    Theme theme;
    std::unique_ptr<MainWindow> window;
};

}  // namespace ternion::app
