#include "compare/side_view.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QProgressBar>
#include <QScrollArea>
#include <QScrollBar>
#include <QVBoxLayout>
#include <algorithm>

#include "chat/labels.h"
#include "chat/token_text.h"
#include "runs/run_text.h"
#include "shell/format.h"

namespace ternion::app {

SideView::SideView(int side, QWidget* parent)
    : QFrame(parent),
      side_(side),
      title_(makeLabel({}, "", false)),
      state_(makeLabel({}, "small", true)),
      error_(makeLabel({}, "small", false)),
      progress_(new QProgressBar),
      scroll_(new QScrollArea),
      page_(new QWidget),
      text_(new TokenText) {
    const QString letter = sideLetter(side);
    setObjectName("compareSide" + letter);
    title_->setObjectName("compareTitle" + letter);
    title_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    state_->setObjectName("compareState" + letter);
    error_->setObjectName("compareError" + letter);
    error_->setWordWrap(true);
    error_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    error_->hide();
    progress_->setObjectName("compareProgress" + letter);
    progress_->setTextVisible(false);
    text_->setObjectName("compareText" + letter);
    text_->setAccessibleName(tr("Text of side %1").arg(letter));
    text_->setParent(page_);
    page_->setBackgroundRole(QPalette::Base);
    page_->setAutoFillBackground(true);
    scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll_->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn);  // so that the text has one width
    scroll_->setProperty("flat", true);
    scroll_->setWidget(page_);
    for (QObject* sized : {static_cast<QObject*>(scroll_->viewport()), static_cast<QObject*>(title_)})
        sized->installEventFilter(this);

    auto* head = new QHBoxLayout;
    head->setContentsMargins(grid, grid / 2, grid, 0);
    head->setSpacing(grid);
    head->addWidget(title_, 1);
    head->addWidget(state_);
    auto* bar = new QHBoxLayout;
    bar->setContentsMargins(grid, 0, grid, 0);
    bar->addWidget(progress_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(grid / 2);
    column->addLayout(head);
    column->addLayout(bar);
    column->addWidget(error_);
    error_->setContentsMargins(grid, 0, grid, 0);
    column->addWidget(scroll_, 1);
    connect(text_, &TokenText::tokenActivated, this, &SideView::tokenChosen);
    begin({});
}

void SideView::setDevice(const QString& device) {
    device_ = device.isEmpty() ? sideLetter(side_) : QStringLiteral("%1   %2").arg(sideLetter(side_), device);
    title_->setToolTip(device);
    placeTitle();
}

void SideView::placeTitle() { title_->setText(title_->fontMetrics().elidedText(device_, Qt::ElideRight, title_->width())); }

void SideView::begin(const QString& device) {
    setDevice(device);
    state_->clear();
    error_->clear();
    error_->hide();
    progress_->setRange(0, 1);
    progress_->setValue(0);
    text_->clear();
    text_->finishAppending();
    placeText();
}

/// By hand: a layout asks for the height at several widths, and each time a long text would be broken into lines anew.
void SideView::placeText() {
    const int width = scroll_->viewport()->width() - 2 * grid;
    const int height = text_->heightForWidth(width);
    text_->setGeometry(grid, grid / 2, width, height);
    page_->resize(width + 2 * grid, std::max(height + grid, scroll_->viewport()->height()));
}

bool SideView::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::Resize) watched == title_ ? placeTitle() : placeText();
    return QFrame::eventFilter(watched, event);
}

void SideView::show(const LiveComparison& source) {
    const LiveSide& side = source.sides()[static_cast<std::size_t>(side_)];
    const auto all = static_cast<int>(side.tokens.size());
    QScrollBar* bar = scroll_->verticalScrollBar();
    const bool atEnd = bar->value() >= bar->maximum();
    if (all > text_->tokenCount()) {
        for (int token = text_->tokenCount(); token < all; ++token)
            text_->appendToken(side.tokens[static_cast<std::size_t>(token)].text, 1.0F);
        text_->finishAppending();
        placeText();
        if (atEnd) bar->setValue(bar->maximum());
    }
    text_->setMarks(side.differs);
    showState(source);
}

void SideView::showState(const LiveComparison& source) {
    const LiveSide& side = source.sides()[static_cast<std::size_t>(side_)];
    const int done = static_cast<int>(side.tokens.size());
    const int all = source.allTokens();
    progress_->setRange(0, std::max(all, 1));
    progress_->setValue(done);
    progress_->setVisible(source.running());
    error_->setVisible(side.error.has_value());
    if (side.error)
        error_->setText(tr("Side %1 ended here: %2").arg(sideLetter(side_), QString::fromStdString(side.error->text())));
    const double speed = side.speed();
    QString state = tr("%1 of %2 tokens").arg(formatCount(done), formatCount(all));
    if (source.state() == LiveComparison::State::Waiting) state = tr("Waiting…");
    if (speed > 0.0) state += QStringLiteral(" · ") + valueText(speed, tr("tokens/s").toStdString());
    if (source.state() == LiveComparison::State::Running && speed > 0.0 && done < all && !side.error)
        state += tr(" · about %1 left").arg(formatDuration((all - done) / speed));
    state_->setText(state);
}

void SideView::setChosen(int token) {
    text_->setChosen(token);
    if (token < 0 || token >= text_->tokenCount()) return;
    const QPoint middle = text_->mapTo(scroll_->widget(), text_->tokenRect(token).center());
    scroll_->ensureVisible(middle.x(), middle.y(), grid, 3 * grid);
}

}  // namespace ternion::app
