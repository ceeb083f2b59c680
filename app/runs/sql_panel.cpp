#include "runs/sql_panel.h"

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSpinBox>
#include <QSplitter>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTimer>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "runs/run_book.h"
#include "runs/schema_tree.h"
#include "runs/sql_editor.h"
#include "runs/sql_examples.h"
#include "runs/sql_history.h"
#include "runs/sql_plot.h"
#include "runs/sql_result_table.h"
#include "shell/action_registry.h"
#include "shell/format.h"
#include "shell/message_bar.h"
#include "views/latest_task.h"

namespace ternion::app {
namespace {

constexpr int tick = 100;          // milliseconds
constexpr int shownAfter = 300;    // likewise: what takes less needs no clock
constexpr int longestLimit = 600;  // seconds
constexpr int usualLimit = 10;

QString sqlPanelText(const char* source) { return QCoreApplication::translate("SqlPanel", source); }

QString secondsText(double seconds) { return sqlPanelText("%1 s").arg(QLocale().toString(seconds, 'f', seconds < 1 ? 3 : 1)); }

class SqlPanel : public QWidget {
public:
    SqlPanel(const PanelContext& context, Settings& settings)
        : path_(context.runs.store().path()),
          history_(settings),
          editor_(new SqlEditor),
          messages_(new MessageArea),
          schema_(new SchemaTree),
          table_(new SqlResultTable),
          plot_(new SqlPlot(context.actions)),
          pages_(new QStackedWidget),
          limit_(new QSpinBox),
          state_(makeLabel({}, "small", true)),
          clock_(new QTimer(this)) {
        setObjectName("sqlPanel");
        addActions(context.actions);
        auto* left = new QSplitter(Qt::Vertical);
        left->setObjectName("sql.splitter");
        left->setChildrenCollapsible(false);
        left->addWidget(buildEditor(context.actions));
        left->addWidget(buildAnswer());
        left->setStretchFactor(0, 2);
        left->setStretchFactor(1, 3);
        auto* sides = new QSplitter(Qt::Horizontal);
        sides->setObjectName("sql.sides");
        sides->addWidget(left);
        sides->addWidget(schema_);
        sides->setStretchFactor(0, 3);
        sides->setStretchFactor(1, 1);
        sides->setCollapsible(0, false);
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->addWidget(sides);
        clock_->setInterval(tick);
        connect(clock_, &QTimer::timeout, this, [this] {
            if (since_.elapsed() >= shownAfter) state_->setText(sqlPanelText("Running: %1").arg(secondsText(elapsed())));
        });
        connect(editor_, &SqlEditor::runAsked, this, &SqlPanel::run);
        connect(editor_, &SqlEditor::olderAsked, this, [this] { walk(history_.older(editor_->toPlainText())); });
        connect(editor_, &SqlEditor::newerAsked, this, [this] { walk(history_.newer()); });
        connect(editor_, &SqlEditor::edited, this, [this] {
            messages_->clear();
            if (editor_->document()->isEmpty()) pages_->setCurrentIndex(0);
        });
        connect(schema_, &SchemaTree::nameChosen, editor_, &SqlEditor::insertName);
        showRunning(false);
    }

    QSize sizeHint() const override { return {960, 360}; }

protected:
    void showEvent(QShowEvent* event) override {
        QWidget::showEvent(event);
        readSchema();
    }

private:
    void addActions(ActionRegistry& actions) {
        const QString menu = sqlPanelText("Measure/SQL");
        run_ = actions.add("sql.run", menu, sqlPanelText("Run the SQL question"), {}, [this] { run(); });
        run_->setIcon(themedIcon("play"));
        run_->setToolTip(sqlPanelText("Run the question (Ctrl+Enter)"));
        stop_ = actions.add("sql.stop", menu, sqlPanelText("Stop the SQL question"), {}, [this] { stop(); });
        stop_->setIcon(themedIcon("stop"));
        older_ = actions.add("sql.older", menu, sqlPanelText("Earlier SQL question"), {},
                             [this] { walk(history_.older(editor_->toPlainText())); });
        older_->setIcon(themedIcon("back"));
        older_->setToolTip(sqlPanelText("The question before (Alt+Up)"));
        newer_ = actions.add("sql.newer", menu, sqlPanelText("Later SQL question"), {}, [this] { walk(history_.newer()); });
        newer_->setIcon(themedIcon("forward"));
        newer_->setToolTip(sqlPanelText("The question after (Alt+Down)"));
    }

    QWidget* buildEditor(ActionRegistry& actions) {
        auto* part = new QWidget;
        auto* row = new QHBoxLayout;
        row->setContentsMargins(grid, grid / 2, grid, grid / 2);
        row->setSpacing(grid);
        for (QAction* action : {run_, stop_, older_, newer_}) {
            auto* button = new QToolButton;
            button->setDefaultAction(action);
            button->setObjectName(action->objectName() + QStringLiteral(".button"));
            button->setAccessibleName(action->text());
            button->setIconSize({iconExtent, iconExtent});
            button->setAutoRaise(true);
            button->setFocusPolicy(Qt::StrongFocus);
            row->addWidget(button);
        }
        limit_->setObjectName("sql.limit");
        limit_->setAccessibleName(sqlPanelText("Limit of time"));
        limit_->setToolTip(sqlPanelText("A question that takes longer is ended"));
        limit_->setPrefix(sqlPanelText("at most "));
        limit_->setSuffix(sqlPanelText(" s"));
        limit_->setRange(1, longestLimit);
        limit_->setValue(usualLimit);
        state_->setObjectName("sql.state");
        row->addWidget(limit_);
        row->addWidget(state_, 1);
        row->addWidget(makeExportButton("sql", sqlPanelText("SQL"), *table_, *table_, actions));
        auto* column = new QVBoxLayout(part);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addLayout(row);
        column->addWidget(editor_, 1);
        column->addWidget(messages_);
        return part;
    }

