// Which matrix stands beside the selected one: of the same model, or of another that is opened for it.
#pragma once

#include <QWidget>

#include "inspect/weights/shown_matrix.h"
#include "views/latest_task.h"

class QComboBox;
class QLabel;
class QPushButton;
class QToolButton;

namespace ternion::app {

class MessageArea;

class Comparison : public QWidget {
    Q_OBJECT

public:
    explicit Comparison(QWidget* parent = nullptr);

    /// The open model, which is compared with itself until another is chosen.
    void setModel(std::shared_ptr<const CountedModel> model);
    /// Reads a checkpoint on another thread, for looking at alone: no device has it.
    void open(const QString& path);
    /// What is to stand beside `selected`; nothing where the model has no such matrix, or is still being read.
    std::optional<ShownMatrix> matrix(const ShownMatrix& selected) const;

signals:
    void changed();

private:
    const std::shared_ptr<const CountedModel>& of() const { return other_ ? other_ : model_; }
    void refill();

    QComboBox* layer_;       // "the same", then 0, 1, ...
    QComboBox* projection_;  // "the same", then their names
    QLabel* name_;
    QToolButton* choose_;
    QPushButton* cancel_;
    QAction* back_;
    MessageArea* messages_;
    std::shared_ptr<const CountedModel> model_;
    std::shared_ptr<const CountedModel> other_;
    LatestTask task_;
};

}  // namespace ternion::app
