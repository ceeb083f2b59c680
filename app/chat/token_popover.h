// What else the model might have said in a token's place.
#pragma once

#include <QFrame>
#include <memory>
#include <vector>

#include "store/conversation_store.h"
#include "tokenizer/tokenizer.h"

class QVBoxLayout;

namespace ternion::app {

/// A token as a person can see it: spaces and line feeds made visible, special tokens as the vocabulary spells them.
QString visibleToken(const Tokenizer& tokenizer, TokenId id);

/// Stands over its parent, beside the token. Arrow keys walk the alternatives, Enter goes on from one, Esc closes it.
class TokenPopover : public QFrame {
    Q_OBJECT

public:
    explicit TokenPopover(QWidget* parent);

    /// `anchor` is the token's place in the parent. `canContinue`: false while an answer is being written. `tokenizer` may be
    /// null: ids are shown then.
    void show(const StoredToken& token, const std::shared_ptr<const Tokenizer>& tokenizer, const QRect& anchor,
              bool canContinue);

signals:
    void chosen(ternion::TokenId alternative);
    void closed();

protected:
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void close();
    void moveFocus(int by);

    QVBoxLayout* column_;
};

}  // namespace ternion::app
