// A QCustomPlot in the theme's colours, with a legend, hover values, keys and exports.
#pragma once

#include <qcustomplot.h>

#include <vector>

#include "views/exportable.h"

namespace ternion::app {

/// Wheel zooms, dragging pans, 0 shows all, arrow keys pan, + and - zoom. Colours follow the theme. Panels add graphs, bars and
/// curves as QCustomPlot has them, and set names on them: table() and the legend show those.
class PlotView : public QCustomPlot, public Exportable {
    Q_OBJECT

public:
    explicit PlotView(const QString& name, QWidget* parent = nullptr);  ///< `name`: object name and accessible name

    /// Axis titles with their units.
    void setTitles(const QString& x, const QString& y);
    /// The n-th of the theme's series colours, told apart with any kind of colour vision.
    static QColor seriesColor(int index);
    /// The legend stands below the plot, with so many entries a row, where data that fill the plot leave it no room inside.
    void setLegendBelow(int entriesARow);
    /// The legend is there from so many entries on; 2 at first.
    void setLegendFrom(int entries) { legendFrom_ = entries; }
    /// Removes all graphs, bars, curves and items.
    void clearAll();
    /// Fits the axes to what is there and draws; call after adding.
    void showAll();
    /// A vertical line at `x`: the selected token or layer. NaN: none.
    void setMarked(double x);

    // Exportable
    void paintPicture(QPainter& painter, const QSize& size) override;
    Table table(bool visibleOnly) const override;  ///< series, x, y; visible is what lies in the range of x

    QSize sizeHint() const override { return {320, 180}; }
    QSize minimumSizeHint() const override { return {160, 120}; }

signals:
    void positionActivated(double x, double y);  ///< clicked, in axis coordinates

protected:
    void changeEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

private:
    struct Point {
        const QCPAbstractPlottable* series;
        double x, y;
    };
    std::vector<Point> allPoints() const;
    void applyTheme();
    void placeLegend();
    void zoom(double factor);
    void pan(double x, double y);  // in parts of what is shown
    QCPItemStraightLine* marked_ = nullptr;
    QPoint pressedAt_;
    int legendFrom_ = 2;
};

}  // namespace ternion::app
