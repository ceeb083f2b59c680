#include "runs/sql_highlighter.h"

#include <QGuiApplication>
#include <QPalette>
#include <QSet>
#include <algorithm>

namespace ternion::app {
namespace {

constexpr int darkest = 128;  // lightness of a background below which a theme is dark

const QSet<QString>& keywords() {
    static const QSet<QString> all = [] {
        const QStringList words =
            QStringLiteral(
                "ALL AND AS ASC BETWEEN BY CASE CAST COLLATE CROSS CURRENT CURRENT_DATE CURRENT_TIME "
                "CURRENT_TIMESTAMP DESC DISTINCT ELSE END ESCAPE EXCEPT EXCLUDE EXISTS EXPLAIN FILTER FIRST "
                "FOLLOWING FROM FULL GLOB GROUP GROUPS HAVING IN INDEXED INNER INTERSECT IS ISNULL JOIN LAST "
                "LEFT LIKE LIMIT MATCH MATERIALIZED NATURAL NOT NOTNULL NULL NULLS OFFSET ON OR ORDER OTHERS "
                "OUTER OVER PARTITION PLAN PRAGMA PRECEDING QUERY RANGE RECURSIVE REGEXP RIGHT ROW ROWS "
                "SELECT THEN TIES UNBOUNDED UNION USING VALUES WHEN WHERE WINDOW WITH")
                .split(QLatin1Char(' '));
        return QSet<QString>(words.begin(), words.end());
    }();
    return all;
}

bool inWord(QChar letter) { return letter.isLetterOrNumber() || letter == QLatin1Char('_'); }

}  // namespace

SqlHighlighter::SqlHighlighter(QTextDocument* document) : QSyntaxHighlighter(document) { takeColors(); }

void SqlHighlighter::followTheme() {
    takeColors();
    rehighlight();
}

void SqlHighlighter::takeColors() {
    const QPalette palette = QGuiApplication::palette();
    const bool dark = palette.color(QPalette::Base).lightness() < darkest;
    keyword_.setForeground(palette.color(QPalette::Link));
    keyword_.setFontWeight(QFont::DemiBold);
    text_.setForeground(dark ? QColor(0xe0a15a) : QColor(0x8a5200));
    number_.setForeground(dark ? QColor(0xb9a4f6) : QColor(0x5b3fb0));
    comment_.setForeground(palette.color(QPalette::PlaceholderText));
    comment_.setFontItalic(true);
}

void SqlHighlighter::highlightBlock(const QString& text) {
    const auto upTo = [&](qsizetype begin, const QString& end) {
        const qsizetype found = text.indexOf(end, begin);
        return found < 0 ? text.size() + 1 : found + end.size();
    };
    const auto color = [&](qsizetype begin, qsizetype end, const QTextCharFormat& format) {
        setFormat(static_cast<int>(begin), static_cast<int>(std::min(end, text.size()) - begin), format);
    };
    const QString quote(QLatin1Char('\''));
    const QString commentEnd = QStringLiteral("*/");
    qsizetype at = 0;
    setCurrentBlockState(Plain);
    const auto spanTo = [&](qsizetype begin, qsizetype end, const QTextCharFormat& format, State open) {
        color(begin, end, format);
        if (end > text.size()) setCurrentBlockState(open);
        at = end;
    };
    if (previousBlockState() == InText) spanTo(0, upTo(0, quote), text_, InText);
    if (previousBlockState() == InComment) spanTo(0, upTo(0, commentEnd), comment_, InComment);
    while (at < text.size()) {
        const QStringView rest = QStringView(text).mid(at);
        if (rest.startsWith(QLatin1String("--")))
            spanTo(at, text.size(), comment_, Plain);
        else if (rest.startsWith(QLatin1String("/*")))
            spanTo(at, upTo(at + 2, commentEnd), comment_, InComment);
        else if (rest.front() == QLatin1Char('\''))
            spanTo(at, upTo(at + 1, quote), text_, InText);
        else if (rest.front() == QLatin1Char('"'))
            at = upTo(at + 1, QString(QLatin1Char('"')));  // a name
        else if (inWord(rest.front()))
            at = colorWord(text, at);
        else
            ++at;
    }
}

qsizetype SqlHighlighter::colorWord(const QString& text, qsizetype begin) {
    const bool number = text[begin].isDigit();
    qsizetype end = begin;
    while (end < text.size() && (inWord(text[end]) || (number && text[end] == QLatin1Char('.')))) ++end;
    if (number)
        setFormat(static_cast<int>(begin), static_cast<int>(end - begin), number_);
    else if (keywords().contains(text.mid(begin, end - begin).toUpper()))
        setFormat(static_cast<int>(begin), static_cast<int>(end - begin), keyword_);
    return end;
}

}  // namespace ternion::app
