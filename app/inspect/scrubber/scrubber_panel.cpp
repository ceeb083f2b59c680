#include "inspect/scrubber/scrubber_panel.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

#include "chat/conversation_model.h"
#include "chat/labels.h"
#include "inspect/inspect_panel.h"
#include "inspect/inspector.h"
#include "inspect/scrubber/token_strip.h"
#include "inspect/token_change.h"
#include "shell/action_registry.h"
#include "views/exportable.h"
#include "views/latest_task.h"

namespace ternion::app {
namespace {

constexpr int millisecondsAToken = 200;  // while it plays

class ScrubberPanel final : public InspectPanel, public Exportable {
    Q_OBJECT

public:
    explicit ScrubberPanel(const PanelContext& context)
        : InspectPanel(QStringLiteral("scrubber"), context), strip_(new TokenStrip), place_(makeLabel({}, "small", true)) {
        place_->setObjectName("scrubberPlace");
        place_->setMinimumWidth(28 * grid);
        timer_.setInterval(millisecondsAToken);
        connect(&timer_, &QTimer::timeout, this, [this] {
            if (strip_->current() + 1 < count())
                moveTo(strip_->current() + 1);
            else
                play_->setChecked(false);
        });
        connect(strip_, &TokenStrip::moved, this, &ScrubberPanel::moveTo);
        addButtons(context);
        connect(&context.conversation, &ConversationModel::answeringChanged, this, &ScrubberPanel::refresh);
        auto* content = new QWidget;
        auto* column = new QVBoxLayout(content);
        column->setContentsMargins(0, 0, 0, 0);
        column->addWidget(strip_);
        column->addStretch(1);
        setContent(content);
    }

    void paintPicture(QPainter& painter, const QSize&) override { strip_->render(&painter); }
    Table table(bool) const override {
        Table table{{"token", "id", "text", "relative_change"}, inspector().timeline().size(), {}};
        table.fill = [timeline = inspector().timeline(), change = change_](std::size_t row, std::vector<TableCell>& cells) {
            cells[0] = static_cast<std::int64_t>(row);
            cells[1] = std::int64_t{timeline[row].id};
            cells[2] = timeline[row].text.toStdString();
            if (row < change.size() && std::isfinite(change[row])) cells[3] = change[row];
        };
        return table;
    }

protected:
    std::vector<TraceRequest::Item> wanted() const override { return {{TraceTensor::State, inspector().selection().layer}}; }

    void refresh() override {
        const bool any = count() > 0;
        showEmpty(any                   ? QString()
                  : inspector().model() ? tr("Ask something in the chat: its tokens appear here, to walk through.")
                                        : tr("Open a model and ask something: its tokens appear here, to walk through."));
        for (QAction* action : {continue_, fork_}) action->setEnabled(any && !inspector().conversation().answering());
        const TraceSeries states = inspector().series({TraceTensor::State, inspector().selection().layer});
        task_.run(
            [states](const std::stop_token& stop) { return std::pair(states.firstToken(), relativeChange(states, stop)); },
            [this](std::pair<int, std::vector<double>> change) {
                change_.assign(static_cast<std::size_t>(change.first), std::nan(""));
                change_.insert(change_.end(), change.second.begin(), change.second.end());
                showTokens();
            });
        showTokens();
    }

private:
    int count() const { return static_cast<int>(inspector().timeline().size()); }

    void showTokens() {
        std::vector<TokenStrip::Token> tokens;
        tokens.reserve(inspector().timeline().size());
        for (const TimelineToken& token : inspector().timeline()) tokens.push_back({token.text, token.answerToken >= 0});
        strip_->setTokens(std::move(tokens), change_);
        strip_->setCurrent(inspector().token());
        const int token = inspector().token();
        place_->setText(token < 0 ? QString()
                                  : tr("Token %1 of %2, layer %3").arg(token).arg(count()).arg(inspector().selection().layer));
    }

    void moveTo(int token) {
        Selection selection = inspector().selection();
        selection.token = token;
        inspector().select(selection);
    }

