#include "runs/runs_panel.h"

#include <QCheckBox>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QStackedWidget>
#include <QTabWidget>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "inspect/folding_splitter.h"
#include "runs/run_book.h"
#include "runs/run_comparison_view.h"
#include "runs/run_details.h"
#include "runs/run_files.h"
#include "runs/run_table.h"
#include "runs/run_text.h"
#include "shell/action_registry.h"
#include "shell/message_bar.h"

namespace ternion::app {
namespace {

QString runsPanelText(const char* source) { return QCoreApplication::translate("RunsPanel", source); }

QToolButton* buttonOf(QAction* action) {
    auto* button = new QToolButton;
    button->setDefaultAction(action);
    button->setObjectName(action->objectName() + QStringLiteral(".button"));
    button->setAccessibleName(action->text());
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::StrongFocus);
    button->setIconSize({iconExtent, iconExtent});
    return button;
}

class RunsPanel : public QWidget {
public:
    explicit RunsPanel(const PanelContext& context)
        : book_(context.runs),
          table_(new RunTable(context.runs)),
          filter_(new QLineEdit),
          follow_(new QCheckBox(runsPanelText("Follow"))),
          pages_(new QStackedWidget),
          empty_(makeLabel({}, "", true)),
          tabs_(new QTabWidget),
          messages_(new MessageArea) {
        setObjectName("runsPanel");
        book_.watch(this);
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addLayout(buildControls(context.actions));
        column->addWidget(messages_);
        column->addWidget(buildViews(), 1);
        connect(table_, &RunTable::rowsChanged, this, &RunsPanel::showState);
        connect(&book_, &RunBook::shownChanged, this, &RunsPanel::showState);
        connect(&book_, &RunBook::problem, this, [this](const QString& what) { messages_->post(MessageKind::Error, what); });
        showState();
    }

    QSize sizeHint() const override { return {960, 320}; }

private:
    QLayout* buildControls(ActionRegistry& actions) {
        filter_->setObjectName("runs.filter");
        filter_->setPlaceholderText(runsPanelText("Filter: words, tag:…, kind:…, model:…, device:…"));
        filter_->setToolTip(
            runsPanelText("Shows the runs that have all of these words. tag:fast, kind:bench, model:49m and device:cpu look "
                          "in that place alone."));
        filter_->setAccessibleName(runsPanelText("Filter runs"));
        filter_->setClearButtonEnabled(true);
        filter_->addAction(themedIcon("filter"), QLineEdit::LeadingPosition);
        connect(filter_, &QLineEdit::textChanged, table_, &RunTable::setFilter);
        connect(filter_, &QLineEdit::returnPressed, table_, [this] { table_->setFocus(); });
        follow_->setObjectName("runs.follow");
        follow_->setToolTip(runsPanelText("Shows each run as soon as it begins"));
        follow_->setChecked(book_.follows());
        connect(follow_, &QCheckBox::toggled, this, [this](bool on) { book_.setFollows(on); });
        addActions(actions);
        auto* row = new QHBoxLayout;
        row->setContentsMargins(grid, grid / 2, grid, grid / 2);
        row->setSpacing(grid);
        row->addWidget(filter_, 1);
        row->addWidget(follow_);
        for (QAction* action : {baseline_, tags_, note_, delete_, files_->exporting(), files_->importing()})
            row->addWidget(buttonOf(action));
        row->addWidget(makeExportButton("runs", runsPanelText("Runs"), *table_, *table_, actions));
        return row;
    }

    void addActions(ActionRegistry& actions) {
        const QString menu = runsPanelText("Measure");
        const auto add = [&](const char* id, const QString& name, const char* icon, const std::function<void()>& run) {
            QAction* action = actions.add(id, menu, name, {}, run);
            action->setIcon(themedIcon(icon));
            table_->addAction(action);
            return action;
        };
        baseline_ = add("runs.baseline", runsPanelText("Make this run the baseline"), "star",
                        [this] { book_.setBaseline(table_->current()); });
        clear_ = add("runs.clearBaseline", runsPanelText("Clear the baseline"), "close", [this] { book_.setBaseline(0); });
        tags_ = add("runs.tags", runsPanelText("Edit the tags of this run"), "tag",
                    [this] { table_->editCurrent(RunTableModel::Tags); });
        note_ = add("runs.note", runsPanelText("Edit the note of this run"), "edit",
                    [this] { table_->editCurrent(RunTableModel::Note); });
        delete_ = add("runs.delete", runsPanelText("Delete the chosen runs"), "delete", [this] { removeChosen(); });
        delete_->setShortcut(QKeySequence::Delete);
        delete_->setShortcutContext(Qt::WidgetShortcut);  // of the table, not of editors in it
        QAction* find = actions.add("runs.find", menu, runsPanelText("Filter runs"), {}, [this] {
            if (auto* dock = parentWidget()) dock->show();
            filter_->setFocus();
            filter_->selectAll();
        });
        find->setIcon(themedIcon("filter"));
        files_ = new RunFiles(book_, *table_, *messages_, actions, this);
    }

