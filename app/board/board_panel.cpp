#include "board/board_panel.h"

#include <QCoreApplication>
#include <QDockWidget>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QStyle>
#include <QVBoxLayout>

#include "board/board_list.h"
#include "board/board_switch.h"
#include "board/cycle_figures.h"
#include "board/simulation_form.h"
#include "chat/labels.h"
#include "engine/engine_client.h"
#include "shell/action_registry.h"
#include "shell/device_selector.h"
#include "shell/message_bar.h"
#include "shell/settings.h"

namespace ternion::app {
namespace {

constexpr int progressSteps = 1000;

QString boardPanelText(const char* source) { return QCoreApplication::translate("Board", source); }

class BoardPanel : public QScrollArea {
public:
    BoardPanel(const PanelContext& context, Settings& settings)
        : engine_(context.engine),
          settings_(settings),
          switch_(new BoardSwitch(context.engine, settings, this)),
          state_(makeLabel({}, "", true)),
          start_(new QPushButton),
          goOn_(new QPushButton),
          progress_(new QProgressBar),
          messages_(new MessageArea),
          figures_(new CycleFigures),
          form_(new SimulationForm(settings.simulation())),
          restart_(new QPushButton(boardPanelText("Restart with these"))),
          boards_(new BoardList(context.engine.devices())) {
        setObjectName("boardPanel");
        setAccessibleName(boardPanelText("Board"));
        setWidgetResizable(true);
        setProperty("flat", true);
        setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        build();
        addAction(context.actions);
        connect(switch_, &BoardSwitch::changed, this, [this] { refresh(); });
        connect(switch_, &BoardSwitch::lost, this, [this](const QString& why) { showLost(why); });
        connect(start_, &QPushButton::clicked, switch_, &BoardSwitch::toggle);
        connect(goOn_, &QPushButton::clicked, switch_, &BoardSwitch::stop);
        connect(restart_, &QPushButton::clicked, switch_, &BoardSwitch::start);
        connect(form_, &SimulationForm::changed, this, [this] {
            settings_.setSimulation(form_->settings());
            refresh();
        });
        connect(&engine_, &EngineClient::cyclesCounted, figures_, &CycleFigures::show);
        connect(&engine_, &EngineClient::deviceChanged, this, [this](const ActiveDevice& device) {
            figures_->clear();
            messages_->clear();
            boards_->setActive(QString::fromStdString(device.info.id()));
        });
        connect(&engine_, &EngineClient::progress, this, [this](const QString& what, double fraction) {
            progress_->setValue(static_cast<int>(fraction * progressSteps));
            if (switch_->state() == BoardSwitch::State::Starting) state_->setText(what);
        });
        refresh();
    }

    QSize sizeHint() const override { return {328, 480}; }

private:
    void build() {
        auto* content = new QWidget;
        auto* column = new QVBoxLayout(content);
        column->setContentsMargins(2 * grid, 12, 2 * grid, 2 * grid);
        column->setSpacing(grid);
        auto* title = makeLabel(boardPanelText("Simulated board"), "large", false);
        title->setObjectName("boardTitle");
        state_->setObjectName("boardState");
        state_->setWordWrap(true);
        start_->setObjectName("boardStart");
        goOn_->setObjectName("boardGoOn");
        progress_->setObjectName("boardProgress");
        progress_->setAccessibleName(boardPanelText("How far the start is"));
        progress_->setRange(0, progressSteps);
        progress_->setTextVisible(false);
        restart_->setObjectName("boardRestart");
        column->addWidget(title);
        column->addWidget(state_);
        column->addWidget(messages_);
        column->addWidget(start_);
        column->addWidget(goOn_);
        column->addWidget(progress_);
        addSection(*column, boardPanelText("The last token"), figures_);
        addSection(*column, boardPanelText("What it assumes"), form_);
        column->addWidget(restart_);
        addSection(*column, boardPanelText("Boards that were found"), boards_);
        column->addStretch(1);
        setWidget(content);
    }

    static void addSection(QVBoxLayout& column, const QString& title, QWidget* content) {
        auto* heading = makeLabel(title, "", false);
        QFont bold = heading->font();
        bold.setBold(true);
        heading->setFont(bold);
        heading->setContentsMargins(0, grid, 0, 0);
        column.addWidget(heading);
        column.addWidget(content);
    }

