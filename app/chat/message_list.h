// The open conversation as a column of messages.
#pragma once

#include <QScrollArea>
#include <vector>

#include "chat/message_view.h"

class QVBoxLayout;

namespace ternion::app {

class ConversationModel;
class EngineClient;
class TokenPopover;

/// Follows the end while an answer is written, unless one has scrolled away from it.
class MessageList : public QScrollArea {
    Q_OBJECT

public:
    MessageList(ConversationModel& conversation, EngineClient& engine, QWidget* parent = nullptr);

    void setTinted(bool tinted);
    void editLastMessage();  ///< the user's last one
    MessageView* lastMessage() const { return messages_.empty() ? nullptr : messages_.back(); }

protected:
    void mousePressEvent(QMouseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void rebuild();
    void append(int index);
    void refreshStates();
    void showAlternatives(int index, int token);
    void followEnd();

    ConversationModel& conversation_;
    EngineClient& engine_;
    QVBoxLayout* column_;
    std::vector<MessageView*> messages_;
    TokenPopover* popover_;
    int shownIndex_ = -1;
    int shownToken_ = -1;
    bool atEnd_ = true;
    bool tinted_ = false;
};

}  // namespace ternion::app
