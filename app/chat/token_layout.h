// A text made of tokens, laid out: while it grows, only its last lines are broken anew.
#pragma once

#include <QFont>
#include <QPainter>
#include <QRectF>
#include <QString>
#include <QTextLayout>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "chat/markdown_format.h"

namespace ternion::app {

/// How to paint it.
struct TokenPaint {
    QColor text;
    QColor accent;
    QColor background;
    bool tinted = false;                ///< every token in the colour of its probability
    int current = -1;                   ///< framed; -1: none
    int chosen = -1;                    ///< filled with the accent's colour; -1: none
    std::span<const char> marked = {};  ///< a token each, underlined and coloured where it is not 0; may be shorter
    QColor selectedText;
    int selectedFrom = 0;  ///< characters
    int selectedTo = 0;
};

/// Coordinates are from its own top left corner. A paragraph is what stands between line feeds.
class TokenLayout {
public:
    void setFont(const QFont& font);
    void setWidth(qreal width);
    void setMarkdown(const std::optional<MarkdownStyle>& style);  ///< none: plain text
    void clear();
    void appendText(const QString& text);
    void appendToken(const QString& text, float probability);

    qreal height();
    int tokenCount() const { return static_cast<int>(tokens_.size()); }
    int tokenAt(const QPointF& point);
    /// The place between two characters that is nearest.
    int characterAt(const QPointF& point);
    /// From its first character to behind its last.
    std::pair<int, int> tokenSpan(int token) const;
    /// The first line's part of the token; empty where it shows nothing.
    QRectF tokenRect(int token);
    /// The nearest token on the line above (-1) or below (+1); the token itself where there is none.
    int tokenBeside(int token, int lines);
    void paint(QPainter& painter, const QRectF& clip, const TokenPaint& how);

    /// Characters broken into lines since the beginning: the work done.
    std::int64_t charactersLaidOut() const { return charactersLaidOut_; }

private:
    struct Paragraph {
        int start = 0;           // in characters of the whole text
        bool continues = false;  // no line feed before it: the lines before it are final and were split off
        QString text;
        MarkdownParagraph kind;
        bool codeAfter = false;               // a block of code is open at its end
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
    void classify(std::size_t index);
    void layOut(Paragraph& paragraph);
    void splitLast();
    void invalidate();
    int paragraphAt(qreal y) const;
    int lineAt(const Paragraph& paragraph, qreal y) const;
    void drawText(QPainter& painter, const QRectF& clip, const Paragraph& paragraph, const TokenPaint& how) const;
    void paintTokens(QPainter& painter, const QRectF& clip, std::size_t first, const TokenPaint& how) const;
    std::vector<QRectF> rects(const Token& token, const QRectF& clip) const;

    QFont font_;
    qreal width_ = 0.0;
    int length_ = 0;
    std::vector<Paragraph> paragraphs_;
    std::vector<Token> tokens_;
    std::optional<MarkdownStyle> markdown_;
    std::size_t firstDirty_ = 0;
    std::int64_t charactersLaidOut_ = 0;
};

}  // namespace ternion::app
