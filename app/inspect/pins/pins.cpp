#include "inspect/pins/pins.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QUndoCommand>
#include <algorithm>
#include <array>
#include <optional>

#include "shell/settings.h"

namespace ternion::app {
namespace {

constexpr std::array kinds{"channel", "cell", "lens"};

QString tensorName(TraceTensor tensor) {
    const auto name = nameOf(tensor);
    return QString::fromLatin1(name.data(), static_cast<qsizetype>(name.size()));
}

QJsonObject toJson(const Pin& pin) {
    return {{"kind", kinds[static_cast<std::size_t>(pin.kind)]},
            {"tensor", tensorName(pin.tensor)},
            {"layer", pin.layer},
            {"channel", pin.channel},
            {"token", pin.token}};
}

/// Nothing for what another version, or somebody else, wrote.
std::optional<Pin> fromJson(const QJsonObject& json, int numLayers) {
    Pin pin;
    const auto kind = std::find(kinds.begin(), kinds.end(), json["kind"].toString());
    int tensor = 0;
    while (tensor < traceTensors && tensorName(static_cast<TraceTensor>(tensor)) != json["tensor"].toString()) ++tensor;
    if (kind == kinds.end() || tensor == traceTensors) return {};
    pin.kind = static_cast<Pin::Kind>(kind - kinds.begin());
    pin.tensor = static_cast<TraceTensor>(tensor);
    pin.layer = json["layer"].toInt(-1);
    pin.channel = json["channel"].toInt(-1);
    pin.token = json["token"].toInt(-1);
    if (pin.layer < 0 || pin.layer >= numLayers || pin.channel < 0 || pin.token < 0) return {};
    return pin;
}

}  // namespace

QString Pin::title() const {
    if (kind == Kind::Lens) return Pins::tr("lens, layer %1, token %2").arg(layer).arg(token);
    const QString where = Pins::tr("%1, layer %2, channel %3").arg(tensorName(tensor)).arg(layer).arg(channel);
    return kind == Kind::Channel ? where : Pins::tr("%1, token %2").arg(where).arg(token);
}

class Pins::Change : public QUndoCommand {
public:
    Change(Pins& pins, const QString& what, std::vector<Pin> after)
        : QUndoCommand(what), pins_(pins), before_(pins.pins_), after_(std::move(after)) {}
    void undo() override { pins_.set(before_); }
    void redo() override { pins_.set(after_); }

private:
    Pins& pins_;
    std::vector<Pin> before_, after_;
};

Pins::Pins(Settings& settings, QObject* parent) : QObject(parent), settings_(settings) {}

void Pins::setShape(int hiddenSize, int numLayers) {
    const QString shape = QStringLiteral("%1x%2").arg(hiddenSize).arg(numLayers);
    if (shape == shape_) return;
    shape_ = shape;
    undo_.clear();
    pins_.clear();
    for (const auto& stored : QJsonDocument::fromJson(settings_.pins(shape)).array())
        if (const auto pin = fromJson(stored.toObject(), numLayers)) pins_.push_back(*pin);
    emit changed();
}

void Pins::add(const Pin& pin) {
    if (shape_.isEmpty() || std::find(pins_.begin(), pins_.end(), pin) != pins_.end()) return;
    auto after = pins_;
    after.push_back(pin);
    push(tr("pin %1").arg(pin.title()), std::move(after));
}

void Pins::remove(int index) {
    if (index < 0 || index >= static_cast<int>(pins_.size())) return;
    auto after = pins_;
    after.erase(after.begin() + index);
    push(tr("remove %1").arg(pins_[static_cast<std::size_t>(index)].title()), std::move(after));
}

void Pins::push(const QString& what, std::vector<Pin> after) { undo_.push(new Change(*this, what, std::move(after))); }

void Pins::set(std::vector<Pin> pins) {
    pins_ = std::move(pins);
    QJsonArray stored;
    for (const Pin& pin : pins_) stored.push_back(toJson(pin));
    settings_.setPins(shape_, QJsonDocument(stored).toJson(QJsonDocument::Compact));
    emit changed();
}

}  // namespace ternion::app
