// In one line: do the sides differ, where first, and the way there.
#pragma once

#include <QWidget>

#include "compare/live_comparison.h"

class QLabel;
class QPushButton;

namespace ternion::app {

/// Of one side against the first. GUI thread.
class DivergenceLine : public QWidget {
    Q_OBJECT

public:
    explicit DivergenceLine(int side, QWidget* parent = nullptr);
    void refresh(const LiveComparison& source);

signals:
    void shown(const ternion::Divergence& divergence);  ///< the user wants to see it

private:
    int side_;
    std::optional<Divergence> divergence_;
    QLabel* text_;
    QPushButton* show_;
};

}  // namespace ternion::app
