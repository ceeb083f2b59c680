// Messages that stand in the window instead of a dialog.
#pragma once

#include <QString>
#include <QWidget>
#include <functional>
#include <optional>

class QVBoxLayout;

namespace ternion::app {

enum class MessageKind { Info, Warning, Error };

struct MessageAction {
    QString text;
    std::function<void()> run;
};

/// A column of messages, each with an icon, its text, at most one button, and a cross that takes it away. The newest stands
/// last; a text that is there already is not repeated, and beyond three the oldest goes.
class MessageArea : public QWidget {
    Q_OBJECT

public:
    explicit MessageArea(QWidget* parent = nullptr);

    void post(MessageKind kind, const QString& text, const std::optional<MessageAction>& action = std::nullopt);
    void clear();

private:
    QVBoxLayout* layout_;
};

}  // namespace ternion::app
