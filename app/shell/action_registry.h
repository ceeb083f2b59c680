// Every action of the program in one list: for the command palette, the menus and the shortcut overview.
#pragma once

#include <QAction>
#include <QKeySequence>
#include <QObject>
#include <QString>
#include <functional>
#include <vector>

namespace ternion::app {

class ActionRegistry : public QObject {
    Q_OBJECT

public:
    using QObject::QObject;

    /// Makes an action owned by the registry. `menu` is the menu it stands in ("File", translated; "View/Theme" is a submenu),
    /// `text` its name there and in the palette, `id` its object name (stable; tests use it). The window's shortcut context
    /// applies: the action works wherever the focus is.
    QAction* add(const QString& id, const QString& menu, const QString& text, const QKeySequence& shortcut,
                 const std::function<void()>& run);

    struct Entry {
        QString menu;
        QAction* action;
    };
    const std::vector<Entry>& entries() const { return entries_; }
    QAction* find(const QString& id) const;

signals:
    void added(QAction* action, const QString& menu);

private:
    std::vector<Entry> entries_;
};

}  // namespace ternion::app
