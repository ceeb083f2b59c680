// One message: who says it, its text, what can be done with it.
#pragma once

#include <QFrame>
#include <QLabel>
#include <QToolButton>

#include "store/conversation_store.h"

namespace ternion::app {

class TokenText;

class MessageView : public QFrame {
    Q_OBJECT

public:
    MessageView(const StoredMessage& message, const QString& speaker, QWidget* parent = nullptr);

    void appendTokens(const StoredMessage& message, int firstToken);
    /// `last`: it can be regenerated and gone on with. `answering`: nothing can be changed now.
    void setState(bool last, bool answering, bool complete);
    void setNote(const QString& note);  ///< the small line below: speed, or why it ends
    void setTinted(bool tinted);
    void startEditing();
    bool editing() const;
    TokenText* text() const { return text_; }

signals:
    void tokenActivated(int token);
    void edited(const QString& text);
    void regenerateRequested();
    void continueRequested();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void stopEditing();

    Role role_;
    TokenText* text_;
    QWidget* editor_ = nullptr;
    QToolButton* copy_;
    QToolButton* editButton_;
    QToolButton* regenerate_;
    QToolButton* continue_;
    QLabel* note_;
};

}  // namespace ternion::app
