// Where a prompt is written, and an answer stopped.
#pragma once

#include <QFrame>
#include <QToolButton>

namespace ternion::app {

class PromptEdit;

class Composer : public QFrame {
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

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    PromptEdit* edit_;
    QToolButton* send_;
    QToolButton* stop_;
};

}  // namespace ternion::app
