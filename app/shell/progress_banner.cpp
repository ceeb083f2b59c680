#include "shell/progress_banner.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <algorithm>

#include "shell/format.h"

namespace ternion::app {
namespace {

constexpr qint64 showAfterMs = 300;
constexpr qint64 estimateAfterMs = 2000;
constexpr int tickMs = 100;
constexpr int steps = 1000;

}  // namespace

ProgressBanner::ProgressBanner(QWidget* parent)
    : QFrame(parent), text_(new QLabel), bar_(new QProgressBar), cancel_(new QPushButton(tr("Cancel"))) {
    setObjectName("progressBanner");
    text_->setObjectName("progressText");
    bar_->setObjectName("progressBar");
    bar_->setRange(0, steps);
    bar_->setTextVisible(false);
    cancel_->setObjectName("progressCancel");
    cancel_->setAccessibleName(tr("Cancel what is running"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 6, 12, 6);
    row->setSpacing(16);
    row->addWidget(text_);
    row->addWidget(bar_, 1);
    row->addWidget(cancel_);
    hide();
    tick_.setInterval(tickMs);
    connect(&tick_, &QTimer::timeout, this, &ProgressBanner::refresh);
    connect(cancel_, &QPushButton::clicked, this, [this] {
        cancel_->setEnabled(false);
        emit cancelled();
    });
}

void ProgressBanner::report(const QString& what, double fraction) {
    // Loading is several operations; each has its own clock, so that one's speed does not foretell another's.
    if (!tick_.isActive() || what != what_) since_.start();
    what_ = what;
    fraction_ = std::clamp(fraction, 0.0, 1.0);
    if (!tick_.isActive()) cancel_->setEnabled(true);
    if (!tick_.isActive()) tick_.start();
    if (isVisible()) refresh();
}

void ProgressBanner::finish() {
    tick_.stop();
    hide();
}

void ProgressBanner::refresh() {
    const qint64 elapsed = since_.elapsed();
    if (!isVisible() && elapsed < showAfterMs) return;
    QString text = what_;
    const bool slow = elapsed >= estimateAfterMs;
    if (slow && fraction_ > 0.01 && fraction_ < 1.0) {
        const double left = static_cast<double>(elapsed) / 1000.0 * (1.0 - fraction_) / fraction_;
        text += tr(" (about %1 left)").arg(formatDuration(left));
    }
    text_->setText(text);
    bar_->setValue(static_cast<int>(fraction_ * steps));
    bar_->setAccessibleName(what_);
    cancel_->setVisible(slow || cancel_->isVisible());
    show();
}

}  // namespace ternion::app
