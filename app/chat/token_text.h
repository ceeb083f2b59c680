// A message's text on the screen: its tokens can be clicked, and walked with the arrow keys; any of it can be selected (by
// dragging, Shift with the arrow keys, Ctrl+A) and copied.
#pragma once

#include <QWidget>
#include <algorithm>
#include <vector>

#include "chat/token_layout.h"

namespace ternion::app {

class TokenText : public QWidget {
    Q_OBJECT

public:
    explicit TokenText(bool markdown = false, QWidget* parent = nullptr);

    void clear();
    void appendText(const QString& text);
    void appendToken(const QString& text, float probability);
    void finishAppending();  ///< after any of the above: shows them
    void setTinted(bool tinted);
    void setMarks(std::vector<char> marks);  ///< a token each: underlined and coloured where it is not 0
    void setChosen(int token);               ///< shown as such; -1: none
    int tokenCount() const { return layout_.tokenCount(); }
    QRect tokenRect(int token) const { return layout_.tokenRect(token).toAlignedRect(); }
    QString text() const { return text_; }
    QString selectedText() const { return text_.mid(selectedFrom(), selectedTo() - selectedFrom()); }
    std::int64_t charactersLaidOut() const { return layout_.charactersLaidOut(); }

    bool hasHeightForWidth() const override { return true; }
    int heightForWidth(int width) const override;
    QSize sizeHint() const override;

signals:
    void tokenActivated(int token);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;

private:
    void setCurrent(int token);
    void moveTo(int token, bool selecting);
    void select(int anchor, int cursor);
    void copySelection() const;
    void updateStyle();
    int selectedFrom() const { return std::min(anchor_, cursor_); }
    int selectedTo() const { return std::max(anchor_, cursor_); }

    mutable TokenLayout layout_;  // lays itself out when it is asked for its height
    QString text_;
    bool markdown_;
    int anchor_ = 0;  // of the selection, in characters: empty where they are the same
    int cursor_ = 0;
    int anchorToken_ = -1;  // where selecting with the keys began
    QPoint pressedAt_;
    int pressed_ = -1;
    bool dragging_ = false;
    int current_ = -1;
    int hovered_ = -1;
    bool tinted_ = false;
    std::vector<char> marks_;
    int chosen_ = -1;
};

}  // namespace ternion::app