    void addAction(ActionRegistry& actions) {
        action_ = actions.add("board.simulated", boardPanelText("Model"), boardPanelText("Simulated board"), {}, [this] {
            const bool starts = switch_->state() != BoardSwitch::State::On;
            switch_->toggle();
            if (starts) bringForward();
            refresh();  // a click has turned the check mark, whatever came of it
        });
        action_->setCheckable(true);
        action_->setIcon(themedIcon("board"));
    }

    void bringForward() {
        for (QWidget* parent = parentWidget(); parent != nullptr; parent = parent->parentWidget())
            if (auto* dock = qobject_cast<QDockWidget*>(parent)) {
                dock->show();
                dock->raise();
                return;
            }
    }

    QString stateText() const {
        switch (switch_->state()) {
            case BoardSwitch::State::Unavailable:
                return switch_->reason();
            case BoardSwitch::State::Off:
                return boardPanelText(
                    "Runs the open model as an FPGA would, cycle by cycle: exact, and much slower than a board. The "
                    "conversation moves there.");
            case BoardSwitch::State::Starting:
                return boardPanelText("Starting: the model is written into the board's memory.");
            case BoardSwitch::State::On:
                return boardPanelText("Runs, and the model is on it. Nothing here is a measurement of a real board.");
            case BoardSwitch::State::Lost:
                return boardPanelText("The conversation is kept.");
        }
        return {};
    }

    QString backText() const {
        const QString other = switch_->otherDevice();
        return other.isEmpty() ? boardPanelText("Stop") : boardPanelText("Stop, back to %1").arg(other);
    }
    QString goOnText() const {
        const QString other = switch_->otherDevice();
        return other.isEmpty() ? boardPanelText("Go on without it") : boardPanelText("Go on on %1").arg(other);
    }

    void refresh() {
        const auto state = switch_->state();
        const bool on = state == BoardSwitch::State::On;
        const bool starting = state == BoardSwitch::State::Starting;
        state_->setText(stateText());
        start_->setText(on ? backText() : starting ? boardPanelText("Starting…") : boardPanelText("Start the simulated board"));
        start_->setIcon(on ? themedIcon("stop") : QIcon());
        start_->setEnabled(state != BoardSwitch::State::Unavailable && !starting);
        start_->setProperty("primary", !on);
        start_->style()->unpolish(start_);
        start_->style()->polish(start_);
        goOn_->setText(goOnText());
        goOn_->setVisible(state == BoardSwitch::State::Lost);
        if (!starting) progress_->setValue(0);
        progress_->setVisible(starting);
        form_->setEnabled(!starting);
        restart_->setVisible(on && form_->settings() != switch_->runningWith());
        action_->setChecked(on || starting);
        action_->setEnabled(start_->isEnabled());
        action_->setToolTip(state == BoardSwitch::State::Unavailable
                                ? boardPanelText("Simulated board: %1").arg(switch_->reason())
                            : on ? boardPanelText("Simulated board: stop it")
                                 : boardPanelText("Simulated board: start it, with the model on it"));
    }

    void showLost(const QString& why) {
        messages_->post(
            MessageKind::Error,
            boardPanelText(
                "The simulated board has failed: %1. The answer can go on from where it is, on a board that is started "
                "anew or elsewhere.")
                .arg(why));
    }

    EngineClient& engine_;
    Settings& settings_;
    BoardSwitch* switch_;
    QAction* action_ = nullptr;
    QLabel* state_;
    QPushButton* start_;
    QPushButton* goOn_;  // elsewhere, after a failure
    QProgressBar* progress_;
    MessageArea* messages_;
    CycleFigures* figures_;
    SimulationForm* form_;
    QPushButton* restart_;
    BoardList* boards_;
};

}  // namespace

PanelDefinition boardPanel(Settings& settings) {
    return {
        "board", boardPanelText("Board"),
        boardPanelText(
            "The FPGA boards of this computer, and a simulated one that needs none: what its counters say of each token, and "
            "the clock and memory that it assumes."),
        Qt::RightDockWidgetArea, [&settings](const PanelContext& context) { return new BoardPanel(context, settings); }};
}

}  // namespace ternion::app
