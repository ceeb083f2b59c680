// A message's text on the screen: its tokens can be clicked, and walked with the arrow keys.
#pragma once

#include <QWidget>

#include "chat/token_layout.h"

namespace ternion::app {

class TokenText : public QWidget {
    Q_OBJECT

public:
    explicit TokenText(QWidget* parent = nullptr);

    void clear();
    void appendText(const QString& text);
    void appendToken(const QString& text, float probability);
    void finishAppending();  ///< after any of the above: shows them
    void setTinted(bool tinted);
    int tokenCount() const { return layout_.tokenCount(); }
    QRect tokenRect(int token) const { return layout_.tokenRect(token).toAlignedRect(); }
    QString text() const { return text_; }

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
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;

private:
    void setCurrent(int token);

    mutable TokenLayout layout_;  // lays itself out when it is asked for its height
    QString text_;
    int current_ = -1;
    int hovered_ = -1;
    bool tinted_ = false;
};

}  // namespace ternion::app
