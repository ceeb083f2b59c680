// A matrix as an image: from the whole of it down to single cells, at the speed of the wheel.
#pragma once

#include <QElapsedTimer>
#include <QImage>
#include <QWidget>
#include <memory>

#include "views/color_scale.h"
#include "views/exportable.h"
#include "views/latest_task.h"
#include "views/map_source.h"

namespace ternion::app {

/// Draws the source with numbered axes and a scale bar. Reducing it to pixels is done on another thread; until that is ready
/// the last image is shown stretched. Wheel zooms about the pointer, dragging pans, Shift and dragging selects a rectangle of
/// cells; arrow keys move the current cell, + and - zoom, 0 shows all, Return activates. GUI thread.
class MapView : public QWidget, public Exportable {
    Q_OBJECT

public:
    explicit MapView(const QString& name, QWidget* parent = nullptr);  ///< `name`: object name and accessible name

    /// Null: nothing to show. A source of another size shows all of itself; of the same size, what was shown before.
    void setSource(std::shared_ptr<const MapSource> source, const ColorScale& scale);
    void setAxes(const QString& rowTitle, const QString& columnTitle);  ///< with their units: "channel", "token"
    /// Where no cell is to be marked: -1.
    void setMarked(int row, int column);
    int markedRow() const { return markedRow_; }
    int markedColumn() const { return markedColumn_; }

    const MapRegion& region() const { return region_; }  ///< what is shown
    void showRegion(const MapRegion& region);            ///< brought into range
    void showAll();
    QRect cellRect(int row, int column) const;  ///< in widget coordinates; empty where it is not shown
    QRect imageRect() const;                    ///< where the cells are, likewise
    bool ready() const;                         ///< what is shown is what the source holds

    // Exportable
    void paintPicture(QPainter& painter, const QSize& size) override;
    Table table(bool visibleOnly) const override;  ///< row, column, value

    QSize sizeHint() const override { return {320, 200}; }

signals:
    void cellActivated(int row, int column);  ///< clicked, or Return
    void cellHovered(int row, int column);    ///< -1, -1: none any more
    void regionSelected(const ternion::app::MapRegion& region);
    void regionChanged();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Layout;  // where axes, image and scale bar are, for a size
    struct Cell {
        int row = -1, column = -1;
        bool operator==(const Cell&) const = default;
    };
    Layout layoutFor(const QSize& size) const;
    QRect rectOf(const MapRegion& cells, const QRect& image) const;
    Cell cellAt(const QPoint& at) const;  // the nearest one that is shown
    void zoom(double factor, const QPoint& about);
    void moveBy(int rows, int columns);
    void hover(const QPoint& at, const QPoint& onScreen);
    void refresh();
    void paintInto(QPainter& painter, const Layout& layout) const;
    void outline(QPainter& painter, const QVector<QRect>& rects) const;
    void paintCells(QPainter& painter, const QRect& image) const;
    void paintAxes(QPainter& painter, const Layout& layout) const;
    void paintScaleBar(QPainter& painter, const Layout& layout) const;

    std::shared_ptr<const MapSource> source_;
    ColorScale scale_;
    QString rowTitle_, columnTitle_;
    MapRegion region_;
    QImage image_;  // of imageRegion_, a pixel for each of the device's
    MapRegion imageRegion_;
    int markedRow_ = -1, markedColumn_ = -1;
    Cell hovered_;
    QPoint pressedAt_;
    MapRegion pressedRegion_;
    enum class Drag { None, Pan, Select } drag_ = Drag::None;
    MapRegion selected_;  // outlined until a click
    double wheel_ = 0;    // steps not taken yet: a touchpad's are small
    bool stale_ = false;  // the image is not of what is shown
    QElapsedTimer reducing_;
    LatestTask task_;
};

}  // namespace ternion::app
