// Two cursors in a plot, and what lies between them.
#pragma once

#include <array>
#include <optional>

#include "views/plot_view.h"

namespace ternion::app {

/// Shift and click sets A, Ctrl and click sets B, as the keys A and B do at the pointer; Escape removes both. A cursor stands
/// on the nearest value of the nearest series; those that nobody can select (bands, lines of percentiles) are left out. Child
/// of its plot, GUI thread.
class PlotCursors : public QObject {
    Q_OBJECT

public:
    explicit PlotCursors(PlotView& plot);

    enum Which { A, B };
    struct Cursor {
        QString series;
        double x = 0.0, y = 0.0;
    };
    const std::optional<Cursor>& cursor(Which which) const { return cursors_[which]; }
    void set(Which which, const QPointF& at);  ///< in the widget's coordinates; nothing where there is no value
    void clear();
    /// After the plot has other values: each cursor goes to the value of its series that is nearest to where it was, and goes
    /// away with its series.
    void update();
    /// The series that a cursor stands on; null: it is not set.
    QCPAbstractPlottable* seriesOf(Which which) const;
    /// Both cursors and their difference with the units of the axes' titles; empty where none is set.
    QString text() const;

signals:
    void changed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct Marks {  // gone where the plot was cleared
        QPointer<QCPItemStraightLine> line;
        QPointer<QCPItemTracer> point;
        QPointer<QCPItemText> name;
    };
    void draw();
    void removeMarks(Which which);
    PlotView& plot_;
    std::array<std::optional<Cursor>, 2> cursors_;
    std::array<Marks, 2> marks_;
    QPoint pressedAt_;
    std::optional<QPoint> pointer_;
};

}  // namespace ternion::app