    /// The next token after this one, around the end, that changes the state most of those not smaller than it.
    void jumpToChange() {
        int best = -1;
        // The first token changes a state of nothing.
        for (int k = 1; k < std::min(count(), static_cast<int>(change_.size())); ++k) {
            const double change = change_[static_cast<std::size_t>(k)];
            if (std::isfinite(change) && (best < 0 || change > change_[static_cast<std::size_t>(best)])) best = k;
        }
        if (best >= 0) moveTo(best);
    }

    void goOn(void (ConversationModel::*from)(int, int)) {
        const auto& timeline = inspector().timeline();
        const int token = inspector().token();
        if (token < 0) return;
        const int messages = static_cast<int>(inspector().conversation().conversation().messages.size());
        // Before the answer: all of it is written anew.
        const int kept = timeline[static_cast<std::size_t>(token)].answerToken + 1;
        if (inspector().promptTokens() < count()) (inspector().conversation().*from)(messages - 1, kept);
    }

    void addButtons(const PanelContext& context) {
        const QString menu = tr("Inspect");
        const auto add = [&](const char* id, const char* icon, const QString& text, const QKeySequence& keys, auto run) {
            QAction* action = context.actions.add(QStringLiteral("scrubber.%1").arg(QLatin1String(id)), menu, text, keys, run);
            action->setIcon(themedIcon(icon));
            auto* button = new QToolButton;
            button->setDefaultAction(action);
            button->setObjectName(action->objectName());
            button->setAccessibleName(text);
            button->setAutoRaise(true);
            button->setIconSize({iconExtent, iconExtent});
            controls()->addWidget(button);
            return action;
        };
        add("first", "first", tr("First token"), QKeySequence("Alt+Home"), [this] { moveTo(0); });
        add("previous", "back", tr("Token before"), QKeySequence("Alt+Left"),
            [this] { moveTo(std::max(0, inspector().token() - 1)); });
        play_ = add("play", "play", tr("Play the tokens"), QKeySequence("Alt+Space"), [] {});
        play_->setCheckable(true);
        connect(play_, &QAction::toggled, this, [this](bool on) {
            if (on && inspector().token() + 1 >= count()) moveTo(0);
            on ? timer_.start() : timer_.stop();
        });
        add("next", "forward", tr("Token after"), QKeySequence("Alt+Right"), [this] { moveTo(inspector().token() + 1); });
        add("last", "last", tr("Last token"), QKeySequence("Alt+End"), [this] { moveTo(count() - 1); });
        add("jump", "jump", tr("Jump to the largest change of the layer's state"), QKeySequence("Alt+J"),
            [this] { jumpToChange(); });
        controls()->addWidget(place_);
        controls()->addStretch(1);
        continue_ = add("continue", "continue", tr("Continue the answer from here"), {},
                        [this] { goOn(&ConversationModel::continueBehind); });
        fork_ = add("fork", "fork", tr("Fork the conversation here"), {}, [this] { goOn(&ConversationModel::forkBehind); });
        controls()->addWidget(makeExportButton(QStringLiteral("scrubber"), tr("Timeline"), *this, *strip_, context.actions));
        context.actions.add("scrubber.layerUp", menu, tr("Layer above"), QKeySequence("Alt+Up"), [this] { moveLayer(-1); });
        context.actions.add("scrubber.layerDown", menu, tr("Layer below"), QKeySequence("Alt+Down"), [this] { moveLayer(1); });
    }

    void moveLayer(int by) {
        Selection selection = inspector().selection();
        selection.layer += by;
        inspector().select(selection);
    }

    TokenStrip* strip_;
    QLabel* place_;
    QAction *play_ = nullptr, *continue_ = nullptr, *fork_ = nullptr;
    QTimer timer_;
    LatestTask task_;
    std::vector<double> change_;
};

}  // namespace

PanelDefinition scrubberPanel() {
    return {"scrubber",
            ScrubberPanel::tr("Timeline"),
            ScrubberPanel::tr(
                "The conversation token by token, with how much each changes the layer's state. All views show the token "
                "that is chosen here; continue or fork the conversation from it."),
            Qt::BottomDockWidgetArea,
            [](const PanelContext& context) { return new ScrubberPanel(context); },
            PanelGroup::Inspection};
}

}  // namespace ternion::app

#include "scrubber_panel.moc"