    QWidget* buildAnswer() {
        auto* examples = new QWidget;
        auto* row = new QVBoxLayout(examples);
        row->setContentsMargins(2 * grid, grid, 2 * grid, grid);
        row->setSpacing(grid);
        auto* note =
            makeLabel(sqlPanelText("Ask the database of runs and conversations. It can be read here, never changed. To begin "
                                   "with:"),
                      "", true);
        note->setWordWrap(true);
        row->addWidget(note);
        for (const SqlExample& example : sqlExamples()) {
            auto* button = new QPushButton(example.title);
            button->setObjectName("sql.example");
            connect(button, &QPushButton::clicked, this, [this, sql = example.sql] {
                editor_->replaceText(sql);
                editor_->setFocus();
                run();
            });
            row->addWidget(button, 0, Qt::AlignLeft);
        }
        row->addStretch(1);
        auto* tabs = new QTabWidget;
        tabs->setObjectName("sql.tabs");
        tabs->setDocumentMode(true);
        tabs->addTab(table_, sqlPanelText("Table"));
        tabs->addTab(plot_, sqlPanelText("Plot"));
        pages_->setObjectName("sql.pages");
        pages_->addWidget(examples);
        pages_->addWidget(tabs);
        return pages_;
    }

    void run() {
        const QString sql = editor_->toPlainText();
        messages_->clear();
        if (!sql.trimmed().isEmpty()) history_.add(sql);
        SqlLimits limits;
        limits.time = std::chrono::seconds(limit_->value());
        since_.start();
        showRunning(true);
        task_.run(
            [path = path_, text = sql.toStdString(), limits](const std::stop_token& stop) mutable {
                limits.stop = stop;
                return askDatabase(path, text, limits);
            },
            [this](Result<SqlAnswer> answer) {
                showRunning(false);
                if (answer)
                    show(std::make_shared<const SqlAnswer>(std::move(answer).value()));
                else
                    show(answer.error());
            });
    }

    void stop() {
        task_.stop();
        showRunning(false);
        state_->setText(sqlPanelText("Stopped after %1").arg(secondsText(elapsed())));
    }

    double elapsed() const { return static_cast<double>(since_.elapsed()) / 1e3; }

    void showRunning(bool running) {
        if (running)
            clock_->start();
        else
            clock_->stop();
        state_->setText({});
        stop_->setEnabled(running);
        run_->setEnabled(!running);
    }

    void show(const std::shared_ptr<const SqlAnswer>& answer) {
        const QString took = secondsText(answer->seconds);
        const auto rows = static_cast<int>(answer->rows.size());
        state_->setText(answer->more ? sqlPanelText("The first %1 rows in %2; there are more").arg(formatCount(rows), took)
                                     : QCoreApplication::translate("SqlPanel", "%n row(s) in %1", nullptr, rows).arg(took));
        table_->setAnswer(answer);
        plot_->setAnswer(answer);
        pages_->setCurrentIndex(1);
    }

    void show(const Error& error) {
        messages_->post(MessageKind::Error, QString::fromStdString(error.text()));
        if (const auto place = placeOf(error)) editor_->markMistake(*place);
    }

    void walk(const QString& question) {
        if (!question.isNull()) editor_->replaceText(question);
    }

    void readSchema() {
        schemaTask_.run([path = path_](const std::stop_token&) { return databaseSchema(path); },
                        [this](const Result<std::vector<SqlTable>>& tables) {
                            if (tables)
                                schema_->setSchema(*tables);
                            else
                                messages_->post(MessageKind::Error, QString::fromStdString(tables.error().text()));
                        });
    }

    std::filesystem::path path_;
    SqlHistory history_;
    SqlEditor* editor_;
    MessageArea* messages_;
    SchemaTree* schema_;
    SqlResultTable* table_;
    SqlPlot* plot_;
    QStackedWidget* pages_;
    QSpinBox* limit_;
    QLabel* state_;
    QTimer* clock_;
    QElapsedTimer since_;
    QAction* run_ = nullptr;
    QAction* stop_ = nullptr;
    QAction* older_ = nullptr;
    QAction* newer_ = nullptr;
    LatestTask task_;
    LatestTask schemaTask_;
};

}  // namespace

PanelDefinition sqlPanel(Settings& settings) {
    return {"sql",
            sqlPanelText("SQL"),
            sqlPanelText(
                "Ask the database of runs, samples and conversations in SQL. It can be read here, never changed; answers are "
                "shown as a table or a plot, and saved as CSV."),
            Qt::RightDockWidgetArea,
            [&settings](const PanelContext& context) -> QWidget* { return new SqlPanel(context, settings); },
            PanelGroup::Measurement};
}

}  // namespace ternion::app
