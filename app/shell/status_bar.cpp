#include "shell/status_bar.h"

#include <QLabel>
#include <QLocale>
#include <QTimer>

#include "chat/conversation_model.h"
#include "engine/engine_client.h"
#include "measure/host_memory.h"
#include "shell/device_selector.h"
#include "shell/format.h"

namespace ternion::app {

constexpr int memoryIntervalMs = 2000;

StatusBar::StatusBar(EngineClient& engine, ConversationModel& conversation, QWidget* parent)
    : QStatusBar(parent), engine_(engine), conversation_(conversation), state_(new QLabel) {
    setObjectName("statusBar");
    setSizeGripEnabled(false);
    setContentsMargins(8, 0, 8, 0);
    state_->setObjectName("engineState");
    state_->setAccessibleName(tr("State of the engine"));
    addWidget(state_, 1);
    speed_ = addField("speed", tr("How fast the last answer was written, without reading the prompt"));
    kind_ = addField("deviceKind", {});
    deviceMemory_ = addField("deviceMemory", tr("What the model, its state and its work space take of the device's memory"));
    hostMemory_ = addField("hostMemory", tr("What this program takes of the computer's memory"));

    connect(&engine, &EngineClient::busyChanged, this, &StatusBar::showState);
    connect(&engine, &EngineClient::modelOpened, this, &StatusBar::showState);
    connect(&conversation, &ConversationModel::answeringChanged, this, [this] {
        tokens_ = 0;
        showState();
    });
    connect(&engine, &EngineClient::tokensGenerated, this,
            [this](const std::vector<GeneratedToken>& tokens) { countTokens(static_cast<int>(tokens.size())); });
    connect(&engine, &EngineClient::answerFinished, this, [this](const AnswerFinished& finished) {
        if (finished.result.tokens > 0 && finished.result.seconds > 0)
            showSpeed(finished.result.tokens / finished.result.seconds);
    });
    connect(&engine, &EngineClient::deviceChanged, this, &StatusBar::showMemory);
    connect(&engine, &EngineClient::deviceChanged, this, &StatusBar::showDevice);
    auto* timer = new QTimer(this);
    connect(timer, &QTimer::timeout, this, &StatusBar::showMemory);
    timer->start(memoryIntervalMs);
    speed_->setText(tr("– tokens/s"));
    showDevice();
    showMemory();
    showState();
}

QLabel* StatusBar::addField(const char* name, const QString& tooltip) {
    auto* label = new QLabel;
    label->setObjectName(name);
    label->setToolTip(tooltip);
    label->setContentsMargins(16, 0, 0, 0);
    addPermanentWidget(label);
    return label;
}

void StatusBar::showState() {
    if (conversation_.answering())
        state_->setText(tokens_ > 0 ? tr("Answering") : tr("Reading the prompt"));
    else if (engine_.busy())
        state_->setText(tr("Loading"));
    else
        state_->setText(engine_.model() ? tr("Idle") : tr("No model is open: File › Open model, or drop one here"));
}

void StatusBar::countTokens(int count) {
    if (tokens_ == 0) {
        // Only tokens after the first batch have a known time.
        sinceFirst_.start();
        tokens_ = 1;
        showState();
        return;
    }
    tokens_ += count;
    if (sinceFirst_.elapsed() > 0) showSpeed((tokens_ - 1) * 1000.0 / sinceFirst_.elapsed());
}

void StatusBar::showSpeed(double tokensPerSecond) {
    const auto active = engine_.activeDevice();
    const QString speed = tr("%1 tokens/s").arg(QLocale().toString(tokensPerSecond, 'f', 1));
    speed_->setText(active && isSimulated(active->info) ? tr("%1 (simulation)").arg(speed) : speed);
}

void StatusBar::showDevice() {
    const auto active = engine_.activeDevice();
    QStringList kinds;
    if (active && isSimulated(active->info)) kinds << tr("Simulated board");
    if (active && active->profile == Profile::Fixed) kinds << tr("Fixed arithmetic");
    kind_->setVisible(!kinds.isEmpty());
    kind_->setText(kinds.join(QStringLiteral(" · ")));
    kind_->setToolTip(
        active ? tr("%1 computes in this arithmetic: %2").arg(deviceLabel(active->info), arithmeticText(active->profile))
               : QString());
}

void StatusBar::showMemory() {
    const auto active = engine_.activeDevice();
    deviceMemory_->setText(active ? tr("Device memory %1").arg(formatBytes(active->memory.total())) : tr("Device memory –"));
    const auto host = hostMemory();
    hostMemory_->setText(host ? tr("Host memory %1").arg(formatBytes(host->resident)) : tr("Host memory –"));
}

}  // namespace ternion::app
