// Markdown as character formats over the text as it was written: every character, and so every token, keeps its place.
#pragma once

#include <QColor>
#include <QFont>
#include <QString>
#include <QTextLayout>

namespace ternion::app {

/// What the formats are made of.
struct MarkdownStyle {
    QFont font;
    QColor muted;  ///< of the marks themselves
    QColor code;   ///< behind blocks of code
};

/// What one paragraph is, given whether a fenced block of code is open before it.
struct MarkdownParagraph {
    bool isFence = false;  ///< ``` alone: opens or closes a block of code
    bool isCode = false;   ///< within one
    int indent = 0;        ///< characters of a list's mark: its further lines begin behind them
};
MarkdownParagraph markdownParagraph(const QString& text, bool codeBefore);

/// Formats of **bold**, *italic*, `code`, # headings, list marks and blocks of code. A mark without its other half is text.
QList<QTextLayout::FormatRange> markdownFormats(const QString& text, const MarkdownParagraph& kind, const MarkdownStyle& style);

}  // namespace ternion::app
