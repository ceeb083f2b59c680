// The layer that all inspection views look at.
#pragma once

#include <QSpinBox>

namespace ternion::app {

class Inspector;

/// Follows the shared selection, and changes it.
class LayerChooser : public QSpinBox {
    Q_OBJECT

public:
    LayerChooser(const QString& name, Inspector& inspector, QWidget* parent = nullptr);  ///< `name`: object name

private:
    void follow();
    Inspector& inspector_;
};

}  // namespace ternion::app
