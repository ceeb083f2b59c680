#include "inspect/interventions/interventions_panel.h"

#include <QKeyEvent>
#include <QLabel>
#include <QListView>
#include <QLocale>
#include <QPushButton>
#include <QTextEdit>
#include <QVBoxLayout>
#include <cmath>

#include "chat/conversation_model.h"
#include "chat/labels.h"
#include "engine/intervention_effect.h"
#include "inspect/inspect_panel.h"
#include "inspect/inspector.h"
#include "inspect/interventions/edit_form.h"
#include "inspect/token_change.h"
#include "shell/action_registry.h"
#include "shell/colors.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

constexpr const char* tag = "intervention";

/// An answer whose tokens can be marked.
QTextEdit* makeAnswer(const char* name, const QString& accessible) {
    auto* edit = new QTextEdit;
    edit->setObjectName(name);
    edit->setAccessibleName(accessible);
    edit->setReadOnly(true);
    edit->setTabChangesFocus(true);
    return edit;
}

/// What differs is coloured and underlined: also seen without colours.
void showTokens(QTextEdit* edit, const std::vector<QString>& tokens, const std::vector<bool>& same, const QColor& color) {
    edit->clear();
    QTextCursor cursor(edit->document());
    QTextCharFormat plain, marked;
    QColor soft = color;
    soft.setAlpha(70);
    marked.setBackground(soft);
    marked.setFontUnderline(true);
    for (std::size_t k = 0; k < tokens.size(); ++k) cursor.insertText(tokens[k], same[k] ? plain : marked);
}

class InterventionsPanel final : public InspectPanel {
    Q_OBJECT

public:
    explicit InterventionsPanel(const PanelContext& context)
        : InspectPanel(QStringLiteral("interventions"), context),

          form_(new EditForm(inspector())),
          list_(new QListView),
          run_(new QPushButton(tr("Answer again"))),
          status_(makeLabel({}, "small", true)),
          before_(makeAnswer("answerBefore", tr("The answer as it is"))),
          after_(makeAnswer("answerAfter", tr("The answer with the interventions"))),
          plot_(new PlotView(QStringLiteral("interventionPlot"))) {
        list_->setObjectName("interventionList");
        list_->setAccessibleName(tr("Interventions"));
        list_->setModel(&inspector().interventions());
        list_->setMaximumHeight(12 * grid);
        list_->installEventFilter(this);
        run_->setObjectName("interventionRun");
        run_->setProperty("primary", true);
        status_->setObjectName("interventionStatus");
        status_->setWordWrap(true);
        plot_->setTitles(tr("token of the answer"), tr("KL (nats)"));
        plot_->setToolTip(tr("How far each token's distribution is from the unedited model's: KL(as it is ‖ edited)"));

        addActions(context.actions);
        auto* content = new QWidget;
        auto* column = new QVBoxLayout(content);
        column->setContentsMargins(grid, 0, grid, grid);
        column->setSpacing(grid);
        column->addWidget(form_);
        column->addWidget(list_);
        auto* row = new QHBoxLayout;
        row->addWidget(run_);
        row->addWidget(status_, 1);
        row->addWidget(makeExportButton(QStringLiteral("interventions"), tr("Interventions"), *plot_, *plot_, context.actions));
        column->addLayout(row);
        auto* answers = new QHBoxLayout;
        answers->setSpacing(grid);
        for (const auto& [title, answer] :
             {std::pair{tr("As it is"), before_}, std::pair{tr("With the interventions"), after_}}) {
            auto* side = new QVBoxLayout;
            side->setSpacing(grid / 2);
            side->addWidget(makeLabel(title, "small", true));
            side->addWidget(answer, 1);
            answers->addLayout(side, 1);
        }
        column->addLayout(answers, 2);
        column->addWidget(plot_, 2);
        setContent(content);

        connect(form_, &EditForm::submitted, this,
                [this](const Intervention& edits) { inspector().interventions().add(edits, tr("Add an intervention")); });
        connect(run_, &QPushButton::clicked, this,
                [this] { running_ ? inspector().engine().cancelCompute(tag) : answerAgain(); });
        connect(&inspector().interventions(), &InterventionList::changed, this, &InterventionsPanel::refresh);
        connect(&context.conversation, &ConversationModel::answeringChanged, this, &InterventionsPanel::refresh);
        connect(plot_, &PlotView::positionActivated, this, [this](double x, double) {
            Selection selection = inspector().selection();
            selection.token = inspector().promptTokens() + static_cast<int>(std::lround(x));
            inspector().select(selection);
        });
        refresh();
    }

protected:
    void refresh() override {
        const auto model = inspector().model();
        const bool answered = inspector().promptTokens() < static_cast<int>(inspector().timeline().size()) &&
                              !inspector().conversation().answering();
        run_->setEnabled(running_ || (model && answered));
        run_->setText(running_ ? tr("Stop") : tr("Answer again"));
        plot_->setVisible(shown_);
        if (running_) return;
        if (!model)
            status_->setText(tr("Open a model first: File › Open model."));
        else if (!answered)
            status_->setText(tr("Ask something in the chat; its last answer is what is written again."));
        else if (status_->text().isEmpty() || !shown_)
            status_->setText(tr("Add an edit, then let the last answer be written again with the same seed."));
        const int token = inspector().selection().token;
        plot_->setMarked(shown_ && token >= inspector().promptTokens() ? token - inspector().promptTokens() : std::nan(""));
        if (shown_ && inspector().ids() != shownFor_) {  // of another text
            shown_ = false;
            before_->clear();
            after_->clear();
            plot_->clearAll();
            plot_->replot();
            status_->clear();
            refresh();
        }
    }

