// One edit being put together: which intermediate, layer and channels, and what becomes of them.
#pragma once

#include <QWidget>

#include "backend/intervention.h"

class QComboBox;
class QDoubleSpinBox;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace ternion::app {

class Inspector;

class EditForm : public QWidget {
    Q_OBJECT

public:
    explicit EditForm(Inspector& inspector, QWidget* parent = nullptr);
    void takeSelection();  ///< layer, intermediate and channel become what is selected

signals:
    /// The whole edit is valid for the open model.
    void submitted(const ternion::Intervention& edits);

private:
    Intervention edits() const;
    void refresh();

    Inspector& inspector_;
    QComboBox* tensor_;
    QSpinBox* layer_;
    QLineEdit* channels_;
    QComboBox* kind_;
    QDoubleSpinBox *a_, *b_;
    QPushButton* add_;
};

}  // namespace ternion::app
