// A list that is filtered as one types: for the command palette, layouts and the like.
#pragma once

#include <QIcon>
#include <QString>
#include <functional>
#include <vector>

#include "shell/overlay.h"

class QLineEdit;
class QListWidget;

namespace ternion::app {

struct QuickPickItem {
    QString text;
    QString detail;    ///< where it comes from, shown muted
    QString shortcut;  ///< shown at the right
    bool enabled = true;
    std::function<void()> run;
};

/// Worked by keys alone: type, Up and Down, Enter, Escape. What is chosen runs after the list has closed.
class QuickPick : public Overlay {
    Q_OBJECT

public:
    explicit QuickPick(QWidget* window);

    /// With `useText` the typed text itself can be chosen: it stands first as `useLabel` ("Save as “%1”").
    void open(const QString& prompt, std::vector<QuickPickItem> items, const QString& useLabel = {},
              std::function<void(const QString&)> useText = {});

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void filter();
    void choose();

    QLineEdit* input_;
    QListWidget* list_;
    std::vector<QuickPickItem> items_;
    std::vector<QuickPickItem> shown_;
    QString useLabel_;
    std::function<void(const QString&)> useText_;
};

}  // namespace ternion::app
