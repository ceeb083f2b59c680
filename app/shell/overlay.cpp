#include "shell/overlay.h"

#include <QApplication>
#include <QEvent>
#include <QKeyEvent>
#include <algorithm>

namespace ternion::app {

constexpr int margin = 48;

Overlay::Overlay(QWidget* window, const QSize& preferred) : QFrame(window), preferred_(preferred) {
    setProperty("overlay", true);
    setAutoFillBackground(true);
    hide();
    window->installEventFilter(this);
    connect(qApp, &QApplication::focusChanged, this, [this](QWidget*, QWidget* now) { followFocus(now); });
}

void Overlay::popUp(QWidget* focus) {
    if (!isVisible()) focusBefore_ = window()->focusWidget();
    place();
    show();
    raise();
    focus->setFocus(Qt::PopupFocusReason);
}

void Overlay::dismiss() {
    if (!isVisible()) return;
    const bool mine = focusWidget() != nullptr && focusWidget()->hasFocus();
    hide();
    if (mine && focusBefore_) focusBefore_->setFocus(Qt::PopupFocusReason);
}

bool Overlay::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::Resize && isVisible()) place();
    return QFrame::eventFilter(watched, event);
}

bool Overlay::event(QEvent* event) {
    // Escape is the window's shortcut for stopping an answer; here it closes this first.
    if (event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        event->accept();
        return true;
    }
    return QFrame::event(event);
}

void Overlay::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape)
        dismiss();
    else
        QFrame::keyPressEvent(event);
}

void Overlay::place() {
    const QSize room = parentWidget()->size() - QSize(2 * margin, 2 * margin);
    const QSize size(std::min(preferred_.width(), room.width()), std::min(preferred_.height(), room.height()));
    setGeometry(QRect(QPoint((parentWidget()->width() - size.width()) / 2, margin), size));
}

void Overlay::followFocus(QWidget* now) {
    if (isVisible() && now != nullptr && now != this && !isAncestorOf(now)) dismiss();
}

}  // namespace ternion::app
