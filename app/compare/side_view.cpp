#include "compare/side_view.h"

#include <QHBoxLayout>
#include <QProgressBar>
#include <QScrollArea>
#include <QScrollBar>
#include <QTimer>
#include <QVBoxLayout>
#include <algorithm>

#include "chat/labels.h"
#include "chat/token_text.h"
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
    auto* page = new QWidget;
    auto* inside = new QVBoxLayout(page);
    inside->setContentsMargins(grid, grid / 2, grid, grid / 2);
    inside->addWidget(text_);
    inside->addStretch(1);
    page->setBackgroundRole(QPalette::Base);
    page->setAutoFillBackground(true);
    scroll_->setWidgetResizable(true);
    scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll_->setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOn);  // else the text is laid out for both widths again and again
    scroll_->setProperty("flat", true);
    scroll_->setWidget(page);

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
    title_->setText(device.isEmpty() ? sideLetter(side_) : QStringLiteral("%1   %2").arg(sideLetter(side_), device));
    title_->setToolTip(device);
}

void SideView::begin(const QString& device) {
    setDevice(device);
    state_->clear();
    error_->clear();
    error_->hide();
    progress_->setRange(0, 1);
    progress_->setValue(0);
    text_->clear();
    text_->finishAppending();
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
        // After the layout has seen the longer text.
        if (atEnd) QTimer::singleShot(0, this, [bar] { bar->setValue(bar->maximum()); });
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
    if (speed > 0.0) state += tr(" · %1 tokens/s").arg(QLocale().toString(speed, 'g', 3));
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
