#include "benchmarks/benchmarks_panel.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QSplitter>
#include <QVBoxLayout>
#include <chrono>

#include "benchmarks/size_figure.h"
#include "benchmarks/sweep_form.h"
#include "engine/engine_client.h"
#include "runs/run_book.h"
#include "shell/action_registry.h"
#include "shell/format.h"
#include "shell/icons.h"
#include "shell/message_bar.h"

namespace ternion::app {
namespace {

QString benchmarksPanelText(const char* source) { return QCoreApplication::translate("Benchmarks", source); }

class BenchmarksPanel : public QWidget {
public:
    explicit BenchmarksPanel(const PanelContext& context)
        : engine_(context.engine),
          runs_(context.runs),
          form_(new SweepForm(context.engine.devices())),
          summary_(new QLabel),
          start_(new QPushButton(benchmarksPanelText("Start"))),
          paper_(new QPushButton(benchmarksPanelText("The paper's figure"))),
          cancel_(new QPushButton(benchmarksPanelText("Cancel"))),
          progress_(new QProgressBar),
          step_(new QLabel),
          messages_(new MessageArea),
          figure_(new SizeFigure(context.actions)) {
        setObjectName("benchmarksPanel");
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        auto* halves = new QSplitter(Qt::Horizontal);
        halves->setChildrenCollapsible(false);
        halves->addWidget(makeLeft());
        auto* right = new QWidget;
        auto* rightColumn = new QVBoxLayout(right);
        rightColumn->setContentsMargins(8, 8, 8, 8);
        rightColumn->addWidget(figure_);
        halves->addWidget(right);
        halves->setStretchFactor(1, 1);
        column->addWidget(halves, 1);
        column->addWidget(messages_);
        addActions(context.actions);

        connect(form_, &SweepForm::changed, this, [this] { refresh(); });
        connect(&engine_, &EngineClient::modelOpened, this, [this] { showModel(); });
        connect(&engine_, &EngineClient::sweepStepped, this,
                [this](const SweepStep& step, int done, int all) { showStep(step, done, all); });
        connect(&engine_, &EngineClient::sweepFinished, this, [this](const SweepOutcome& outcome) { finished(outcome); });
        connect(&runs_, &RunBook::changed, this, [this] { figure_->show(runs_.runs()); });
        runs_.watch(this);
        figure_->show(runs_.runs());
        showModel();
    }

    QSize sizeHint() const override { return {720, 420}; }

private:
    QWidget* makeLeft() {
        constexpr int widest = 352;
        auto* left = new QWidget;
        left->setMaximumWidth(widest);
        auto* column = new QVBoxLayout(left);
        column->setContentsMargins(8, 8, 8, 8);
        column->setSpacing(8);
        auto* scroll = new QScrollArea;
        scroll->setFrameShape(QFrame::NoFrame);
        scroll->setWidgetResizable(true);
        scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        scroll->setWidget(form_);
        scroll->setMinimumWidth(form_->minimumSizeHint().width() + 24);
        column->addWidget(scroll, 1);
        summary_->setObjectName("sweepSummary");
        summary_->setWordWrap(true);
        summary_->setProperty("muted", true);
        column->addWidget(summary_);
        step_->setObjectName("sweepStep");
        step_->setWordWrap(true);
        progress_->setObjectName("sweepProgress");
        progress_->setTextVisible(false);
        column->addWidget(step_);
        column->addWidget(progress_);
        auto* buttons = new QHBoxLayout;
        buttons->setSpacing(8);
        start_->setObjectName("sweepStart");
        start_->setIcon(themedIcon("play"));
        start_->setProperty("accent", true);
        paper_->setObjectName("sweepPaper");
        paper_->setToolTip(benchmarksPanelText("Measures 370M, 1.3B and 2.7B once each on the devices ticked above"));
        cancel_->setObjectName("sweepCancel");
        cancel_->setIcon(themedIcon("stop"));
        for (QPushButton* button : {start_, paper_, cancel_}) buttons->addWidget(button);
        buttons->addStretch(1);
        column->addLayout(buttons);
        connect(start_, &QPushButton::clicked, this, [this] { start(form_->plan()); });
        connect(paper_, &QPushButton::clicked, this, [this] { startPaper(); });
        connect(cancel_, &QPushButton::clicked, this, [this] {
            cancel_->setEnabled(false);
            engine_.cancelSweep();
        });
        return left;
    }

