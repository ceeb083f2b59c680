// Views beside each other where there is room, else below each other: docks are wide or tall.
#pragma once

#include <QResizeEvent>
#include <QSplitter>

namespace ternion::app {

class FoldingSplitter : public QSplitter {
public:
    FoldingSplitter() { setChildrenCollapsible(false); }

protected:
    void resizeEvent(QResizeEvent* event) override {
        setOrientation(event->size().width() > event->size().height() ? Qt::Horizontal : Qt::Vertical);
        QSplitter::resizeEvent(event);
    }
};

}  // namespace ternion::app
