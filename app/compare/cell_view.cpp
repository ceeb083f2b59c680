#include "compare/cell_view.h"

#include <QTabWidget>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "compare/cell_gates.h"
#include "compare/cell_values.h"
#include "compare/cell_weights.h"
#include "inspect/interventions/intervention_list.h"

namespace ternion::app {

CellView::CellView(LiveComparison& source, ActionRegistry& actions, QWidget* parent)
    : QWidget(parent),
      source_(source),
      title_(makeLabel({}, "small", false)),
      tabs_(new QTabWidget),
      values_(new CellValues(actions)),
      gates_(new CellGates(actions)),
      weights_(new CellWeights(actions)) {
    title_->setObjectName("compareCell");
    title_->setContentsMargins(grid, grid / 2, grid, 0);
    title_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    tabs_->setObjectName("compareCellTabs");
    tabs_->setDocumentMode(true);
    tabs_->addTab(values_, tr("Values"));
    tabs_->addTab(gates_, tr("Gates"));
    tabs_->addTab(weights_, tr("Weights"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(grid / 2);
    column->addWidget(title_);
    column->addWidget(tabs_, 1);
    connect(tabs_, &QTabWidget::currentChanged, this, &CellView::refresh);
    connect(values_, &CellValues::channelChosen, this, &CellView::channelChosen);
    clear();
}

void CellView::clear() {
    place_.reset();
    title_->setText(tr("No cell is chosen"));
    values_->clear();
    gates_->clear();
    weights_->clear();
}

void CellView::show(const CellPlace& place) {
    place_ = place;
    title_->setText(tr("Token %1, layer %2, %3, channel %4")
                        .arg(place.token)
                        .arg(place.item.layer)
                        .arg(tensorText(place.item.tensor))
                        .arg(place.channel));
    refresh();
}

void CellView::refresh() {
    if (!place_ || !source_.feed()) return;
    const auto models = source_.feed()->models();
    const auto other = static_cast<std::size_t>(place_->side);
    if (tabs_->currentWidget() == values_) return values_->show(source_.feed(), *place_);
    if (tabs_->currentWidget() == weights_) {
        if (other < models.size()) weights_->show(models.front(), models[other], *place_);
        return;
    }
    QStringList texts;
    for (const ShownToken& token : source_.sides().front().tokens) texts << token.text;
    gates_->show(source_.feed(), *place_, texts);
}

}  // namespace ternion::app
