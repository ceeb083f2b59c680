// The conversation's tokens side by side, each with a bar: how much it changed the state.
#pragma once

#include <QWidget>
#include <vector>

namespace ternion::app {

/// Any number of tokens; draws those that are seen. Click or drag moves the current token; wheel scrolls; arrow keys, Home and
/// End move it. The current token is always brought into view.
class TokenStrip : public QWidget {
    Q_OBJECT

public:
    explicit TokenStrip(QWidget* parent = nullptr);

    struct Token {
        QString text;
        bool ofAnswer = false;  ///< of the last answer: drawn stronger
    };
    /// `change`: one a token, NaN where it is unknown; may be shorter. The bars are as high as the largest.
    void setTokens(std::vector<Token> tokens, std::vector<double> change);
    void setCurrent(int token);
    int current() const { return current_; }
    QRect tokenRect(int token) const;  ///< in widget coordinates

    QSize sizeHint() const override;

signals:
    void moved(int token);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool event(QEvent* event) override;

private:
    int tokenAt(int x) const;
    void moveTo(int token);
    void measure();
    void reveal();

    std::vector<Token> tokens_;
    std::vector<double> change_;
    std::vector<int> left_;  // of each token, and one past the last; in the strip's own coordinates
    double largest_ = 0.0;
    int current_ = -1;
    int offset_ = 0;  // what is scrolled away at the left
};

}  // namespace ternion::app
