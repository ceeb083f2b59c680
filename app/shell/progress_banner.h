// How far a long operation is, in a strip over the central area.
#pragma once

#include <QElapsedTimer>
#include <QFrame>
#include <QTimer>

class QLabel;
class QProgressBar;
class QPushButton;

namespace ternion::app {

/// Shows after 0.3 s; after 2 s with an estimate of what is left and a Cancel button.
class ProgressBanner : public QFrame {
    Q_OBJECT

public:
    explicit ProgressBanner(QWidget* parent = nullptr);

    /// `fraction` is 0 to 1. The first call after a `finish` starts the clock.
    void report(const QString& what, double fraction);
    void finish();

signals:
    void cancelled();

private:
    void refresh();

    QLabel* text_;
    QProgressBar* bar_;
    QPushButton* cancel_;
    QTimer tick_;
    QElapsedTimer since_;
    QString what_;
    double fraction_ = 0.0;
};

}  // namespace ternion::app
