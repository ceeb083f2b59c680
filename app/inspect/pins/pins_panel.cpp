#include "inspect/pins/pins_panel.h"

#include <QApplication>
#include <QComboBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QSpinBox>
#include <algorithm>

#include "chat/labels.h"
#include "inspect/hidden_statistics.h"
#include "inspect/inspect_panel.h"
#include "inspect/inspector.h"
#include "inspect/pins/pin_card.h"
#include "inspect/pins/pins.h"
#include "shell/action_registry.h"
#include "shell/icons.h"
#include "views/exportable.h"

namespace ternion::app {
namespace {

QString pinsPanelText(const char* source) { return QCoreApplication::translate("PinsPanel", source); }

class PinsPanel : public InspectPanel, public Exportable {
public:
    PinsPanel(const PanelContext& context, Settings& settings)
        : InspectPanel("pins", context), pins_(settings), lens_(context.inspector, QStringLiteral("pins")) {
        addControls(context.actions);
        auto* scroll = new QScrollArea;
        scroll->setWidgetResizable(true);
        scroll->setProperty("flat", true);
        scroll->setFocusPolicy(Qt::NoFocus);
        board_ = new QWidget;
        board_->setObjectName("pins.board");
        board_->setAccessibleName(pinsPanelText("Pins"));
        auto* layout = new QGridLayout(board_);
        layout->setContentsMargins(grid, grid, grid, grid);
        layout->setSpacing(grid);
        layout->setAlignment(Qt::AlignLeft | Qt::AlignTop);
        scroll->setWidget(board_);
        setContent(scroll);
        connect(&pins_, &Pins::changed, this, &PinsPanel::rebuild);
        connect(&lens_, &LensReader::changed, this, &PinsPanel::refreshCards);
        connect(&lens_, &LensReader::failed, &inspector(), &Inspector::notice);
        connect(&inspector(), &Inspector::modelChanged, this, &PinsPanel::takeShape);
        connect(&inspector(), &Inspector::selectionChanged, this, &PinsPanel::showSelection);
        connect(qApp, &QApplication::focusChanged, this, [this] {
            if (const int at = focusedCard(); at >= 0) current_ = at;
        });
        setFocusPolicy(Qt::ClickFocus);
        takeShape();
    }

    void paintPicture(QPainter& painter, const QSize&) override { board_->render(&painter, {}); }
    /// Curves as they are, a lens as its most probable token.
    Table table(bool) const override {
        struct Row {
            std::string pin;
            int token;
            TableCell value;
        };
        auto rows = std::make_shared<std::vector<Row>>();
        for (const Pin& pin : pins_.all()) {
            const std::string title = pin.title().toStdString();
            if (pin.kind == Pin::Kind::Lens) {
                if (const auto cell = lens_.cell({pin.layer + 1, pin.token}))
                    rows->push_back({title, pin.token, inspector().model()->tokenizer->piece(cell->top.front().id)});
                continue;
            }
            const TraceSeries of = inspector().series({pin.tensor, pin.layer});
            if (pin.channel >= of.width()) continue;
            const bool one = pin.kind == Pin::Kind::Cell;
            const int first = one ? std::max(pin.token, of.firstToken()) : of.firstToken();
            const int end = one ? std::min(pin.token + 1, of.endToken()) : of.endToken();
            for (int token = first; token < end; ++token)
                rows->push_back({title, token, double{of.row(token)[static_cast<std::size_t>(pin.channel)]}});
        }
        return {{"pin", "token", "value"}, rows->size(), [rows](std::size_t row, std::vector<TableCell>& cells) {
                    cells = {(*rows)[row].pin, std::int64_t{(*rows)[row].token}, (*rows)[row].value};
                }};
    }
    QSize sizeHint() const override { return {2 * PinCard::extent.width() + 4 * grid, PinCard::extent.height() + 10 * grid}; }

protected:
    std::vector<TraceRequest::Item> wanted() const override {
        std::vector<TraceRequest::Item> items;
        const auto open = inspector().model();
        if (!open) return items;
        for (const Pin& pin : pins_.all()) {
            const bool lens = pin.kind == Pin::Kind::Lens;
            items.push_back(lens ? stateAt(pin.layer + 1) : TraceRequest::Item{pin.tensor, pin.layer});
            if (lens) items.push_back(stateAt(open->checkpoint.model->config.numLayers));
        }
        return items;
    }
    void refresh() override {
        if (!inspector().model()) return showEmpty(pinsPanelText("Open a model to pin parts of it: File › Open model."));
        if (pins_.all().empty())
            return showEmpty(pinsPanelText(
                "Nothing is pinned. Choose above what to pin, and a layer, channel and token in any view; then press "
                "Ctrl+D. Pins stay when the prompt or the model changes."));
        showEmpty({});
        std::vector<LensPlace> places;
        for (const Pin& pin : pins_.all())
            if (pin.kind == Pin::Kind::Lens) places.push_back({pin.layer + 1, pin.token});
        lens_.read(places);
        refreshCards();
    }

