// What the user keeps in sight, whatever is asked of the model.
#pragma once

#include <QObject>
#include <QUndoStack>
#include <vector>

#include "backend/trace.h"

namespace ternion::app {

class Settings;

struct Pin {
    enum class Kind {
        Channel,  ///< over all tokens
        Cell,     ///< at one token
        Lens,     ///< what the model would say behind `layer` at `token`
    };
    Kind kind = Kind::Channel;
    TraceTensor tensor = TraceTensor::ForgetGate;  ///< not of a lens, which reads LayerOutput
    int layer = 0;
    int channel = 0;  ///< not of a lens
    int token = 0;    ///< not of a channel
    bool operator==(const Pin&) const = default;

    QString title() const;  ///< "forget_gate, layer 3, channel 17"
};

/// The pins of the models of one shape, kept in the settings. GUI thread.
class Pins : public QObject {
    Q_OBJECT

public:
    /// The settings outlive it.
    explicit Pins(Settings& settings, QObject* parent = nullptr);

    /// Models of the same shape share their pins. Another shape's cannot be undone into this one's.
    void setShape(int hiddenSize, int numLayers);
    const std::vector<Pin>& all() const { return pins_; }
    void add(const Pin& pin);  ///< nothing where it is there already
    void remove(int index);
    QUndoStack& undoStack() { return undo_; }

signals:
    void changed();

private:
    class Change;
    void push(const QString& what, std::vector<Pin> after);
    void set(std::vector<Pin> pins);

    Settings& settings_;
    QString shape_;
    std::vector<Pin> pins_;
    QUndoStack undo_;
};

}  // namespace ternion::app
