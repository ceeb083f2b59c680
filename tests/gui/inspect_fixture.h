// The window with inspection docks beside the chat, for one test.
#pragma once

#include <QComboBox>
#include <QDockWidget>
#include <QTabBar>
#include <QTabWidget>
#include <QTemporaryDir>

#include "chat/chat_panel.h"
#include "chat_fixture.h"
#include "inspect/growing_views.h"
#include "inspect/layer_chooser.h"
#include "shell/main_window.h"
#include "shell/theme.h"
#include "views/number_table.h"

namespace ternion::app {

struct InspectFixture : ChatFixture {
    explicit InspectFixture(PanelDefinition panel) : settings(folder.filePath("settings.ini")), theme(settings) {
        dockId = panel.id;
        window = std::make_unique<MainWindow>(PanelContext{engine, conversation, inspector, runs, actions},
                                              std::vector<PanelDefinition>{chatPanel(), std::move(panel)}, settings, theme);
        window->resize(1440, 900);
        window->show();
        window->activateWindow();
        (void)QTest::qWaitForWindowActive(window.get());
        conversation.setSampler({.temperature = 0.0F});
    }

    /// The dock, large enough to be worked with.
    void showDock() {
        auto* dock = find<QDockWidget>(dockId);
        dock->show();
        window->resizeDocks({dock}, {520}, Qt::Vertical);
    }
    bool ask(int tokens) {
        conversation.setMaxTokens(tokens);
        conversation.send("Tell me a story about a cat.");
        return conversation.answering();
    }
    /// Until the answer ends: how often the map was seen to grow; the second time it is made to show `part`.
    int timesGrown(MapView& map, const MapRegion& part) {
        int grown = 0;
        std::size_t before = 0;
        (void)QTest::qWaitFor(
            [&] {
                const std::size_t cells = map.table(false).rows;
                if (cells > before && conversation.answering() && ++grown == 2) map.showRegion(part);
                before = cells;
                return !conversation.answering();
            },
            patience);
        return conversation.answering() ? 0 : grown;
    }
    /// The whole text has been traced and is shown.
    bool shown(const char* map) {
        return QTest::qWaitFor(
            [&] {
                const auto* view = find<MapView>(map);
                return !inspector.timeline().empty() &&
                       view->region().columns == static_cast<int>(inspector.timeline().size()) && view->ready();
            },
            patience);
    }

    template <class T = QWidget>
    T* find(const QString& name) const {
        return window->findChild<T*>(name);
    }
    void click(const QString& map, int row, int column) const {
        auto* view = find<MapView>(map);
        QTest::mouseClick(view, Qt::LeftButton, {}, view->cellRect(row, column).center());
    }
    void clickRow(const QString& table, int row) const {
        auto* view = find<NumberTable>(table);
        const auto index = view->model()->index(row, 0);
        view->scrollTo(index);
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {}, view->visualRect(index).center());
    }
    void openTab(const QString& tabs, int index) const {
        auto* bar = find<QTabWidget>(tabs)->tabBar();
        QTest::mouseClick(bar, Qt::LeftButton, {}, bar->tabRect(index).center());
    }

    /// What the engine itself makes of the text that is shown, on a state of its own.
    Trace traced(std::vector<TraceRequest::Item> items) const {
        const auto device = makeCpuBackend()->load(engine.model()->checkpoint.model, 0, {});
        const auto state = (*device)->createState();
        ForwardOptions options;
        options.trace.items = std::move(items);
        return std::move((*device)->forward(inspector.ids(), **state, options)->trace);
    }

    QTemporaryDir folder;
    Settings settings;
    Theme theme;
    QString dockId;
    std::unique_ptr<MainWindow> window;
};

/// Every cell of a map as its table has it.
inline std::vector<std::vector<TableCell>> rowsOf(const Exportable& view, bool visibleOnly = false) {
    const Table table = view.table(visibleOnly);
    std::vector<std::vector<TableCell>> rows(table.rows);
    for (std::size_t row = 0; row < table.rows; ++row) {
        rows[row].resize(table.columns.size());
        table.fill(row, rows[row]);
    }
    return rows;
}

inline QString chosenFile;  ///< what AskForFile gives

}  // namespace ternion::app
