// An answer as a plot of one of its columns over another.
#pragma once

#include <QWidget>
#include <memory>

#include "store/sql_console.h"

class QComboBox;
class QLabel;

namespace ternion::app {

class ActionRegistry;
class PlotView;

/// A column of texts becomes a row of bars; one of numbers that rise a line, any other points. GUI thread.
class SqlPlot : public QWidget {
    Q_OBJECT

public:
    explicit SqlPlot(ActionRegistry& actions, QWidget* parent = nullptr);
    /// Columns of the same names stay chosen.
    void setAnswer(std::shared_ptr<const SqlAnswer> answer);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void choose();
    void draw();
    void drawBars(std::size_t x, std::size_t y);
    void drawPoints(std::size_t x, std::size_t y);
    void tell(const QString& what);

    std::shared_ptr<const SqlAnswer> answer_;
    QComboBox* x_;
    QComboBox* y_;
    QLabel* note_;
    PlotView* plot_;
    bool stale_ = false;  // nobody has seen the answer yet
};

}  // namespace ternion::app
