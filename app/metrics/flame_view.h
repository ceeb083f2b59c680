// Where the time of a pass goes, as wide as it takes: the pass, below it its layers, below them their kernels.
#pragma once

#include <QWidget>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "views/exportable.h"

namespace ternion::app {

/// Several passes stand below each other on one scale. Hovering tells the kernel, its time, share and read rate; a click on a
/// layer or Return shows it alone, left and right go to its neighbours; Escape or a click on the pass shows all. GUI thread.
class FlameView : public QWidget, public Exportable {
    Q_OBJECT

public:
    explicit FlameView(const QString& name, QWidget* parent = nullptr);  ///< object name and accessible name

    struct Pass {
        QString name;
        std::vector<KernelTime> kernels;
    };
    /// `colors` of kernels by their names. A layer that is shown alone stays so.
    void setPasses(std::vector<Pass> passes, std::map<std::string, QColor> colors);
    std::optional<int> layer() const { return layer_; }  ///< that is shown alone; -1: the kernels in none
    void showLayer(std::optional<int> layer);
    /// Where a kernel is drawn; empty: it is not.
    QRect rectOf(std::size_t pass, std::size_t kernel) const;
    QRect rectOfLayer(std::size_t pass, int layer) const;
    /// What hovering there tells; empty: nothing is there.
    QString describe(const QPoint& at) const;

    // Exportable
    void paintPicture(QPainter& painter, const QSize& size) override;
    Table table(bool visibleOnly) const override;  ///< run, layer, kernel, seconds, share, weight bytes, bytes a second

    QSize sizeHint() const override { return {320, 180}; }

signals:
    void layerChanged();

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    struct Box {  // a rectangle that is drawn
        enum class Kind { Pass, Layer, Kernel } kind;
        std::size_t pass;
        int layer;
        std::size_t kernel;  // its place in the pass
        double seconds;
        QRectF rect;
    };
    std::vector<Box> boxesFor(const QSize& size) const;
    void addBoxes(std::size_t pass, double pixelsASecond, double y, double row, std::vector<Box>& boxes) const;
    std::vector<int> layersOf(const Pass& pass) const;
    double secondsOf(const Pass& pass, std::optional<int> layer) const;
    QString nameOf(const Box& box) const;
    QString describe(const Box& box) const;

    std::vector<Pass> passes_;
    std::map<std::string, QColor> colors_;
    std::optional<int> layer_;
};

/// "3", or the head's name for -1.
QString layerName(int layer);

}  // namespace ternion::app