    bool eventFilter(QObject* watched, QEvent* event) override {
        if (watched == list_ && event->type() == QEvent::KeyPress) {
            const int key = static_cast<QKeyEvent*>(event)->key();
            if (key == Qt::Key_Delete || key == Qt::Key_Backspace) {
                inspector().interventions().removeAt(list_->currentIndex().row());
                return true;
            }
        }
        return InspectPanel::eventFilter(watched, event);
    }

private:
    void addActions(ActionRegistry& actions) {
        const QString menu = tr("Inspect");
        actions.add("interventions.run", menu, tr("Answer again with the interventions"), QKeySequence("Ctrl+Shift+R"), [this] {
            if (!running_) run_->click();
        });
        actions.add("interventions.clear", menu, tr("Remove all interventions"), {},
                    [this] { inspector().interventions().clear(); });
        actions.add("interventions.remove", menu, tr("Remove the chosen intervention"), {},
                    [this] { inspector().interventions().removeAt(list_->currentIndex().row()); });
        actions.add("interventions.zero", menu, tr("Zero the selected channel"), QKeySequence("Ctrl+Shift+Z"), [this] {
            const Selection& selected = inspector().selection();
            const Edit edit{selected.tensor, selected.layer, selected.channel, 1};
            if (selected.channel >= 0 && inspector().model() &&
                checkIntervention({&edit, 1}, inspector().model()->checkpoint.model->config))
                inspector().interventions().add({edit}, tr("Zero a channel"));
        });
        actions.add("interventions.withoutLayer", menu, tr("Take the selected layer out"), {}, [this] {
            if (inspector().model())
                inspector().interventions().add(withoutLayer(inspector().selection().layer), tr("Take a layer out"));
        });
    }

