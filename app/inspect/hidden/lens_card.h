// One cell of the lens in words: the most probable tokens, and the one that does come next.
#pragma once

#include <QWidget>
#include <memory>

#include "inspect/lens.h"

namespace ternion {
class Tokenizer;
}

namespace ternion::app {

class LensCard : public QWidget {
    Q_OBJECT

public:
    /// Shows as many of the cell's tokens as there is room for.
    explicit LensCard(const QString& name, QWidget* parent = nullptr);

    /// `title` says where the lens is held. Without a cell: the title alone.
    void setCell(const QString& title, std::shared_ptr<const LensCell> cell, std::shared_ptr<const Tokenizer> tokenizer);
    std::shared_ptr<const LensCell> cell() const { return cell_; }

    void paintInto(QPainter& painter, const QSize& size) const;
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    int rowHeight() const;
    QString title_;
    std::shared_ptr<const LensCell> cell_;
    std::shared_ptr<const Tokenizer> tokenizer_;
};

/// "next: “cat”, rank 3, 12.3 %"; empty where nothing comes next.
QString describeActual(const LensCell& cell, const Tokenizer& tokenizer);

}  // namespace ternion::app