    QWidget* buildViews() {
        auto* details = new RunDetails(book_);
        auto* comparison = new RunComparisonView(book_);
        tabs_->setObjectName("runs.tabs");
        tabs_->setDocumentMode(true);
        tabs_->addTab(details, runsPanelText("Details"));
        tabs_->addTab(comparison, runsPanelText("Comparison"));
        tabs_->setTabToolTip(1, runsPanelText("Choose two or more runs with Ctrl or Shift to compare them"));
        auto* splitter = new FoldingSplitter;
        splitter->setObjectName("runs.splitter");
        splitter->addWidget(table_);
        splitter->addWidget(tabs_);
        splitter->setStretchFactor(0, 1);
        splitter->setStretchFactor(1, 1);
        splitter->setCollapsible(1, true);
        empty_->setObjectName("runs.empty");
        empty_->setWordWrap(true);
        empty_->setAlignment(Qt::AlignCenter);
        empty_->setMargin(2 * grid);
        pages_->addWidget(splitter);
        pages_->addWidget(empty_);
        return pages_;
    }

    void removeChosen() {
        const auto ids = table_->chosen();
        if (ids.empty()) return;
        const RunSummary* only = ids.size() == 1 ? book_.find(ids.front()) : nullptr;
        book_.remove(ids);
        messages_->clear();
        messages_->post(MessageKind::Info,
                        only != nullptr ? runsPanelText("Deleted %1").arg(runTitle(*only))
                                        : QCoreApplication::translate("RunsPanel", "Deleted %n run(s)", nullptr,
                                                                      static_cast<int>(ids.size())),
                        MessageAction{runsPanelText("Undo"), [this] { book_.undoRemove(); }});
    }

    void showState() {
        const bool none = table_->shownRows() == 0;
        const bool chosen = !table_->chosen().empty();
        const bool several = book_.shown().size() > 1;
        empty_->setText(
            book_.runs().empty()
                ? runsPanelText("No run yet. Ask the model something, or start a benchmark: each leaves a run here, with all "
                                "that was measured.")
                : runsPanelText("No run has all of these words. Filter by fewer of them."));
        pages_->setCurrentIndex(none ? 1 : 0);
        for (QAction* action : {baseline_, tags_, note_, delete_, files_->exporting()}) action->setEnabled(chosen);
        clear_->setEnabled(book_.baseline() != nullptr);
        follow_->setChecked(book_.follows());
        tabs_->setTabEnabled(1, several);
        if (several != several_) tabs_->setCurrentIndex(several ? 1 : 0);
        several_ = several;
    }

    RunBook& book_;
    RunTable* table_;
    QLineEdit* filter_;
    QCheckBox* follow_;
    QStackedWidget* pages_;
    QLabel* empty_;
    QTabWidget* tabs_;
    MessageArea* messages_;
    RunFiles* files_ = nullptr;
    QAction* baseline_ = nullptr;
    QAction* clear_ = nullptr;
    QAction* tags_ = nullptr;
    QAction* note_ = nullptr;
    QAction* delete_ = nullptr;
    bool several_ = false;
};

}  // namespace

PanelDefinition runsPanel() {
    return {
        "runs",
        runsPanelText("Runs"),
        runsPanelText(
            "Every answer and every benchmark leaves a run here. Filter them, tag them, choose one to see its details, two or "
            "more to compare them, and mark one as the baseline."),
        Qt::RightDockWidgetArea,
        [](const PanelContext& context) { return new RunsPanel(context); },
        PanelGroup::Measurement};
}

}  // namespace ternion::app