    void answerAgain() {
        const auto ids = inspector().ids();
        const auto split = ids.begin() + inspector().promptTokens();
        const auto& conversation = inspector().conversation().conversation();
        GenerateOptions options;
        options.sampler = conversation.sampler;
        options.maxTokens = std::max(conversation.maxTokens, static_cast<int>(ids.end() - split));
        running_ = true;
        status_->setText(tr("Writing…"));
        refresh();
        inspector().engine().compute(
            this, tag,
            [prompt = std::vector(ids.begin(), split), answer = std::vector(split, ids.end()), options,
             tokenizer = inspector().model()->tokenizer, intervention = inspector().interventions().active()](
                const std::shared_ptr<DeviceModel>& device, const std::stop_token& stop) -> Result<InterventionEffect> {
                if (!device) return Error{ErrorCode::InvalidArgument, "no model is open", {}};
                GenerateOptions stoppable = options;
                stoppable.stop = stop;
                return measureIntervention(device, tokenizer, prompt, answer, stoppable, intervention, {});
            },
            [this, ids](const Result<InterventionEffect>& effect) {
                running_ = false;
                if (effect)
                    show(ids, *effect);
                else
                    status_->setText(effect.error().code == ErrorCode::Cancelled
                                         ? tr("Stopped.")
                                         : QString::fromStdString(effect.error().text()));
                refresh();
            });
    }

    void show(const std::vector<TokenId>& ids, const InterventionEffect& effect) {
        const std::vector<TokenId> answer(ids.begin() + inspector().promptTokens(), ids.end());
        const SequenceMatch match = matchSequences(answer, effect.answer);
        const auto texts = [&](const std::vector<TokenId>& tokens) {
            // Each token's text in its place: what it adds to the text before it.
            std::vector<QString> all;
            all.reserve(tokens.size());
            StreamDecoder decoder(inspector().model()->tokenizer, std::span(ids).first(ids.size() - answer.size()));
            for (const TokenId id : tokens) all.push_back(QString::fromStdString(decoder.append(id)));
            if (!all.empty()) all.back() += QString::fromStdString(decoder.finish());
            return all;
        };
        showTokens(before_, texts(answer), match.first, tritColor(-1));
        showTokens(after_, texts(effect.answer), match.second, tritColor(1));
        const QVector<double> kl(effect.divergence.begin(), effect.divergence.end());
        QVector<double> at(kl.size());
        double sum = 0.0;
        for (qsizetype k = 0; k < kl.size(); ++k) {
            at[k] = static_cast<double>(k);
            sum += kl[k];
        }
        plot_->clearAll();
        auto* graph = plot_->addGraph();
        graph->setName(tr("KL(as it is ‖ edited)"));
        graph->setPen(QPen(PlotView::seriesColor(0), 2));
        graph->setLineStyle(QCPGraph::lsImpulse);
        graph->setScatterStyle({QCPScatterStyle::ssDisc, 6});
        graph->setData(at, kl, true);
        plot_->showAll();
        const auto gone = std::count(match.first.begin(), match.first.end(), false);
        const auto fresh = std::count(match.second.begin(), match.second.end(), false);
        const QString mean = QLocale().toString(kl.empty() ? 0.0 : sum / static_cast<double>(kl.size()), 'g', 3);
        status_->setText(
            effect.answer == answer
                ? tr("The same answer. Mean KL %1 nats.").arg(mean)
                : tr("The answers differ: %1 tokens are gone, %2 are new. Mean KL %3 nats.").arg(gone).arg(fresh).arg(mean));
        shown_ = true;
        shownFor_ = ids;
    }

    EditForm* form_;
    QListView* list_;
    QPushButton* run_;
    QLabel* status_;
    QTextEdit *before_, *after_;
    PlotView* plot_;
    bool running_ = false;
    bool shown_ = false;
    std::vector<TokenId> shownFor_;
};

}  // namespace

PanelDefinition interventionsPanel() {
    return {
        "interventions",
        InterventionsPanel::tr("Interventions"),
        InterventionsPanel::tr("Zero, scale, clamp or pin parts of the model, and see what the last answer would have been."),
        Qt::RightDockWidgetArea,
        [](const PanelContext& context) { return new InterventionsPanel(context); },
        PanelGroup::Inspection};
}

}  // namespace ternion::app

#include "interventions_panel.moc"
