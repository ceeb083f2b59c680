// What the engine does, how fast, and the memory it takes.
#pragma once

#include <QElapsedTimer>
#include <QStatusBar>

class QLabel;

namespace ternion::app {

class ConversationModel;
class EngineClient;

class StatusBar : public QStatusBar {
    Q_OBJECT

public:
    StatusBar(EngineClient& engine, ConversationModel& conversation, QWidget* parent = nullptr);

private:
    QLabel* addField(const char* name, const QString& tooltip);
    void showState();
    void showDevice();
    void showMemory();
    void showSpeed(double tokensPerSecond);
    void countTokens(int count);

    EngineClient& engine_;
    ConversationModel& conversation_;
    QLabel* state_;
    QLabel* speed_;
    QLabel* kind_;  ///< of the device, where it is not the usual one
    QLabel* deviceMemory_;
    QLabel* hostMemory_;
    QElapsedTimer sinceFirst_;
    int tokens_ = 0;  ///< of the answer being written
};

}  // namespace ternion::app
