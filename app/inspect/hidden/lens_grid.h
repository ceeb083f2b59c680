// The lens over depths and tokens: what the model would say next if it ended there, one cell each.
#pragma once

#include <QStringList>
#include <QWidget>
#include <memory>
#include <vector>

#include "inspect/hidden/lens_reader.h"
#include "views/exportable.h"

namespace ternion {
class Tokenizer;
}

namespace ternion::app {

/// The cells of some tokens.
struct LensPage {
    int firstToken = 0;
    QStringList tokens;                                  ///< what was read there
    int textTokens = 0;                                  ///< of the whole text
    int depths = 0;                                      ///< numLayers + 1
    std::vector<std::shared_ptr<const LensCell>> cells;  ///< `[depths, tokens]`; null: not read yet
    std::shared_ptr<const Tokenizer> tokenizer;
};

/// The most probable token is written into each cell, on the colour of its probability; framed where it is the one that does
/// come next. Arrow keys and clicks choose a cell. GUI thread.
class LensGrid : public QWidget, public Exportable {
    Q_OBJECT

public:
    explicit LensGrid(const QString& name, QWidget* parent = nullptr);

    static constexpr int mostTokens = 24;
    int tokensThatFit() const;  ///< 1 to mostTokens

    void setPage(LensPage page);
    const LensPage& page() const { return page_; }
    void setMarked(LensPlace place);
    QRect cellRect(LensPlace place) const;  ///< in widget coordinates; empty where it is not shown

    // Exportable; the table is of the page, since nothing else has been read.
    void paintPicture(QPainter& painter, const QSize& size) override;
    Table table(bool visibleOnly) const override;

    QSize sizeHint() const override { return {480, 240}; }

signals:
    void chosen(ternion::app::LensPlace place);
    void hovered(ternion::app::LensPlace place);  ///< depth -1: none any more
    void roomChanged();                           ///< another number of tokens fits

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void choose(LensPlace place);
    QRect cells(const QSize& size) const;
    QRect cellIn(const QRect& cells, LensPlace place) const;
    LensPlace placeAt(const QPoint& at) const;
    void paintInto(QPainter& painter, const QSize& size) const;
    void paintCell(QPainter& painter, const QRect& rect, const LensCell& cell) const;

    LensPage page_;
    LensPlace marked_{-1, -1};
    int fitted_ = 0;
};

}  // namespace ternion::app
