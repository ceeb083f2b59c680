// Where a prompt is written, and an answer stopped.
#pragma once

#include <QToolButton>

#include "chat/prompt_edit.h"

namespace ternion::app {

class Composer : public PromptFrame {
    Q_OBJECT

public:
    explicit Composer(QWidget* parent = nullptr);

    QString text() const;
    void setText(const QString& text);
    void setAnswering(bool answering);
    void setPlaceholder(const QString& text);
    void submit();  ///< as the button does

signals:
    void submitted(const QString& text);
    void stopRequested();

private:
    QToolButton* send_;
    QToolButton* stop_;
};

}  // namespace ternion::app
