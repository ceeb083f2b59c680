// A text made of tokens, laid out: paragraphs are broken into lines once, and only the last one again while it grows.
#pragma once

#include <QFont>
#include <QPainter>
#include <QRectF>
#include <QString>
#include <QTextLayout>
#include <memory>
#include <vector>

namespace ternion::app {

/// How to paint it.
struct TokenPaint {
    QColor text;
    QColor accent;
    QColor background;
    bool tinted = false;  ///< every token in the colour of its probability
    int current = -1;     ///< framed; -1: none
};

/// Coordinates are from its own top left corner. A paragraph is what stands between line feeds.
class TokenLayout {
public:
    void setFont(const QFont& font);
    void setWidth(qreal width);
    void clear();
    void appendText(const QString& text);
    void appendToken(const QString& text, float probability);

    qreal height();
    int tokenCount() const { return static_cast<int>(tokens_.size()); }
    int tokenAt(const QPointF& point);
    /// The first line's part of the token; empty where it shows nothing.
    QRectF tokenRect(int token);
    /// The nearest token on the line above (-1) or below (+1); the token itself where there is none.
    int tokenBeside(int token, int lines);
    void paint(QPainter& painter, const QRectF& clip, const TokenPaint& how);

private:
    struct Paragraph {
        int start = 0;  // in characters of the whole text
        QString text;
        std::unique_ptr<QTextLayout> layout;  // null: to be laid out
        qreal y = 0.0;
        qreal height = 0.0;
    };
    struct Token {
        int start = 0;
        int end = 0;
        float probability = 0.0F;
    };
    void update();
    void layOut(Paragraph& paragraph);
    void invalidate();
    int paragraphAt(qreal y) const;
    std::vector<QRectF> rects(const Token& token, const QRectF& clip) const;

    QFont font_;
    qreal width_ = 0.0;
    int length_ = 0;
    std::vector<Paragraph> paragraphs_;
    std::vector<Token> tokens_;
    std::size_t firstDirty_ = 0;
};

}  // namespace ternion::app
