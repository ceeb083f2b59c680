#include "inspect/weights/comparison.h"

#include <QComboBox>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QSet>
#include <QToolButton>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "checkpoint/checkpoint.h"
#include "shell/format.h"
#include "shell/message_bar.h"
#include "shell/model_opening.h"

namespace ternion::app {

Comparison::Comparison(QWidget* parent)
    : QWidget(parent),
      layer_(new QComboBox),
      projection_(new QComboBox),
      name_(makeLabel({}, "small", true)),
      choose_(makeToolButton(QStringLiteral("compareModel"), "model", tr("Model"))),
      cancel_(new QPushButton(tr("Cancel"))),
      messages_(new MessageArea) {
    setObjectName("comparison");
    layer_->setObjectName("compareLayer");
    layer_->setAccessibleName(tr("Layer of the second matrix"));
    projection_->setObjectName("compareProjection");
    projection_->setAccessibleName(tr("Projection of the second matrix"));
    name_->setObjectName("compareName");
    choose_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    choose_->setToolTip(tr("Compare with a matrix of another model, which is read for this alone"));
    choose_->setProperty("framed", true);
    choose_->setPopupMode(QToolButton::InstantPopup);
    auto* menu = new QMenu(choose_);
    for (const bool folder : {true, false})
        menu->addAction(folder ? tr("Open another model's folder…") : tr("Open another model's file…"), this, [this, folder] {
            browseForModel(this, folder, of() ? of()->path : QString(), [this](const QString& path) { open(path); });
        });
    back_ = menu->addAction(tr("The open model itself"), this, [this] {
        other_.reset();
        refill();
    });
    choose_->setMenu(menu);
    cancel_->setObjectName("compareCancel");
    cancel_->hide();
    connect(cancel_, &QPushButton::clicked, this, [this] {
        task_.stop();
        refill();
    });

    auto* row = new QHBoxLayout;
    row->setSpacing(grid);
    row->addWidget(makeLabel(tr("with"), "", true));
    row->addWidget(layer_);
    row->addWidget(projection_);
    row->addWidget(name_, 1);
    row->addWidget(cancel_);
    row->addWidget(choose_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(grid, grid / 2, grid, grid / 2);
    column->setSpacing(grid / 2);
    column->addLayout(row);
    column->addWidget(messages_);
    connect(layer_, &QComboBox::currentIndexChanged, this, &Comparison::changed);
    connect(projection_, &QComboBox::currentIndexChanged, this, &Comparison::changed);
}

void Comparison::setModel(std::shared_ptr<const CountedModel> model) {
    model_ = std::move(model);
    refill();
}

void Comparison::open(const QString& path) {
    messages_->clear();
    name_->setText(tr("Reading %1…").arg(formatPath(path)));
    cancel_->show();
    task_.run(
        [path](const std::stop_token& stop) -> Result<std::shared_ptr<const CountedModel>> {
            TERNION_TRY(const auto checkpoint, openCheckpoint(path.toStdString(), {{}, stop}));
            return countModel(checkpoint.model, path, {{}, stop});
        },
        [this](const Result<std::shared_ptr<const CountedModel>>& counted) {
            if (counted)
                other_ = *counted;
            else
                messages_->post(MessageKind::Error, QString::fromStdString(counted.error().text()));
            refill();
        });
}

std::optional<ShownMatrix> Comparison::matrix(const ShownMatrix& selected) const {
    MatrixPlace place = selected.place();
    if (projection_->currentIndex() > 0) place.projection = projection_->currentText().toStdString();
    if (layer_->currentIndex() > 0) place.layer = layer_->currentIndex() - 1;
    auto found = shownMatrix(of(), place);
    if (!found) found = shownMatrix(of(), {-1, place.projection});
    if (found && other_) {
        const QString of = QString::fromStdString(other_->model->name);
        found->title = tr("%1 of %2").arg(found->title, of);
        found->projectionTitle = tr("%1 of %2").arg(found->projectionTitle, of);
    }
    return found;
}

/// The choices are those of the model; what was chosen stays, where the model has it.
void Comparison::refill() {
    cancel_->hide();
    back_->setEnabled(other_ != nullptr);
    name_->setText(!of()    ? QString()
                   : other_ ? tr("of %1").arg(QString::fromStdString(of()->model->name))
                            : tr("of this model"));
    name_->setToolTip(of() ? formatPath(of()->path) : QString());
    QStringList layers{tr("same layer")}, projections{tr("same projection")};
    if (of())
        for (const WeightStatistics& matrix : *of()->statistics) {
            if (matrix.layer >= layers.size() - 1) layers << tr("layer %1").arg(matrix.layer);
            const QString projection = QString::fromStdString(matrix.projection);
            if (!projections.contains(projection)) projections << projection;
        }
    const auto fill = [](QComboBox& box, const QStringList& choices) {
        const int chosen = box.currentIndex();
        const QSignalBlocker quiet(box);
        box.clear();
        box.addItems(choices);
        box.setCurrentIndex(chosen > 0 && chosen < choices.size() ? chosen : 0);
    };
    fill(*layer_, layers);
    fill(*projection_, projections);
    emit changed();
}

}  // namespace ternion::app