    void addActions(ActionRegistry& actions) {
        actions.add("benchmarks.paper", benchmarksPanelText("Measure"),
                    benchmarksPanelText("The paper's figure of memory and latency"), {}, [this] {
                        for (QWidget* parent = parentWidget(); parent != nullptr && !isVisible();
                             parent = parent->parentWidget())
                            parent->show();
                        if (paper_->isEnabled()) startPaper();
                    });
    }

    void startPaper() {
        form_->choosePublishedShapes();
        auto plan = form_->plan();
        if (plan) {
            plan->repeats = 1;
            plan->packings = {Packing::Auto};
            plan->promptTokens = {plan->promptTokens.front()};
        }
        start(plan);
    }

    void start(std::optional<SweepPlan> plan) {
        messages_->clear();
        if (!plan) return messages_->post(MessageKind::Warning, form_->trouble());
        plan->name = benchmarksPanelText("Sweep of %1").arg(QDateTime::currentDateTime().toString(Qt::ISODate)).toStdString();
        running_ = true;
        began_ = std::chrono::steady_clock::now();
        progress_->setRange(0, static_cast<int>(stepsOf(*plan).size()));
        progress_->setValue(0);
        step_->setText(benchmarksPanelText("Waiting for its turn…"));
        engine_.runSweep(*plan);
        refresh();
    }

    void showModel() {
        const auto model = engine_.model();
        form_->setOpenModel(model ? QString::fromStdString(model->checkpoint.model->name) : QString());
    }

    void showStep(const SweepStep& step, int done, int all) {
        progress_->setValue(done);
        QString line = benchmarksPanelText("%1 of %2: %3").arg(done + 1).arg(all).arg(QString::fromStdString(step.text()));
        if (done > 0) {
            const double passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
            line += QLatin1Char('\n') + benchmarksPanelText("about %1 left").arg(formatDuration(passed / done * (all - done)));
        }
        step_->setText(line);
    }

    void finished(const SweepOutcome& outcome) {
        running_ = false;
        for (const std::string& failure : outcome.failures)
            messages_->post(MessageKind::Warning, QString::fromStdString(failure));
        const QString runs = QCoreApplication::translate("Benchmarks", "%n run(s) recorded", nullptr, outcome.done);
        messages_->post(MessageKind::Info,
                        outcome.cancelled ? benchmarksPanelText("Cancelled. %1.").arg(runs) : runs + QLatin1Char('.'));
        runs_.refresh();
        refresh();
    }

    void refresh() {
        const auto plan = form_->plan();
        const QString trouble = form_->trouble();
        summary_->setText(
            plan ? QCoreApplication::translate("Benchmarks", "%n run(s)", nullptr, static_cast<int>(stepsOf(*plan).size()))
                 : trouble);
        start_->setEnabled(!running_ && plan.has_value());
        paper_->setEnabled(!running_);
        cancel_->setEnabled(running_);
        cancel_->setVisible(running_);
        progress_->setVisible(running_);
        step_->setVisible(running_);
        form_->setEnabled(!running_);
    }

    EngineClient& engine_;
    RunBook& runs_;
    SweepForm* form_;
    QLabel* summary_;
    QPushButton* start_;
    QPushButton* paper_;
    QPushButton* cancel_;
    QProgressBar* progress_;
    QLabel* step_;
    MessageArea* messages_;
    SizeFigure* figure_;
    bool running_ = false;
    std::chrono::steady_clock::time_point began_;
};

}  // namespace

PanelDefinition benchmarksPanel() {
    return {"benchmarks",
            benchmarksPanelText("Benchmarks"),
            benchmarksPanelText(
                "Measures models, devices, packings and lengths against each other. Every measurement becomes a run, which the "
                "Runs and Metrics docks show."),
            Qt::RightDockWidgetArea,
            [](const PanelContext& context) { return new BenchmarksPanel(context); },
            PanelGroup::Measurement};
}

}  // namespace ternion::app