    bool event(QEvent* event) override {
        // Ours while the focus is here, also where the window has a shortcut for these keys.
        if (event->type() == QEvent::ShortcutOverride && actionOf(static_cast<QKeyEvent*>(event)) != nullptr) event->accept();
        return InspectPanel::event(event);
    }
    void keyPressEvent(QKeyEvent* event) override {
        if (QAction* action = actionOf(event))
            action->trigger();
        else
            InspectPanel::keyPressEvent(event);
    }
    void resizeEvent(QResizeEvent* event) override {
        InspectPanel::resizeEvent(event);
        arrange();
    }

private:
    QAction* actionOf(const QKeyEvent* event) const {
        if (event->matches(QKeySequence::Undo)) return undo_;
        if (event->matches(QKeySequence::Redo)) return redo_;
        return event->key() == Qt::Key_Delete && focusedCard() >= 0 ? remove_ : nullptr;
    }

    void addControls(ActionRegistry& actions) {
        const QString menu = pinsPanelText("Inspect") + '/' + pinsPanelText("Pins");
        QAction* add = actions.add("pins.add", menu, pinsPanelText("Pin the selection"), QKeySequence("Ctrl+D"),
                                   [this] { pinSelection(); });
        remove_ =
            actions.add("pins.remove", menu, pinsPanelText("Remove the current pin"), {}, [this] { pins_.remove(current_); });
        undo_ = actions.add("pins.undo", menu, pinsPanelText("Undo the last change of pins"), {},
                            [this] { pins_.undoStack().undo(); });
        redo_ = actions.add("pins.redo", menu, pinsPanelText("Redo the last change of pins"), {},
                            [this] { pins_.undoStack().redo(); });
        undo_->setIcon(themedIcon("undo"));
        for (QAction* action : {undo_, redo_}) action->setEnabled(false);
        connect(&pins_.undoStack(), &QUndoStack::canUndoChanged, undo_, &QAction::setEnabled);
        connect(&pins_.undoStack(), &QUndoStack::canRedoChanged, redo_, &QAction::setEnabled);

        kind_ = new QComboBox;
        kind_->setObjectName("pins.kind");
        kind_->setAccessibleName(pinsPanelText("What to pin"));
        kind_->addItems(
            {pinsPanelText("Channel over tokens"), pinsPanelText("Value at the token"), pinsPanelText("Lens at the token")});
        tensor_ = new QComboBox;
        tensor_->setObjectName("pins.tensor");
        tensor_->setAccessibleName(pinsPanelText("Intermediate"));
        for (int k = 0; k < traceTensors; ++k) tensor_->addItem(QString::fromUtf8(nameOf(static_cast<TraceTensor>(k)).data()));
        tensor_->setCurrentIndex(static_cast<int>(TraceTensor::ForgetGate));
        channel_ = new QSpinBox;
        channel_->setObjectName("pins.channel");
        channel_->setAccessibleName(pinsPanelText("Channel"));
        channel_->setPrefix(pinsPanelText("channel "));
        where_ = makeLabel({}, "small", true);
        where_->setObjectName("pins.where");
        where_->setMinimumWidth(0);
        auto* button = new QPushButton(pinsPanelText("Pin"));
        button->setObjectName("pins.addButton");
        button->setAccessibleName(add->text());
        button->setToolTip(pinsPanelText("Pin the selection (%1)").arg(add->shortcut().toString(QKeySequence::NativeText)));
        connect(button, &QPushButton::clicked, add, &QAction::trigger);
        for (QWidget* widget : std::initializer_list<QWidget*>{kind_, tensor_, channel_, where_, button})
            controls()->addWidget(widget);
        controls()->addStretch(1);
        controls()->addWidget(makeExportButton("pins", pinsPanelText("Pins"), *this, *this, actions));
        connect(kind_, &QComboBox::currentIndexChanged, this, &PinsPanel::showSelection);
        connect(tensor_, &QComboBox::currentIndexChanged, this, [this](int tensor) {
            Selection selection = inspector().selection();
            selection.tensor = static_cast<TraceTensor>(tensor);
            inspector().select(selection);
        });
        connect(channel_, &QSpinBox::valueChanged, this, [this](int channel) {
            Selection selection = inspector().selection();
            selection.channel = channel;
            inspector().select(selection);
        });
    }

