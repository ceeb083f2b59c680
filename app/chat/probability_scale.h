// The colours of probabilities (cividis: even steps of lightness, safe for colour-blind readers), and their legend.
#pragma once

#include <QColor>
#include <QWidget>

namespace ternion::app {

/// 0 is dark blue, 1 is yellow.
QColor probabilityColor(double probability);
/// The same, thinned over `background`, so that text stays readable on it.
QColor probabilityTint(double probability, const QColor& background);

class ProbabilityScale : public QWidget {
    Q_OBJECT

public:
    explicit ProbabilityScale(QWidget* parent = nullptr);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
};

}  // namespace ternion::app
