#include "shell/dock_layouts.h"

#include <QDockWidget>
#include <algorithm>

#include "shell/action_registry.h"
#include "shell/icons.h"
#include "shell/quick_pick.h"
#include "shell/settings.h"

namespace ternion::app {

DockLayouts::DockLayouts(QMainWindow* window, const std::vector<PanelDefinition>& panels, const PanelContext& context,
                         Settings& settings, QuickPick* pick)
    : QObject(window), window_(window), settings_(settings), pick_(pick) {
    window->setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    window->setCorner(Qt::BottomRightCorner, Qt::BottomDockWidgetArea);
    const QString menu = tr("View/Panels");
    for (const PanelDefinition& panel : panels) {
        if (panel.area == Qt::NoDockWidgetArea) continue;
        auto* dock = new QDockWidget(panel.title, window);
        dock->setObjectName(panel.id);
        dock->setAccessibleName(panel.title);
        dock->setAccessibleDescription(panel.tooltip);
        QWidget* content = panel.create(context);
        dock->setWidget(content);
        dock->setToolTip(panel.tooltip);
        window->addDockWidget(panel.area, dock);
        QAction* show = context.actions.add("view.panel." + panel.id, menu, panel.title, {}, {});
        show->setCheckable(true);
        connect(show, &QAction::triggered, dock, [dock](bool on) {
            dock->setVisible(on);
            if (on) dock->raise();
        });
        connect(dock, &QDockWidget::visibilityChanged, show, [dock, show] { show->setChecked(!dock->isHidden()); });
        if (panel.group != PanelGroup::None) joinGroup(groups_[panel.group], dock, panel.group);
        if (panel.group == PanelGroup::None && panel.area == Qt::RightDockWidgetArea) joinSide(dock);
        if (panel.group != PanelGroup::None || panel.area == Qt::BottomDockWidgetArea) dock->hide();  // in the way until wanted
    }
    addActions(context.actions);
}

void DockLayouts::restore() {
    original_ = window_->saveState();
    window_->restoreGeometry(settings_.windowGeometry());
    window_->restoreState(settings_.windowState());
}

void DockLayouts::store() const { settings_.setWindow(window_->saveGeometry(), window_->saveState()); }

void DockLayouts::reset() { window_->restoreState(original_); }

void DockLayouts::addActions(ActionRegistry& actions) {
    const QString menu = tr("View/Layouts");
    actions.add("view.layout.save", menu, tr("Save layout…"), {}, [this] {
        offer(
            tr("Name of the layout, or one to overwrite"),
            [this](const QString& name) { settings_.saveLayout(name, window_->saveState()); }, true);
    });
    actions.add("view.layout.apply", menu, tr("Apply layout…"), {}, [this] {
        offer(
            tr("Layout to apply"), [this](const QString& name) { window_->restoreState(settings_.layout(name)); }, false);
    });
    actions.add("view.layout.delete", menu, tr("Delete layout…"), {}, [this] {
        offer(
            tr("Layout to delete"), [this](const QString& name) { settings_.removeLayout(name); }, false);
    });
    actions
        .add("view.layout.inspect", menu, tr("Inspection layout"), QKeySequence("Ctrl+Shift+I"),
             [this] { showGroup(PanelGroup::Inspection); })
        ->setIcon(themedIcon("inspect"));
    actions
        .add("view.layout.measure", menu, tr("Measurement layout"), QKeySequence("Ctrl+Shift+E"),
             [this] { showGroup(PanelGroup::Measurement); })
        ->setIcon(themedIcon("measure"));
    actions.add("view.layout.reset", menu, tr("Reset layout"), {}, [this] { reset(); })->setIcon(themedIcon("layout"));
}

/// What stands beside the chat from the start shares one place, the first one in front.
void DockLayouts::joinSide(QDockWidget* dock) {
    if (side_ == nullptr) {
        side_ = dock;
        return;
    }
    window_->tabifyDockWidget(side_, dock);
    side_->raise();
}

/// Inspection views share one place, as tabs. Of what measures the first has the upper half, the others share the lower one.
void DockLayouts::joinGroup(std::vector<QDockWidget*>& group, QDockWidget* dock, PanelGroup which) {
    const std::size_t alone = which == PanelGroup::Measurement ? 1 : 0;
    const bool aside = window_->dockWidgetArea(dock) == Qt::RightDockWidgetArea;  // the timeline is not
    if (group.size() > alone && aside)
        window_->tabifyDockWidget(group[alone], dock);
    else if (!group.empty() && aside)
        window_->splitDockWidget(group.front(), dock, Qt::Vertical);
    group.push_back(dock);
}

/// The panels of a group beside a narrower chat; the other docks make room.
void DockLayouts::showGroup(PanelGroup which) {
    const auto& group = groups_[which];
    if (group.empty()) return;
    for (auto* dock : window_->findChildren<QDockWidget*>(QString(), Qt::FindDirectChildrenOnly))
        dock->setVisible(std::find(group.begin(), group.end(), dock) != group.end());
    group.front()->raise();
    if (which == PanelGroup::Measurement && group.size() > 1) group[1]->raise();
    window_->resizeDocks({group.front()}, {window_->width() * 3 / 5}, Qt::Horizontal);
}

void DockLayouts::offer(const QString& prompt, const std::function<void(const QString&)>& run, bool newName) {
    std::vector<QuickPickItem> items;
    for (const QString& name : settings_.layouts()) items.push_back({name, {}, {}, true, [run, name] { run(name); }});
    if (items.empty() && !newName) items.push_back({tr("No layout is saved yet: use “Save layout…” first"), {}, {}, false, {}});
    pick_->open(prompt, std::move(items), tr("Save as “%1”"), newName ? run : nullptr);
}

}  // namespace ternion::app