    /// The spin box is the selected channel, within the chosen intermediate.
    void showSelection() {
        const QSignalBlocker quiet(channel_), quietToo(tensor_);
        const Selection& selection = inspector().selection();
        tensor_->setCurrentIndex(static_cast<int>(selection.tensor));
        const auto open = inspector().model();
        const bool lens = kind_->currentIndex() == static_cast<int>(Pin::Kind::Lens);
        if (open)
            channel_->setMaximum(widthOf(static_cast<TraceTensor>(tensor_->currentIndex()), open->checkpoint.model->config) -
                                 1);
        channel_->setValue(std::max(selection.channel, 0));
        tensor_->setVisible(!lens);
        channel_->setVisible(!lens);
        const QString layer = pinsPanelText("layer %1").arg(selection.layer);
        const int token = inspector().token();
        const bool atToken = kind_->currentIndex() != static_cast<int>(Pin::Kind::Channel);
        where_->setText(atToken && token >= 0 ? pinsPanelText("%1, token %2").arg(layer).arg(token) : layer);
    }

    void pinSelection() {
        const Selection& selection = inspector().selection();
        const auto kind = static_cast<Pin::Kind>(kind_->currentIndex());
        if (!inspector().model()) return;
        if (kind != Pin::Kind::Channel && inspector().token() < 0) {
            emit inspector().notice(pinsPanelText("There is no token to pin yet. Write a prompt first."));
            return;
        }
        if (auto* dock = parentWidget()) dock->show();
        Pin pin{kind, static_cast<TraceTensor>(tensor_->currentIndex()), selection.layer, channel_->value(),
                inspector().token()};
        if (kind == Pin::Kind::Lens) {
            pin.tensor = TraceTensor::LayerOutput;
            pin.channel = 0;
        }
        if (kind == Pin::Kind::Channel) pin.token = 0;
        pins_.add(pin);
    }

    void takeShape() {
        if (const auto open = inspector().model()) {
            const ModelConfig& config = open->checkpoint.model->config;
            pins_.setShape(config.hiddenSize, config.numLayers);
        }
        showSelection();
    }

    void rebuild() {
        const int focused = focusedCard();
        for (PinCard* card : std::exchange(cards_, {})) {  // one of them may have asked for this
            card->setParent(nullptr);
            card->deleteLater();
        }
        for (const Pin& pin : pins_.all()) {
            auto* card = new PinCard(pin, inspector(), lens_);
            connect(
                card, &PinCard::removeAsked, this,
                [this, pin] {
                    const auto& all = pins_.all();
                    pins_.remove(static_cast<int>(std::find(all.begin(), all.end(), pin) - all.begin()));
                },
                Qt::QueuedConnection);  // the card goes with its pin
            connect(card, &PinCard::tokenChosen, this, [this](int token) {
                Selection selection = inspector().selection();
                selection.token = token;
                inspector().select(selection);
            });
            cards_.push_back(card);
        }
        arrange();
        if (focused < 0) return scheduleRefresh();
        const auto next = std::min(static_cast<std::size_t>(focused) + 1, cards_.size());
        (next > 0 ? static_cast<QWidget*>(cards_[next - 1]) : this)->setFocus();
        scheduleRefresh();
    }

    void arrange() {
        auto* layout = static_cast<QGridLayout*>(board_->layout());
        const int columns = std::max(1, (width() - 3 * grid) / (PinCard::extent.width() + grid));
        int at = 0;
        for (PinCard* card : cards_) {
            layout->addWidget(card, at / columns, at % columns);
            ++at;
        }
    }

    void refreshCards() {
        for (PinCard* card : cards_) card->refresh();
    }

    /// Its place among the cards; -1: none has the focus.
    int focusedCard() const {
        const auto found = std::find_if(cards_.begin(), cards_.end(), [](const PinCard* card) {
            return card->hasFocus() || card->isAncestorOf(QApplication::focusWidget());
        });
        return found == cards_.end() ? -1 : static_cast<int>(found - cards_.begin());
    }

    Pins pins_;
    LensReader lens_;
    QComboBox* kind_;
    QComboBox* tensor_;
    QSpinBox* channel_;
    QLabel* where_;
    QAction* remove_;
    QAction* undo_;
    QAction* redo_;
    QWidget* board_;
    std::vector<PinCard*> cards_;
    int current_ = -1;  // the card that had the focus last
};

}  // namespace

PanelDefinition pinsPanel(Settings& settings) {
    return {"pins",
            pinsPanelText("Pins"),
            pinsPanelText(
                "Channels, values and lenses that you want to keep in sight, whatever you ask the model. Pin with Ctrl+D; "
                "remove with Delete, undo with Ctrl+Z."),
            Qt::RightDockWidgetArea,
            [&settings](const PanelContext& context) -> QWidget* { return new PinsPanel(context, settings); },
            PanelGroup::Inspection};
}

}  // namespace ternion::app
