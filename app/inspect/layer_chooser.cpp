#include "inspect/layer_chooser.h"

#include <QSignalBlocker>

#include "inspect/inspector.h"

namespace ternion::app {

LayerChooser::LayerChooser(const QString& name, Inspector& inspector, QWidget* parent)
    : QSpinBox(parent), inspector_(inspector) {
    setObjectName(name);
    setAccessibleName(tr("Layer"));
    setPrefix(tr("Layer "));
    setToolTip(tr("The layer that all views look at; 0 is the first"));
    connect(this, &QSpinBox::valueChanged, this, [this](int layer) {
        Selection selection = inspector_.selection();
        selection.layer = layer;
        inspector_.select(selection);
    });
    connect(&inspector_, &Inspector::modelChanged, this, &LayerChooser::follow);
    connect(&inspector_, &Inspector::selectionChanged, this, &LayerChooser::follow);
    follow();
}

void LayerChooser::follow() {
    const auto open = inspector_.model();
    const QSignalBlocker quiet(this);
    setMaximum(open ? open->checkpoint.model->config.numLayers - 1 : 0);
    setValue(inspector_.selection().layer);
    setEnabled(open != nullptr);
}

}  // namespace ternion::app
