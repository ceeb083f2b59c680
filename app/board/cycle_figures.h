// What a board's counters say of the last token, and apart from it how fast its tokens come by the computer's clock.
#pragma once

#include <QWidget>
#include <vector>

class QGridLayout;
class QLabel;

namespace ternion::app {

class CycleBar;
class SpeedBox;
struct CountedToken;

/// What a simulation counted is tagged and hatched as modelled; what the computer's clock says is measured, and is named for
/// what it is.
class CycleFigures : public QWidget {
    Q_OBJECT

public:
    explicit CycleFigures(QWidget* parent = nullptr);
    void show(const CountedToken& token);
    /// There is no token yet of the device that the model is on.
    void clear();

private:
    QLabel* addRow(QGridLayout& rows, const char* name, const QString& title, const QString& tooltip);

    QLabel* empty_;
    QWidget* content_;
    SpeedBox* board_;
    SpeedBox* computer_;
    QLabel* cycles_;
    QLabel* arrayUse_;
    QLabel* memoryStalls_;
    QLabel* drainStalls_;
    QLabel* bytes_;
    std::vector<QLabel*> tags_;  // of the rows
    CycleBar* bar_;
};

}  // namespace ternion::app
