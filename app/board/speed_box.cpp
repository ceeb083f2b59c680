#include "board/speed_box.h"

#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "runs/run_text.h"

namespace ternion::app {
namespace {

constexpr int edge = 8;  // the hatched strip

}  // namespace

SpeedBox::SpeedBox(const QString& name, const QString& title, QWidget* parent)
    : QFrame(parent),
      speed_(makeLabel({}, "large", false)),
      tag_(makeLabel({}, "small", false)),
      note_(makeLabel({}, "small", true)) {
    setObjectName(name);
    setAccessibleName(title);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(edge + grid, grid, grid, grid);
    column->setSpacing(grid / 2);
    auto* head = makeLabel(title, "small", false);
    head->setWordWrap(true);
    speed_->setObjectName(name + QStringLiteral("Value"));
    tag_->setObjectName(name + QStringLiteral("Tag"));
    note_->setObjectName(name + QStringLiteral("Note"));
    note_->setWordWrap(true);
    for (QLabel* label : {head, speed_, tag_, note_}) column->addWidget(label);
    column->addStretch(1);
}

void SpeedBox::show(const QString& speed, const QString& note, Source source) {
    source_ = source;
    speed_->setText(speed);
    tag_->setText(source == Source::Measured ? tr("measured") : sourceTag(source));
    note_->setText(note);
    update();
}

void SpeedBox::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QColor line = palette().color(QPalette::Mid);
    const QRect strip(0, 0, edge, height());
    painter.fillRect(strip, source_ == Source::Measured ? QBrush(line) : sourceBrush(source_));
    painter.setPen(line);
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
    painter.drawLine(edge, 0, edge, height());
}

}  // namespace ternion::app
