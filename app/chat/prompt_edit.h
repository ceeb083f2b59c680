// A field for prose that is sent with Enter and grows with its text.
#pragma once

#include <QFrame>
#include <QPlainTextEdit>

namespace ternion::app {

/// Enter submits, Shift+Enter begins a new line. As high as its text, up to eight lines; then it scrolls.
class PromptEdit : public QPlainTextEdit {
    Q_OBJECT

public:
    explicit PromptEdit(QWidget* parent = nullptr);
    /// Esc is then its own: it emits `cancelled`.
    void setCancellable(bool cancellable) { cancellable_ = cancellable; }

signals:
    void submitted();
    void cancelled();

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void fitHeight();

    bool cancellable_ = false;
};

/// The rounded frame around a prompt and its buttons; shows the prompt's focus.
class PromptFrame : public QFrame {
    Q_OBJECT

public:
    explicit PromptFrame(QWidget* parent = nullptr);
    PromptEdit& edit() const { return *edit_; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    PromptEdit* edit_;
};

}  // namespace ternion::app
