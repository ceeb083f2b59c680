#include "chat/token_layout.h"

#include <QTextOption>
#include <algorithm>
#include <cmath>

#include "chat/probability_scale.h"

namespace ternion::app {
namespace {

constexpr qreal leading = 1.2;  // from line to line, in the font's own line heights
constexpr QColor markColor(0xd0, 0x6f, 0x00);
constexpr qreal markHeight = 2.0;
constexpr int growingLines = 16;  // of the paragraph being written; those before them are final

QColor faint(QColor color) {
    constexpr int alpha = 72;
    color.setAlpha(alpha);
    return color;
}

}  // namespace

void TokenLayout::setFont(const QFont& font) {
    font_ = font;
    invalidate();
}

void TokenLayout::setWidth(qreal width) {
    if (width == width_) return;
    width_ = width;
    invalidate();
}

void TokenLayout::setMarkdown(const std::optional<MarkdownStyle>& style) {
    markdown_ = style;
    invalidate();
}

void TokenLayout::clear() {
    paragraphs_.clear();
    tokens_.clear();
    length_ = 0;
    firstDirty_ = 0;
}

void TokenLayout::invalidate() {
    std::vector<Paragraph> whole;
    for (auto& paragraph : paragraphs_) {
        if (paragraph.continues)
            whole.back().text += paragraph.text;
        else
            whole.push_back(std::move(paragraph));
        whole.back().layout.reset();
    }
    paragraphs_ = std::move(whole);
    firstDirty_ = 0;
}

void TokenLayout::appendText(const QString& text) {
    splitLast();
    const auto parts = text.split('\n');
    for (int k = 0; k < parts.size(); ++k) {
        if (k > 0) ++length_;  // the line feed
        if (k > 0 || paragraphs_.empty()) {
            paragraphs_.emplace_back();
            paragraphs_.back().start = length_;
        }
        auto& last = paragraphs_.back();
        last.text += parts[k];
        last.layout.reset();
        length_ += static_cast<int>(parts[k].size());
        firstDirty_ = std::min(firstDirty_, paragraphs_.size() - 1);
    }
}

/// Takes the last lines of a long last paragraph for itself, so that what grows is short.
void TokenLayout::splitLast() {
    if (paragraphs_.empty() || !paragraphs_.back().layout) return;
    auto& last = paragraphs_.back();
    const int lines = last.layout->lineCount();
    if (lines <= growingLines) return;
    const int at = last.layout->lineAt(lines - 2).textStart();
    Paragraph rest;
    rest.start = last.start + at;
    rest.continues = true;
    rest.text = last.text.mid(at);
    last.text.truncate(at);
    last.layout.reset();
    firstDirty_ = std::min(firstDirty_, paragraphs_.size() - 1);
    paragraphs_.push_back(std::move(rest));
}

void TokenLayout::appendToken(const QString& text, float probability) {
    const int start = length_;
    if (!text.isEmpty()) appendText(text);
    tokens_.push_back({start, length_, probability});
}

std::pair<int, int> TokenLayout::tokenSpan(int token) const {
    const auto& found = tokens_.at(static_cast<std::size_t>(token));
    return {found.start, found.end};
}

void TokenLayout::classify(std::size_t index) {
    auto& paragraph = paragraphs_[index];
    const bool codeBefore = index > 0 && paragraphs_[index - 1].codeAfter;
    paragraph.kind = {};
    if (paragraph.continues)
        paragraph.kind.isCode = codeBefore;
    else if (markdown_)
        paragraph.kind = markdownParagraph(paragraph.text, codeBefore);
    paragraph.codeAfter = codeBefore != paragraph.kind.isFence;
}

void TokenLayout::layOut(Paragraph& paragraph) {
    paragraph.layout = std::make_unique<QTextLayout>(paragraph.text, font_);
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    paragraph.layout->setTextOption(option);
    paragraph.layout->setCacheEnabled(true);
    if (markdown_) paragraph.layout->setFormats(markdownFormats(paragraph.text, paragraph.kind, *markdown_));
    charactersLaidOut_ += paragraph.text.size();
    paragraph.layout->beginLayout();
    qreal y = 0.0;
    qreal indent = 0.0;
    for (auto line = paragraph.layout->createLine(); line.isValid(); line = paragraph.layout->createLine()) {
        line.setLineWidth(std::max(width_ - indent, 1.0));
        const qreal lineHeight = std::ceil(line.height() * leading);  // whole pixels: sums stay exact
        line.setPosition({indent, y + (lineHeight - line.height()) / 2});
        y += lineHeight;
        if (line.textStart() == 0 && paragraph.kind.indent < line.textLength()) indent = line.cursorToX(paragraph.kind.indent);
    }
    paragraph.layout->endLayout();
    paragraph.height = y;
}

void TokenLayout::update() {
    for (std::size_t k = firstDirty_; k < paragraphs_.size(); ++k) {
        auto& paragraph = paragraphs_[k];
        if (!paragraph.layout) {
            classify(k);
            layOut(paragraph);
        }
        paragraph.y = k == 0 ? 0.0 : paragraphs_[k - 1].y + paragraphs_[k - 1].height;
    }
    firstDirty_ = paragraphs_.size();
}

qreal TokenLayout::height() {
    update();
    return paragraphs_.empty() ? 0.0 : paragraphs_.back().y + paragraphs_.back().height;
}

int TokenLayout::paragraphAt(qreal y) const {
    const auto after = std::upper_bound(paragraphs_.begin(), paragraphs_.end(), y,
                                        [](qreal value, const Paragraph& paragraph) { return value < paragraph.y; });
    return static_cast<int>(after - paragraphs_.begin()) - 1;
}

int TokenLayout::lineAt(const Paragraph& paragraph, qreal y) const {
    const int lines = paragraph.layout->lineCount();
    qreal above = 0.0;
    for (int k = 0; k + 1 < lines; ++k) {
        const auto line = paragraph.layout->lineAt(k);
        const qreal spare = line.y() - above;
        above = line.rect().bottom();
        if (y - paragraph.y <= above + spare) return k;
    }
    return lines - 1;
}

int TokenLayout::characterAt(const QPointF& point) {
    update();
    const int index = paragraphAt(point.y());
    if (index < 0) return 0;
    const auto& paragraph = paragraphs_[static_cast<std::size_t>(index)];
    if (point.y() > paragraph.y + paragraph.height) return length_;
    return paragraph.start + paragraph.layout->lineAt(lineAt(paragraph, point.y())).xToCursor(point.x());
}

int TokenLayout::tokenAt(const QPointF& point) {
    update();
    const int index = paragraphAt(point.y());
    if (index < 0) return -1;
    const auto& paragraph = paragraphs_[static_cast<std::size_t>(index)];
    const auto line = paragraph.layout->lineAt(lineAt(paragraph, point.y()));
    if (point.y() > paragraph.y + paragraph.height) return -1;
    if (point.x() < line.x() || point.x() > line.x() + line.naturalTextWidth()) return -1;
    const int at = paragraph.start + line.xToCursor(point.x(), QTextLine::CursorOnCharacter);
    const auto after =
        std::upper_bound(tokens_.begin(), tokens_.end(), at, [](int value, const Token& token) { return value < token.start; });
    const int token = static_cast<int>(after - tokens_.begin()) - 1;
    return token >= 0 && at < tokens_[static_cast<std::size_t>(token)].end ? token : -1;
}

std::vector<QRectF> TokenLayout::rects(const Token& token, const QRectF& clip) const {
    std::vector<QRectF> found;
    auto paragraph = std::upper_bound(paragraphs_.begin(), paragraphs_.end(), token.start,
                                      [](int value, const Paragraph& other) { return value < other.start; });
    if (paragraph != paragraphs_.begin()) --paragraph;
    for (; paragraph != paragraphs_.end() && paragraph->start < token.end; ++paragraph) {
        if (paragraph->y > clip.bottom()) break;
        if (paragraph->y + paragraph->height < clip.top()) continue;
        const int from = std::max(0, token.start - paragraph->start);
        const int to = std::min(static_cast<int>(paragraph->text.size()), token.end - paragraph->start);
        if (from >= to) continue;
        const int lastLine = paragraph->layout->lineForTextPosition(to - 1).lineNumber();
        for (int k = paragraph->layout->lineForTextPosition(from).lineNumber(); k <= lastLine; ++k) {
            const auto line = paragraph->layout->lineAt(k);
            const int lineEnd = line.textStart() + line.textLength();
            const qreal left = line.cursorToX(std::max(from, line.textStart()));
            const qreal right = line.cursorToX(std::min(to, lineEnd));
            found.emplace_back(QRectF(QPointF(std::min(left, right), paragraph->y + line.y()),
                                      QPointF(std::max(left, right), paragraph->y + line.y() + line.height())));
        }
    }
    return found;
}

QRectF TokenLayout::tokenRect(int token) {
    update();
    if (token < 0 || token >= tokenCount()) return {};
    const auto parts = rects(tokens_[static_cast<std::size_t>(token)], QRectF(0, 0, width_, height()));
    return parts.empty() ? QRectF() : parts.front();
}

int TokenLayout::tokenBeside(int token, int lines) {
    const QRectF here = tokenRect(token);
    if (here.isEmpty()) return token;
    // Line by line, past empty ones; on a line, leftwards from where one is.
    const qreal lineHeight = here.height() * leading;
    QPointF at = here.center() + QPointF(0.0, lines * lineHeight);
    while (at.y() > 0.0 && at.y() < height()) {
        for (; at.x() >= 0.0; at.rx() -= lineHeight / 2)
            if (const int found = tokenAt(at); found >= 0) return found;
        at = {here.center().x(), at.y() + lines * lineHeight};
    }
    return token;
}

void TokenLayout::drawText(QPainter& painter, const QRectF& clip, const Paragraph& paragraph, const TokenPaint& how) const {
    QList<QTextLayout::FormatRange> selection;
    const int from = std::max(0, how.selectedFrom - paragraph.start);
    const int to = std::min(static_cast<int>(paragraph.text.size()), how.selectedTo - paragraph.start);
    if (from < to) {
        QTextCharFormat format;
        format.setBackground(how.accent);
        format.setForeground(how.selectedText);
        selection << QTextLayout::FormatRange{from, to - from, format};
    }
    paragraph.layout->draw(&painter, {0.0, paragraph.y}, selection, clip);
}

/// What lies behind the text of tokens from paragraph `first` on.
void TokenLayout::paintTokens(QPainter& painter, const QRectF& clip, std::size_t first, const TokenPaint& how) const {
    const int from = paragraphs_[first].start;
    auto token = std::lower_bound(tokens_.begin(), tokens_.end(), from,
                                  [](const Token& other, int value) { return other.end <= value; });
    const int last = paragraphAt(clip.bottom());
    const int end = last < 0 ? 0
                             : paragraphs_[static_cast<std::size_t>(last)].start +
                                   static_cast<int>(paragraphs_[static_cast<std::size_t>(last)].text.size());
    for (; token != tokens_.end() && token->start <= end; ++token) {
        const auto place = static_cast<std::size_t>(token - tokens_.begin());
        const bool marked = place < how.marked.size() && how.marked[place] != 0;
        const bool chosen = static_cast<int>(place) == how.chosen;
        if (!how.tinted && !marked && !chosen) continue;  // where a token is takes a while to find
        const auto parts = rects(*token, clip);
        for (const auto& part : parts) {
            if (!part.intersects(clip)) continue;
            if (how.tinted) painter.fillRect(part, probabilityTint(token->probability, how.background));
            if (marked) {
                painter.fillRect(part, faint(markColor));
                painter.fillRect(QRectF(part.left(), part.bottom() - markHeight, part.width() - 1, markHeight), markColor);
            }
            if (chosen) painter.fillRect(part, faint(how.accent));
        }
    }
}

void TokenLayout::paint(QPainter& painter, const QRectF& clip, const TokenPaint& how) {
    update();
    const auto first = static_cast<std::size_t>(std::max(0, paragraphAt(clip.top())));
    for (std::size_t k = first; markdown_ && k < paragraphs_.size() && paragraphs_[k].y <= clip.bottom(); ++k)
        if (const auto& paragraph = paragraphs_[k]; paragraph.kind.isCode)
            painter.fillRect(QRectF(0.0, paragraph.y, width_, paragraph.height), markdown_->code);
    if (!paragraphs_.empty() && (how.tinted || how.chosen >= 0 || !how.marked.empty())) paintTokens(painter, clip, first, how);
    painter.setPen(how.text);
    for (std::size_t k = first; k < paragraphs_.size() && paragraphs_[k].y <= clip.bottom(); ++k)
        drawText(painter, clip, paragraphs_[k], how);
    if (how.current < 0 || how.current >= tokenCount()) return;
    painter.setPen(QPen(how.accent, 2));
    painter.setRenderHint(QPainter::Antialiasing);
    for (const auto& part : rects(tokens_[static_cast<std::size_t>(how.current)], clip))
        painter.drawRoundedRect(part.adjusted(-1, -1, 1, 1), 3, 3);
}

}  // namespace ternion::app
