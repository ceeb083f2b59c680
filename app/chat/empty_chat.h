// What stands where messages will be: what to do next, and three prompts to begin with.
#pragma once

#include <QLabel>
#include <QWidget>

class QVBoxLayout;

namespace ternion::app {

class EngineClient;

class EmptyChat : public QWidget {
    Q_OBJECT

public:
    explicit EmptyChat(EngineClient& engine, QWidget* parent = nullptr);

signals:
    void exampleChosen(const QString& prompt);

private:
    void refresh();

    EngineClient& engine_;
    QLabel* title_;
    QLabel* text_;
    QVBoxLayout* examples_;
};

}  // namespace ternion::app
