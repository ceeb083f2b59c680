#include "board/board_switch.h"

#include <algorithm>

#include "engine/engine_client.h"
#include "shell/device_selector.h"
#include "shell/settings.h"

namespace ternion::app {
namespace {

const DeviceInfo* simulatedBoard(const EngineClient& engine) {
    const auto& all = engine.devices();
    const auto found = std::find_if(all.begin(), all.end(), isSimulated);
    return found == all.end() ? nullptr : &*found;
}

bool isOnBoard(const EngineClient& engine) {
    const auto active = engine.activeDevice();
    return active && isSimulated(active->info);
}

}  // namespace

BoardSwitch::BoardSwitch(EngineClient& engine, Settings& settings, QObject* parent)
    : QObject(parent), engine_(engine), settings_(settings) {
    connect(&engine, &EngineClient::deviceChanged, this, &BoardSwitch::onDeviceChanged);
    connect(&engine, &EngineClient::modelOpened, this, &BoardSwitch::changed);
    connect(&engine, &EngineClient::failed, this, [this] {
        starting_ = false;
        emit changed();
    });
    connect(&engine, &EngineClient::answerFinished, this, [this](const AnswerFinished& finished) {
        if (!finished.error || finished.error->code != ErrorCode::DeviceLost || !isOnBoard(engine_)) return;
        lost_ = true;
        emit changed();
        emit lost(QString::fromStdString(finished.error->message));
    });
}

BoardSwitch::State BoardSwitch::state() const {
    if (starting_) return State::Starting;
    if (isOnBoard(engine_)) return lost_ ? State::Lost : State::On;
    return reason().isEmpty() ? State::Off : State::Unavailable;
}

QString BoardSwitch::reason() const {
    const DeviceInfo* board = simulatedBoard(engine_);
    if (board == nullptr) return tr("This program was built without boards.");
    if (!board->usable) return QString::fromStdString(board->reason);
    if (!engine_.model()) return tr("Open a model first: it is what the board runs.");
    return {};
}

QString BoardSwitch::otherDevice() const {
    const auto& all = engine_.devices();
    const auto found = std::find_if(all.begin(), all.end(), [this](const DeviceInfo& device) {
        return QString::fromStdString(device.id()) == otherDevice_;
    });
    return found == all.end() ? QString() : QString::fromStdString(found->name);
}

void BoardSwitch::toggle() {
    const State now = state();
    if (now == State::Off || now == State::Lost)
        start();
    else if (now == State::On)
        stop();
}

void BoardSwitch::start() {
    starting_ = true;
    emit changed();
    engine_.selectDevice(QString::fromStdString(simulatedBoard(engine_)->id()));
}

void BoardSwitch::stop() {
    // A start with one click is not kept; a choice in the menu of devices was.
    if (settings_.device() == QString::fromStdString(simulatedBoard(engine_)->id())) settings_.setDevice(otherDevice_);
    engine_.selectDevice(otherDevice_);
}

void BoardSwitch::onDeviceChanged() {
    starting_ = false;
    lost_ = false;
    if (isOnBoard(engine_))
        runningWith_ = settings_.simulation();
    else
        otherDevice_ = QString::fromStdString(engine_.activeDevice()->info.id());
    emit changed();
}

}  // namespace ternion::app
