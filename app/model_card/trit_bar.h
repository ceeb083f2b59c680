// How many of a model's weights are -1, 0 and +1.
#pragma once

#include <QWidget>

#include "model/ternary_matrix.h"

namespace ternion::app {

/// One bar in the three fixed colours, with a legend of shares below it.
class TritBar : public QWidget {
    Q_OBJECT

public:
    explicit TritBar(QWidget* parent = nullptr);
    void setCounts(const TritCounts& counts);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    TritCounts counts_;
};

}  // namespace ternion::app
