// The chat: the central panel of the workbench.
#pragma once

#include <QWidget>

#include "shell/panel.h"

class QLabel;
class QStackedLayout;
class QToolButton;

namespace ternion::app {

class Composer;
class EmptyChat;
class MessageArea;
class MessageList;
class ProbabilityScale;
class SettingsSheet;
struct AnswerFinished;

class ChatPanel : public QWidget {
    Q_OBJECT

public:
    explicit ChatPanel(const PanelContext& context, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void addActions();
    void send(const QString& text);
    void refresh();
    void showFinished(const AnswerFinished& finished);
    void showSheet(void (SettingsSheet::*focus)());

    PanelContext context_;
    QLabel* title_;
    QToolButton* probabilities_;
    QToolButton* settings_;
    ProbabilityScale* scale_;
    MessageList* messages_;
    EmptyChat* empty_;
    QWidget* pages_;
    MessageArea* problems_;
    QLabel* status_;
    Composer* composer_;
    SettingsSheet* sheet_;
    QAction* stop_ = nullptr;
};

/// The definition that workbench.cpp lists.
PanelDefinition chatPanel();

}  // namespace ternion::app
