#include "shell/command_palette.h"

#include <QGridLayout>
#include <QLabel>
#include <QScrollArea>
#include <QVBoxLayout>

#include "shell/action_registry.h"

namespace ternion::app {
namespace {

QString menuName(QString menu) { return menu.replace(QLatin1Char('/'), QStringLiteral(" › ")); }

QLabel* heading(const QString& text, const char* size) {
    auto* label = new QLabel(text);
    label->setProperty("textSize", size);
    return label;
}

}  // namespace

std::vector<QuickPickItem> commandItems(const ActionRegistry& actions) {
    std::vector<QuickPickItem> items;
    for (const auto& [menu, action] : actions.entries()) {
        if (!action->isVisible()) continue;
        QString text = action->text();
        text.remove(QLatin1Char('&'));
        if (action->isChecked()) text += QStringLiteral(" ✓");
        items.push_back({text, menuName(menu), action->shortcut().toString(QKeySequence::NativeText), action->isEnabled(),
                         [action = action] { action->trigger(); }});
    }
    return items;
}

ShortcutOverview::ShortcutOverview(QWidget* window, const ActionRegistry& actions)
    : Overlay(window, {640, 680}), actions_(actions), scroll_(new QScrollArea(this)) {
    setObjectName("shortcutOverview");
    setAccessibleName(tr("Keyboard shortcuts"));
    scroll_->setObjectName("shortcutList");
    scroll_->setProperty("flat", true);
    scroll_->setWidgetResizable(true);
    scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll_->setAccessibleName(accessibleName());
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 16, 16, 16);
    layout->setSpacing(8);
    layout->addWidget(heading(tr("Keyboard shortcuts"), "large"));
    layout->addWidget(scroll_);
    auto* hint = heading(tr("Escape closes this. Ctrl+Shift+P finds any command by its name."), "small");
    hint->setProperty("muted", true);
    layout->addWidget(hint);
}

void ShortcutOverview::open() {
    auto* content = new QWidget;
    auto* grid = new QGridLayout(content);
    grid->setContentsMargins(0, 0, 8, 0);
    grid->setHorizontalSpacing(24);
    grid->setVerticalSpacing(4);
    grid->setColumnStretch(1, 1);
    QStringList menus;
    for (const auto& entry : actions_.entries())
        if (!menus.contains(entry.menu)) menus << entry.menu;
    menus.sort();  // submenus after their menu
    int row = 0;
    for (const QString& menu : menus) {
        bool first = true;
        for (const auto& [of, action] : actions_.entries()) {
            if (of != menu || action->shortcut().isEmpty()) continue;
            if (first) {
                if (row > 0) grid->setRowMinimumHeight(row++, 8);
                auto* name = heading(menuName(menu), "small");
                name->setProperty("muted", true);
                grid->addWidget(name, row++, 0, 1, 2);
            }
            first = false;
            QString text = action->text();
            grid->addWidget(new QLabel(QKeySequence::listToString(action->shortcuts(), QKeySequence::NativeText)), row, 0);
            grid->addWidget(new QLabel(text.remove(QLatin1Char('&'))), row++, 1);
        }
    }
    grid->setRowStretch(row, 1);
    scroll_->setWidget(content);
    popUp(scroll_);
}

}  // namespace ternion::app
