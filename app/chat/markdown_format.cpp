#include "chat/markdown_format.h"

#include <QFontDatabase>
#include <QRegularExpression>

namespace ternion::app {
namespace {

QTextLayout::FormatRange range(qsizetype from, qsizetype to, const QTextCharFormat& format) {
    return {static_cast<int>(from), static_cast<int>(to - from), format};
}

QTextCharFormat codeFormat(const MarkdownStyle& style) {
    QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    if (style.font.pixelSize() > 0)
        fixed.setPixelSize(style.font.pixelSize());
    else
        fixed.setPointSizeF(style.font.pointSizeF());
    QTextCharFormat format;
    format.setFont(fixed);
    return format;
}

}  // namespace

MarkdownParagraph markdownParagraph(const QString& text, bool codeBefore) {
    static const QRegularExpression list("^\\s*([-*+]|\\d{1,3}[.)])\\s+");
    MarkdownParagraph kind;
    kind.isFence = text.trimmed().startsWith("```");
    kind.isCode = codeBefore && !kind.isFence;
    if (!kind.isFence && !kind.isCode) kind.indent = static_cast<int>(list.match(text).capturedLength());
    return kind;
}

QList<QTextLayout::FormatRange> markdownFormats(const QString& text, const MarkdownParagraph& kind,
                                                const MarkdownStyle& style) {
    // Longest marks first; what stands between two of them neither begins nor ends with a space.
    static const QRegularExpression spans(
        "(?<mark>`|\\*\\*|\\*|(?<![\\w_])__|(?<![\\w_])_)(?=\\S)(?<inner>.+?)(?<=\\S)\\k<mark>(?![*_]|(?<=_)\\w)");
    static const QRegularExpression heading("^#{1,6} ");
    QTextCharFormat muted;
    muted.setForeground(style.muted);
    QTextCharFormat bold;
    bold.setFontWeight(QFont::Bold);
    if (kind.isFence) return {range(0, text.size(), muted)};
    if (kind.isCode) return {range(0, text.size(), codeFormat(style))};
    QList<QTextLayout::FormatRange> formats;
    if (const auto found = heading.match(text); found.hasMatch()) {
        formats << range(found.capturedEnd(), text.size(), bold) << range(0, found.capturedEnd(), muted);
        return formats;
    }
    if (kind.indent > 0) formats << range(0, kind.indent, muted);
    for (auto found = spans.match(text, kind.indent); found.hasMatch(); found = spans.match(text, found.capturedEnd())) {
        const QString mark = found.captured("mark");
        QTextCharFormat format = bold;
        if (mark == "`") {
            format = codeFormat(style);
        } else if (mark.size() == 1) {
            format = QTextCharFormat();
            format.setFontItalic(true);
        }
        formats << range(found.capturedStart("inner"), found.capturedEnd("inner"), format)
                << range(found.capturedStart(), found.capturedStart("inner"), muted)
                << range(found.capturedEnd("inner"), found.capturedEnd(), muted);
    }
    return formats;
}

}  // namespace ternion::app
