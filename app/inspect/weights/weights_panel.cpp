#include "inspect/weights/weights_panel.h"

#include <QComboBox>
#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QSplitter>
#include <QTabWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "inspect/inspect_panel.h"
#include "inspect/inspector.h"
#include "inspect/weights/comparison.h"
#include "inspect/weights/distribution_view.h"
#include "inspect/weights/latent_view.h"
#include "inspect/weights/trits_view.h"
#include "inspect/weights/weight_table.h"
#include "shell/action_registry.h"

namespace ternion::app {
namespace {

QString weightsPanelText(const char* source) { return QCoreApplication::translate("Weights", source); }

class WeightsPanel : public InspectPanel {
public:
    explicit WeightsPanel(const PanelContext& context)
        : InspectPanel(QStringLiteral("weights"), context),
          filter_(new QLineEdit),
          table_(new WeightTable),
          tabs_(new QTabWidget),
          distribution_(new DistributionView(context.actions)),
          trits_(new TritsView(context.actions)),
          latent_(new LatentView(context.actions)),
          comparison_(new Comparison) {
        filter_->setObjectName("weightFilter");
        filter_->setAccessibleName(weightsPanelText("Filter of the matrices"));
        filter_->setPlaceholderText(weightsPanelText("Filter: layer 3, f_proj, mlp…"));
        filter_->setClearButtonEnabled(true);
        connect(filter_, &QLineEdit::textChanged, this, [this](const QString& words) {
            table_->setFilter(words);
            refresh();
        });
        auto* compare = makeToolButton(QStringLiteral("weightsCompare"), "layout", weightsPanelText("Compare"));
        compare->setToolTip(weightsPanelText("Show a second matrix beside the selected one"));
        compare->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        compare->setCheckable(true);
        comparison_->hide();
        connect(compare, &QToolButton::toggled, this, [this](bool on) {
            comparison_->setVisible(on);
            refresh();
        });
        connect(comparison_, &Comparison::changed, this, [this] { refresh(); });
        controls()->addWidget(filter_, 1);
        controls()->addWidget(compare);
        controls()->addWidget(makeExportButton(QStringLiteral("weights.table"), weightsPanelText("Weight statistics"), *table_,
                                               *table_, context.actions));

        context.actions.add(QStringLiteral("weights.sort"), weightsPanelText("Inspect"),
                            weightsPanelText("Weights: sort the table by its current column"), {},
                            [this] { table_->sortByCurrentColumn(); });
        context.actions.add(QStringLiteral("weights.compare"), weightsPanelText("Inspect"),
                            weightsPanelText("Weights: compare with a second matrix"), {}, [compare] { compare->toggle(); });

        tabs_->setObjectName("weightTabs");
        tabs_->setDocumentMode(true);
        tabs_->addTab(distribution_, weightsPanelText("Distribution"));
        tabs_->addTab(trits_, weightsPanelText("Trits"));
        tabs_->addTab(latent_, weightsPanelText("Latent"));
        auto* below = new QWidget;
        auto* column = new QVBoxLayout(below);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addWidget(comparison_);
        column->addWidget(tabs_, 1);
        auto* content = new QSplitter(Qt::Vertical);
        content->setObjectName("weightsContent");
        content->addWidget(table_);
        content->addWidget(below);
        content->setSizes({1, 2});  // shares
        content->setChildrenCollapsible(false);
        setContent(content);

        connect(table_, &WeightTable::chosen, this, [this](std::size_t matrix) {
            if (!counted_) return;
            const WeightStatistics& chosen = (*counted_->statistics)[matrix];
            Selection selection = inspector().selection();
            if (chosen.layer >= 0) selection.layer = chosen.layer;
            selection.projection = QString::fromStdString(chosen.projection);
            inspector().select(selection);
        });
        connect(distribution_, &DistributionView::layerActivated, this, [this](int layer) {
            Selection selection = inspector().selection();
            selection.layer = layer;
            inspector().select(selection);
        });
        const auto selectChannel = [this](int channel) {
            Selection selection = inspector().selection();
            selection.tensor = outputOf(selection.projection.toStdString()).value_or(selection.tensor);
            selection.channel = channel;
            inspector().select(selection);
        };
        connect(trits_, &TritsView::channelActivated, this, selectChannel);
        connect(latent_, &LatentView::channelActivated, this, selectChannel);
    }

    QSize sizeHint() const override { return {560, 640}; }

protected:
    void refresh() override {
        const auto open = inspector().model();
        if (!open) {
            counted_.reset();
            return showEmpty(weightsPanelText(
                "No model is open. Drop a checkpoint folder or a GGUF file on the window, or choose File › Open "
                "model file, to see its weights here."));
        }
        if (!counted_ || counted_->model != open->checkpoint.model) return count(*open);
        showEmpty({});
        const Selection& selection = inspector().selection();
        const std::string projection = selection.projection.toStdString();
        auto selected = shownMatrix(counted_, {selection.layer, projection});
        if (!selected) selected = shownMatrix(counted_, {-1, projection});  // the head is in no layer
        std::vector<ShownMatrix> shown;
        if (selected) {
            shown.push_back(*selected);
            table_->setCurrent(selected->index);
            if (comparison_->isVisibleTo(this))
                if (auto other = comparison_->matrix(*selected)) shown.push_back(*other);
        }
        distribution_->setMatrices(shown);
        trits_->setMatrices(shown, selection.channel);
        latent_->setMatrices(shown, selection.channel);
    }

private:
    void count(const OpenModel& open) {
        if (counting_ == open.checkpoint.model) return;
        counting_ = open.checkpoint.model;
        counted_.reset();
        showEmpty(weightsPanelText("Counting trits…"));
        task_.run(
            [model = counting_, path = open.path](const std::stop_token& stop) {
                return countModel(model, path, {{}, stop});
            },
            [this](const Result<std::shared_ptr<const CountedModel>>& counted) {
                counting_.reset();
                if (!counted) return showEmpty(QString::fromStdString(counted.error().text()));
                counted_ = *counted;
                table_->setStatistics(counted_->statistics);
                comparison_->setModel(counted_);
                refresh();
            });
    }

    QLineEdit* filter_;
    WeightTable* table_;
    QTabWidget* tabs_;
    DistributionView* distribution_;
    TritsView* trits_;
    LatentView* latent_;
    Comparison* comparison_;
    std::shared_ptr<const Model> counting_;
    std::shared_ptr<const CountedModel> counted_;
    LatestTask task_;
};

}  // namespace

PanelDefinition weightsPanel() {
    return {
        "weights",
        weightsPanelText("Weights"),
        weightsPanelText(
            "Every ternary matrix of the model: how many of its weights are −1, 0 and +1, where they are, and what they were "
            "before they were rounded."),
        Qt::RightDockWidgetArea,
        [](const PanelContext& context) { return new WeightsPanel(context); },
        PanelGroup::Inspection};
}

}  // namespace ternion::app
