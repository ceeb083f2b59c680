#include "shell/message_bar.h"

#include <QEvent>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include "shell/icons.h"

namespace ternion::app {
namespace {

constexpr int most = 3;

class MessageBar : public QFrame {
public:
    MessageBar(MessageKind kind, const QString& text, const std::optional<MessageAction>& action) {
        const char* const name = kind == MessageKind::Error ? "error" : kind == MessageKind::Warning ? "warning" : "info";
        setObjectName("messageBar");
        setProperty("kind", name);
        setAccessibleName(text);
        showIcon();
        auto* label = new QLabel(text);
        label->setObjectName("messageText");
        label->setTextFormat(Qt::PlainText);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
        label->setWordWrap(true);
        auto* close = new QToolButton;
        close->setObjectName("messageClose");
        close->setIcon(themedIcon("close"));
        close->setToolTip(MessageArea::tr("Dismiss"));
        close->setAccessibleName(close->toolTip());
        connect(close, &QToolButton::clicked, this, &QObject::deleteLater);
        auto* row = new QHBoxLayout(this);
        row->setContentsMargins(12, 6, 6, 6);
        row->setSpacing(8);
        row->addWidget(icon_, 0, Qt::AlignTop);
        row->addWidget(label, 1);
        if (action) {
            auto* button = new QPushButton(action->text);
            button->setObjectName("messageAction");
            connect(button, &QPushButton::clicked, this, [this, run = action->run] {
                deleteLater();
                run();
            });
            row->addWidget(button);
        }
        row->addWidget(close, 0, Qt::AlignTop);
    }

protected:
    void changeEvent(QEvent* event) override {
        if (event->type() == QEvent::PaletteChange) showIcon();
        QFrame::changeEvent(event);
    }

private:
    void showIcon() { icon_->setPixmap(themedIcon(property("kind").toString()).pixmap(QSize(20, 20), devicePixelRatioF())); }

    QLabel* icon_ = new QLabel(this);
};

}  // namespace

MessageArea::MessageArea(QWidget* parent) : QWidget(parent), layout_(new QVBoxLayout(this)) {
    setObjectName("messages");
    layout_->setContentsMargins(0, 0, 0, 0);
    layout_->setSpacing(0);
}

void MessageArea::post(MessageKind kind, const QString& text, const std::optional<MessageAction>& action) {
    while (layout_->count() >= most) delete layout_->itemAt(0)->widget();
    for (int i = layout_->count() - 1; i >= 0; --i)
        if (QWidget* bar = layout_->itemAt(i)->widget(); bar->accessibleName() == text) delete bar;
    layout_->addWidget(new MessageBar(kind, text, action));
}

void MessageArea::clear() {
    while (layout_->count() > 0) delete layout_->itemAt(0)->widget();
}

}  // namespace ternion::app
