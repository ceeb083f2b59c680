#include "compare/divergence_line.h"

#include <QHBoxLayout>
#include <QLocale>
#include <QPushButton>

#include "chat/labels.h"
#include "compare/cell_place.h"
#include "inspect/interventions/intervention_list.h"
#include "shell/format.h"

namespace ternion::app {
namespace {

QString placeText(const Divergence& at) {
    return at.item ? DivergenceLine::tr("token %1, layer %2, %3, channel %4")
                         .arg(at.position)
                         .arg(at.item->layer)
                         .arg(tensorText(at.item->tensor))
                         .arg(at.channel)
                   : DivergenceLine::tr("token %1, the logits").arg(at.position);
}

QString exactText(float value) {
    constexpr int digits = 9;
    return QLocale().toString(value, 'g', digits);
}

}  // namespace

DivergenceLine::DivergenceLine(int side, QWidget* parent)
    : QWidget(parent), side_(side), text_(makeLabel({}, "", false)), show_(new QPushButton(tr("Show"))) {
    const QString letter = sideLetter(side);
    text_->setObjectName("compareDivergence" + letter);
    text_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    show_->setObjectName("compareShow" + letter);
    show_->setToolTip(tr("Selects the token, the layer and the channel"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(grid, 0, grid, 0);
    row->setSpacing(grid);
    row->addWidget(text_, 1);
    row->addWidget(show_);
    connect(show_, &QPushButton::clicked, this, [this] {
        if (divergence_) emit shown(*divergence_);
    });
}

void DivergenceLine::refresh(const LiveComparison& source) {
    divergence_.reset();
    const QString letter = sideLetter(side_);
    const SideDistance& distance = source.distance(side_);
    const auto first = source.firstDifference(side_);
    const QString tokens = formatCount(distance.compared);
    bool overThreshold = false;
    if (const auto& report = source.report())
        for (const ComparisonSummary& summary : report->result.comparisons)
            if (summary.side == side_ && summary.divergence) {
                divergence_ = summary.divergence;
                overThreshold = true;
            }
    if (!divergence_ && first)
        divergence_ = Divergence{side_, first->position, first->item, first->difference.channel, 0.0F, 0.0F};
    QString text;
    if (overThreshold) {
        text = tr("First divergence of %1 from A: %2: %3 became %4")
                   .arg(letter, placeText(*divergence_), exactText(divergence_->first), exactText(divergence_->other));
    } else if (first) {
        text = tr("%1 differs from A from %2 on: by %3 there, by %4 at most")
                   .arg(letter, placeText(*divergence_), QLocale().toString(first->difference.maxAbs, 'g', 4),
                        QLocale().toString(std::max(distance.maxAbs, distance.logits), 'g', 4));
    } else if (distance.compared > 0) {
        text = source.running() ? tr("%1 equals A to the last bit, %2 tokens so far").arg(letter, tokens)
                                : tr("%1 equals A to the last bit: zero everywhere, over %2 tokens").arg(letter, tokens);
    }
    text_->setText(text);
    text_->setToolTip(text);
    show_->setVisible(divergence_.has_value());
}

}  // namespace ternion::app
