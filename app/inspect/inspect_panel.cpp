#include "inspect/inspect_panel.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QStackedWidget>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "inspect/inspector.h"

namespace ternion::app {

InspectPanel::InspectPanel(const QString& id, const PanelContext& context, QWidget* parent)
    : QWidget(parent),
      inspector_(context.inspector),
      controls_(new QHBoxLayout),
      pages_(new QStackedWidget),
      empty_(makeLabel({}, "", true)) {
    setObjectName(id + QStringLiteral("Panel"));
    controls_->setContentsMargins(grid, grid / 2, grid, grid / 2);
    controls_->setSpacing(grid);
    empty_->setObjectName("emptyNote");
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setWordWrap(true);
    empty_->setMargin(2 * grid);
    pages_->addWidget(empty_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(controls_);
    column->addWidget(pages_, 1);
    connect(&inspector_, &Inspector::modelChanged, this, &InspectPanel::scheduleRefresh);
    connect(&inspector_, &Inspector::selectionChanged, this, &InspectPanel::scheduleRefresh);
    connect(&inspector_, &Inspector::timelineChanged, this, &InspectPanel::scheduleRefresh);
    connect(&inspector_, &Inspector::traced, this, &InspectPanel::scheduleRefresh);
}

void InspectPanel::setContent(QWidget* content) {
    while (QWidget* before = pages_->widget(1)) delete before;
    pages_->addWidget(content);
    pages_->setCurrentWidget(content);
}

void InspectPanel::showEmpty(const QString& what) {
    empty_->setText(what);
    if (QWidget* content = pages_->widget(1)) pages_->setCurrentWidget(what.isEmpty() ? content : empty_);
}

void InspectPanel::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    scheduleRefresh();
}

void InspectPanel::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    inspector_.want(this, {});
}

void InspectPanel::scheduleRefresh() {
    if (scheduled_ || !isVisible()) return;
    scheduled_ = true;
    QMetaObject::invokeMethod(
        this,
        [this] {
            scheduled_ = false;
            if (!isVisible()) return;
            inspector_.want(this, wanted());
            refresh();
        },
        Qt::QueuedConnection);
}

}  // namespace ternion::app
