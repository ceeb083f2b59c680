// The conversation's settings, beside it: system prompt, sampling, chat template.
#pragma once

#include <QScrollArea>
#include <functional>
#include <vector>

class QDoubleSpinBox;
class QFormLayout;
class QLabel;
class QPlainTextEdit;
class QSpinBox;

namespace ternion::app {

class ConversationModel;
class EngineClient;

/// Whatever is changed counts from the next answer on.
class SettingsSheet : public QScrollArea {
    Q_OBJECT

public:
    SettingsSheet(ConversationModel& conversation, EngineClient& engine, QWidget* parent = nullptr);

    void focusSystemPrompt();
    void focusSampling();

protected:
    void changeEvent(QEvent* event) override;

private:
    void fit();
    QWidget* systemPromptPart();
    QWidget* samplingPart();
    QWidget* templatePart();
    QDoubleSpinBox* addNumber(QFormLayout& form, const char* objectName, const QString& label, const QString& help, double low,
                              double high, double step);
    QSpinBox* addCount(QFormLayout& form, const char* objectName, const QString& label, const QString& help, int low, int high);
    void readSampling();
    void readTemplate();
    void refresh();

    ConversationModel& conversation_;
    EngineClient& engine_;
    QPlainTextEdit* systemPrompt_ = nullptr;
    QDoubleSpinBox* temperature_ = nullptr;
    QSpinBox* topK_ = nullptr;
    QDoubleSpinBox* topP_ = nullptr;
    QDoubleSpinBox* minP_ = nullptr;
    QDoubleSpinBox* repetition_ = nullptr;
    QSpinBox* seed_ = nullptr;
    QSpinBox* maxTokens_ = nullptr;
    QPlainTextEdit* template_ = nullptr;
    QLabel* templateError_ = nullptr;
    QLabel* templateNote_ = nullptr;
    bool refreshing_ = false;
};

}  // namespace ternion::app
