// The trits of the chosen matrices as maps.
#pragma once

#include <QWidget>
#include <vector>

#include "inspect/weights/shown_matrix.h"

class QComboBox;

namespace ternion::app {

class ActionRegistry;
class MapView;
class ViewRow;

/// Maps that show the same region, as far as each has it, whichever of them is moved. Marks the same row in all.
class LinkedMaps : public QObject {
    Q_OBJECT

public:
    explicit LinkedMaps(const std::vector<MapView*>& maps, QObject* parent);
    void markRow(int row);

signals:
    void rowActivated(int row);

private:
    std::vector<MapView*> maps_;
    bool following_ = false;
};

class TritsView : public QWidget {
    Q_OBJECT

public:
    explicit TritsView(ActionRegistry& actions, QWidget* parent = nullptr);

    void setMatrices(const std::vector<ShownMatrix>& matrices, int channel);

signals:
    void channelActivated(int channel);

private:
    void setSources();

    QComboBox* value_;
    ViewRow* row_;
    std::vector<MapView*> maps_;
    LinkedMaps* linked_;
    std::vector<ShownMatrix> matrices_;
};

}  // namespace ternion::app
