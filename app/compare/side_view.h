// One side's chat, with its state above it.
#pragma once

#include <QFrame>

#include "compare/live_comparison.h"

class QLabel;
class QProgressBar;
class QScrollArea;

namespace ternion::app {

class TokenText;

/// GUI thread. Tokens that differ from those of another side are coloured and underlined; a click chooses one.
class SideView : public QFrame {
    Q_OBJECT

public:
    explicit SideView(int side, QWidget* parent = nullptr);

    void begin(const QString& device);  ///< an empty chat; `device`: what runs it
    void setDevice(const QString& device);
    void show(const LiveComparison& source);  ///< what is new
    void setChosen(int token);                ///< in sight; -1: none

signals:
    void tokenChosen(int token);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void placeText();
    void placeTitle();
    void showState(const LiveComparison& source);

    int side_;
    QString device_;  // with the side's letter
    QLabel* title_;
    QLabel* state_;
    QLabel* error_;
    QProgressBar* progress_;
    QScrollArea* scroll_;
    QWidget* page_;  // in it
    TokenText* text_;
};

}  // namespace ternion::app
