#include "compare/compare_window.h"

#include <QCloseEvent>
#include <QHBoxLayout>
#include <QPointer>
#include <QPushButton>
#include <QScreen>
#include <QScrollArea>
#include <QShortcut>
#include <QStackedWidget>
#include <QTabWidget>
#include <QVBoxLayout>

#include "chat/conversation_model.h"
#include "chat/labels.h"
#include "compare/compare_results.h"
#include "compare/history_view.h"
#include "compare/live_comparison.h"
#include "compare/paper_view.h"
#include "compare/plan_form.h"
#include "engine/engine_client.h"
#include "inspect/inspector.h"
#include "shell/action_registry.h"
#include "shell/format.h"
#include "shell/message_bar.h"
#include "shell/settings.h"

namespace ternion::app {
namespace {

constexpr QSize usualSize{1440, 900};
constexpr int formWidth = 40 * grid;

/// Makes the window when it is wanted, and takes it along in the end.
class CompareOpener : public QObject {
public:
    CompareOpener(const PanelContext& context, Settings& settings, QWidget* mainWindow)
        : QObject(mainWindow), context_(context), settings_(settings) {}
    ~CompareOpener() override { delete window_; }

    void open() {
        if (window_ == nullptr) window_ = new CompareWindow(context_, settings_);
        window_->show();
        window_->raise();
        window_->activateWindow();
    }

private:
    PanelContext context_;
    Settings& settings_;
    QPointer<CompareWindow> window_;
};

}  // namespace

CompareWindow::CompareWindow(const PanelContext& context, Settings& settings, QWidget* parent)
    : QWidget(parent, Qt::Window),
      context_(context),
      settings_(settings),
      actions_(std::make_unique<ActionRegistry>()),
      comparison_(new LiveComparison(context.engine, this)),
      form_(new PlanForm(context.engine.devices())),
      formScroll_(new QScrollArea),
      run_(new QPushButton(tr("Compare"))),
      cancel_(new QPushButton(tr("Cancel"))),
      note_(makeLabel({}, "small", true)),
      messages_(new MessageArea),
      tabs_(new QTabWidget),
      pages_(new QStackedWidget),
      results_(new CompareResults(*comparison_, context, *actions_, *messages_)) {
    setObjectName("compareWindow");
    setWindowTitle(tr("Compare – Ternion"));
    setAttribute(Qt::WA_QuitOnClose, false);
    auto* empty =
        makeLabel(tr("Choose two devices at the left and press Compare: the same prompt runs on both, and what differs "
                     "is shown here, layer by layer and token by token."),
                  "", true);
    empty->setObjectName("compareEmpty");
    empty->setWordWrap(true);
    empty->setAlignment(Qt::AlignCenter);
    empty->setMargin(6 * grid);
    pages_->addWidget(empty);
    pages_->addWidget(results_);
    tabs_->setObjectName("compareMain");
    tabs_->setDocumentMode(true);
    tabs_->addTab(pages_, tr("Comparison"));
    tabs_->addTab(new HistoryView(context.runs, *actions_, *messages_), tr("History"));
    tabs_->addTab(new PaperView(context.runs, *actions_), tr("The paper's table"));
    auto* right = new QVBoxLayout;
    right->setContentsMargins(0, 0, 0, 0);
    right->setSpacing(0);
    right->addWidget(messages_);
    right->addWidget(tabs_, 1);
    auto* halves = new QHBoxLayout(this);
    halves->setContentsMargins(0, 0, 0, 0);
    halves->setSpacing(0);
    halves->addWidget(makeLeft());
    halves->addLayout(right, 1);

    connect(form_, &PlanForm::changed, this, &CompareWindow::refresh);
    connect(comparison_, &LiveComparison::began, this, [this] {
        pages_->setCurrentWidget(results_);
        tabs_->setCurrentIndex(0);
        refresh();
    });
    connect(comparison_, &LiveComparison::grew, this, &CompareWindow::refresh);
    connect(comparison_, &LiveComparison::ended, this, &CompareWindow::ended);
    followEngine();
    resize(usualSize.boundedTo(screen()->availableSize()));
    restoreGeometry(settings.compareGeometry());
    refresh();
}

CompareWindow::~CompareWindow() { comparison_->cancel(); }

QWidget* CompareWindow::makeLeft() {
    auto* left = new QWidget;
    left->setFixedWidth(formWidth);
    formScroll_->setFrameShape(QFrame::NoFrame);
    formScroll_->setWidgetResizable(true);
    formScroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    formScroll_->setWidget(form_);
    form_->setContentsMargins(0, 0, grid, 0);
    note_->setObjectName("compareNote");
    note_->setWordWrap(true);
    run_->setObjectName("compareRun");
    run_->setIcon(themedIcon("play"));
    run_->setProperty("primary", true);
    run_->setToolTip(tr("Ctrl+Return"));
    cancel_->setObjectName("compareCancel");
    cancel_->setIcon(themedIcon("stop"));
    connect(run_, &QPushButton::clicked, this, &CompareWindow::run);
    connect(cancel_, &QPushButton::clicked, this, [this] {
        comparison_->cancel();
        refresh();
    });
    for (const int key : {Qt::Key_Return, Qt::Key_Enter})
        connect(new QShortcut(QKeySequence(Qt::CTRL | key), this), &QShortcut::activated, run_, &QPushButton::click);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(grid);
    buttons->addWidget(run_);
    buttons->addWidget(cancel_);
    buttons->addStretch(1);
    auto* column = new QVBoxLayout(left);
    column->setContentsMargins(grid, grid, 0, grid);
    column->setSpacing(grid);
    column->addWidget(formScroll_, 1);
    column->addWidget(note_);
    column->addLayout(buttons);
    return left;
}

void CompareWindow::followEngine() {
    EngineClient& engine = context_.engine;
    const auto showModel = [this, &engine] {
        form_->setModel(engine.model());
        if (const auto device = engine.activeDevice()) form_->suggest(device->info.id());
    };
    connect(&engine, &EngineClient::modelOpened, this, showModel);
    connect(&engine, &EngineClient::deviceChanged, this, showModel);
    connect(&engine, &EngineClient::progress, this, [this](const QString& what, double fraction) {
        if (comparison_->state() == LiveComparison::State::Waiting)
            note_->setText(tr("%1, %2 %").arg(what).arg(qRound(100.0 * fraction)));
    });
    connect(&context_.conversation, &ConversationModel::answeringChanged, this, &CompareWindow::refresh);
    showModel();
}

void CompareWindow::run() {
    if (comparison_->running()) return;
    messages_->clear();
    auto asked = form_->asked(context_.conversation.chatTemplate());
    if (!asked) return messages_->post(MessageKind::Warning, form_->trouble());
    asked->texts = settings_.recordsTexts();
    comparison_->start(std::move(*asked), context_.inspector.store().limits());
}

void CompareWindow::refresh() {
    const bool running = comparison_->running();
    const QString trouble = form_->trouble();
    formScroll_->widget()->setEnabled(!running);
    run_->setEnabled(!running && trouble.isEmpty());
    cancel_->setVisible(running);
    cancel_->setEnabled(!comparison_->cancelling());
    if (!running)
        note_->setText(trouble);
    else if (comparison_->cancelling())
        note_->setText(tr("Stopping behind the tokens that are under way…"));
    else if (context_.conversation.answering())
        note_->setText(tr("The chat's answer waits until this comparison has ended or is cancelled."));
    else if (comparison_->state() == LiveComparison::State::Waiting)
        note_->setText(tr("Waiting for its turn, then loading the sides…"));
    else
        note_->setText(tr("A chat that is asked for meanwhile waits, so that it does not disturb what is measured."));
}

void CompareWindow::ended() {
    refresh();
    if (const auto& failure = comparison_->failure(); failure && failure->code != ErrorCode::Cancelled)
        messages_->post(MessageKind::Error, QString::fromStdString(failure->text()));
    else if (failure || comparison_->report()->result.stopped)
        messages_->post(MessageKind::Info, tr("Cancelled. What was compared before is kept."));
    if (const auto dropped = comparison_->feed()->droppedBytes(); dropped > 0)
        messages_->post(
            MessageKind::Warning,
            tr("%1 of values of the oldest tokens were dropped to keep within memory: the map has all tokens, cells "
               "of those have no values. Allow more under Inspect › Trace memory.")
                .arg(formatBytes(dropped)));
}

void CompareWindow::closeEvent(QCloseEvent* event) {
    settings_.setCompareGeometry(saveGeometry());
    QWidget::closeEvent(event);
}

QAction* addCompareWindow(const PanelContext& context, Settings& settings, QWidget* mainWindow) {
    auto* opener = new CompareOpener(context, settings, mainWindow);
    QAction* action = context.actions.add("compare.open", CompareWindow::tr("Measure"), CompareWindow::tr("Compare devices"),
                                          QKeySequence("Ctrl+Shift+D"), [opener] { opener->open(); });
    action->setIcon(themedIcon("compare"));
    action->setToolTip(CompareWindow::tr("The same prompt on two devices, side by side: what differs and what it costs"));
    return action;
}

}  // namespace ternion::app
