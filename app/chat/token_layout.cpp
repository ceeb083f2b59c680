#include "chat/token_layout.h"

#include <QTextOption>
#include <algorithm>

#include "chat/probability_scale.h"

namespace ternion::app {
namespace {

constexpr qreal leading = 1.2;  // from line to line, in the font's own line heights

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

void TokenLayout::clear() {
    paragraphs_.clear();
    tokens_.clear();
    length_ = 0;
    firstDirty_ = 0;
}

void TokenLayout::invalidate() {
    for (auto& paragraph : paragraphs_) paragraph.layout.reset();
    firstDirty_ = 0;
}

void TokenLayout::appendText(const QString& text) {
    const auto parts = text.split('\n');
    for (int k = 0; k < parts.size(); ++k) {
        if (k > 0) ++length_;  // the line feed
        if (k > 0 || paragraphs_.empty()) paragraphs_.push_back({length_, {}, nullptr, 0.0, 0.0});
        auto& last = paragraphs_.back();
        last.text += parts[k];
        last.layout.reset();
        length_ += static_cast<int>(parts[k].size());
        firstDirty_ = std::min(firstDirty_, paragraphs_.size() - 1);
    }
}

void TokenLayout::appendToken(const QString& text, float probability) {
    const int start = length_;
    if (!text.isEmpty()) appendText(text);
    tokens_.push_back({start, length_, probability});
}

void TokenLayout::layOut(Paragraph& paragraph) {
    paragraph.layout = std::make_unique<QTextLayout>(paragraph.text, font_);
    QTextOption option;
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    paragraph.layout->setTextOption(option);
    paragraph.layout->setCacheEnabled(true);
    paragraph.layout->beginLayout();
    qreal y = 0.0;
    for (auto line = paragraph.layout->createLine(); line.isValid(); line = paragraph.layout->createLine()) {
        line.setLineWidth(std::max(width_, 1.0));
        const qreal lineHeight = line.height() * leading;
        line.setPosition({0.0, y + (lineHeight - line.height()) / 2});
        y += lineHeight;
    }
    paragraph.layout->endLayout();
    paragraph.height = y;
}

void TokenLayout::update() {
    for (std::size_t k = firstDirty_; k < paragraphs_.size(); ++k) {
        auto& paragraph = paragraphs_[k];
        if (!paragraph.layout) layOut(paragraph);
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

int TokenLayout::tokenAt(const QPointF& point) {
    update();
    const int index = paragraphAt(point.y());
    if (index < 0) return -1;
    const auto& paragraph = paragraphs_[static_cast<std::size_t>(index)];
    for (int k = 0; k < paragraph.layout->lineCount(); ++k) {
        const auto line = paragraph.layout->lineAt(k);
        const qreal spare = line.y() - (k > 0 ? paragraph.layout->lineAt(k - 1).rect().bottom() : 0.0);
        if (point.y() - paragraph.y > line.rect().bottom() + spare) continue;
        if (point.x() < 0.0 || point.x() > line.naturalTextWidth()) return -1;
        const int at = paragraph.start + line.xToCursor(point.x(), QTextLine::CursorOnCharacter);
        const auto after = std::upper_bound(tokens_.begin(), tokens_.end(), at,
                                            [](int value, const Token& token) { return value < token.start; });
        const int token = static_cast<int>(after - tokens_.begin()) - 1;
        return token >= 0 && at < tokens_[static_cast<std::size_t>(token)].end ? token : -1;
    }
    return -1;
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

void TokenLayout::paint(QPainter& painter, const QRectF& clip, const TokenPaint& how) {
    update();
    const auto first = static_cast<std::size_t>(std::max(0, paragraphAt(clip.top())));
    if (how.tinted && !paragraphs_.empty()) {
        const int from = paragraphs_[first].start;
        auto token = std::lower_bound(tokens_.begin(), tokens_.end(), from,
                                      [](const Token& other, int value) { return other.end <= value; });
        for (; token != tokens_.end(); ++token) {
            const auto parts = rects(*token, clip);
            if (parts.empty() && token->end > token->start) {
                const int last = paragraphAt(clip.bottom());
                if (last >= 0 && token->start > paragraphs_[static_cast<std::size_t>(last)].start +
                                                    paragraphs_[static_cast<std::size_t>(last)].text.size())
                    break;
            }
            for (const auto& part : parts)
                if (part.intersects(clip)) painter.fillRect(part, probabilityTint(token->probability, how.background));
        }
    }
    painter.setPen(how.text);
    for (std::size_t k = first; k < paragraphs_.size() && paragraphs_[k].y <= clip.bottom(); ++k)
        paragraphs_[k].layout->draw(&painter, {0.0, paragraphs_[k].y}, {}, clip);
    if (how.current < 0 || how.current >= tokenCount()) return;
    painter.setPen(QPen(how.accent, 2));
    painter.setRenderHint(QPainter::Antialiasing);
    for (const auto& part : rects(tokens_[static_cast<std::size_t>(how.current)], clip))
        painter.drawRoundedRect(part.adjusted(-1, -1, 1, 1), 3, 3);
}

}  // namespace ternion::app
