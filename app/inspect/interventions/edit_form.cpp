#include "inspect/interventions/edit_form.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QSpinBox>

#include "chat/labels.h"
#include "inspect/inspector.h"

namespace ternion::app {
namespace {

constexpr int wholeLayer = -1;  // among the intermediates: both mixers
enum Choice { Zero, Scale, Clamp, PinTo };

}  // namespace

EditForm::EditForm(Inspector& inspector, QWidget* parent)
    : QWidget(parent),
      inspector_(inspector),
      tensor_(new QComboBox),
      layer_(new QSpinBox),
      channels_(new QLineEdit),
      kind_(new QComboBox),
      a_(new QDoubleSpinBox),
      b_(new QDoubleSpinBox),
      add_(new QPushButton(tr("Add"))) {
    tensor_->addItem(tr("whole layer"), wholeLayer);
    for (int k = 0; k < traceTensors; ++k) tensor_->addItem(tensorText(static_cast<TraceTensor>(k)), k);
    tensor_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    tensor_->setMinimumContentsLength(16);
    kind_->addItem(tr("zero"), Zero);
    kind_->addItem(tr("scale by"), Scale);
    kind_->addItem(tr("clamp to"), Clamp);
    kind_->addItem(tr("pin to"), PinTo);
    channels_->setPlaceholderText(tr("all"));
    channels_->setToolTip(tr("Channels: “all”, one number, or a range such as 16-31"));
    for (QDoubleSpinBox* value : {a_, b_}) {
        value->setRange(-1e6, 1e6);
        value->setDecimals(4);
        value->setSingleStep(0.1);
    }
    a_->setValue(0.5);
    b_->setValue(1.0);
    const auto name = [](QWidget* widget, const char* objectName, const QString& accessible) {
        widget->setObjectName(objectName);
        widget->setAccessibleName(accessible);
    };
    name(tensor_, "editTensor", tr("Intermediate"));
    name(layer_, "editLayer", tr("Layer"));
    name(channels_, "editChannels", tr("Channels"));
    name(kind_, "editKind", tr("What becomes of it"));
    name(a_, "editValue", tr("Value"));
    name(b_, "editUpper", tr("Upper bound"));
    name(add_, "editAdd", tr("Add the intervention"));
    auto* selection = makeToolButton("editFromSelection", "back", tr("Take what is selected in the other views"));

    auto* fields = new QGridLayout(this);
    fields->setContentsMargins(0, 0, 0, 0);
    fields->setSpacing(grid / 2);
    fields->addWidget(makeLabel(tr("Layer"), "small", true), 0, 0);
    fields->addWidget(makeLabel(tr("Intermediate"), "small", true), 0, 1);
    fields->addWidget(makeLabel(tr("Channels"), "small", true), 0, 2);
    fields->addWidget(layer_, 1, 0);
    fields->addWidget(tensor_, 1, 1);
    fields->addWidget(channels_, 1, 2);
    fields->addWidget(selection, 1, 3);
    auto* values = new QHBoxLayout;
    values->setSpacing(grid / 2);
    values->addWidget(kind_);
    values->addWidget(a_);
    values->addWidget(b_);
    values->addStretch(1);
    values->addWidget(add_);
    fields->addLayout(values, 2, 0, 1, 4);
    fields->setColumnStretch(1, 2);
    fields->setColumnStretch(2, 1);

    connect(selection, &QToolButton::clicked, this, &EditForm::takeSelection);
    connect(tensor_, &QComboBox::currentIndexChanged, this, &EditForm::refresh);
    connect(kind_, &QComboBox::currentIndexChanged, this, &EditForm::refresh);
    connect(layer_, &QSpinBox::valueChanged, this, &EditForm::refresh);
    connect(channels_, &QLineEdit::textChanged, this, &EditForm::refresh);
    for (QDoubleSpinBox* value : {a_, b_}) connect(value, &QDoubleSpinBox::valueChanged, this, &EditForm::refresh);
    connect(&inspector_, &Inspector::modelChanged, this, &EditForm::refresh);
    connect(add_, &QPushButton::clicked, this, [this] { emit submitted(edits()); });
    connect(channels_, &QLineEdit::returnPressed, add_, &QPushButton::click);
    refresh();
}

void EditForm::takeSelection() {
    const Selection& selection = inspector_.selection();
    layer_->setValue(selection.layer);
    tensor_->setCurrentIndex(tensor_->findData(static_cast<int>(selection.tensor)));
    channels_->setText(selection.channel < 0 ? QString() : QString::number(selection.channel));
}

/// Empty where the channels are no such thing.
Intervention EditForm::edits() const {
    Edit edit;
    edit.layer = layer_->value();
    const QString channels = channels_->text().trimmed();
    static const QRegularExpression range(QStringLiteral("^(\\d{1,7})(?:\\s*[-–…]\\s*(\\d{1,7}))?$"));
    if (!channels.isEmpty() && channels.compare(tr("all"), Qt::CaseInsensitive) != 0) {
        const auto match = range.match(channels);
        if (!match.hasMatch()) return {};
        edit.firstChannel = match.captured(1).toInt();
        const int last = match.captured(2).isEmpty() ? edit.firstChannel : match.captured(2).toInt();
        if (last < edit.firstChannel) return {};
        edit.channels = last - edit.firstChannel + 1;
    }
    const int kind = kind_->currentData().toInt();
    edit.kind = kind == Scale ? Edit::Kind::Scale : kind == Clamp ? Edit::Kind::Clamp : Edit::Kind::Pin;
    edit.a = kind == Zero ? 0.0F : static_cast<float>(a_->value());
    edit.b = kind == Clamp ? static_cast<float>(b_->value()) : 0.0F;
    Intervention all{edit};
    if (const int tensor = tensor_->currentData().toInt(); tensor == wholeLayer) {
        all.push_back(edit);
        all[0].tensor = TraceTensor::TokenMixer;
        all[1].tensor = TraceTensor::ChannelMixer;
    } else {
        all[0].tensor = static_cast<TraceTensor>(tensor);
    }
    return all;
}

void EditForm::refresh() {
    const int kind = kind_->currentData().toInt();
    a_->setVisible(kind != Zero);
    b_->setVisible(kind == Clamp);
    const auto model = inspector_.model();
    if (model) layer_->setMaximum(model->checkpoint.model->config.numLayers - 1);
    const auto made = edits();
    Status valid = Error{ErrorCode::InvalidArgument, tr("open a model first").toStdString(), {}};
    if (model && made.empty())
        valid = Error{ErrorCode::InvalidArgument, tr("write “all”, a channel, or a range such as 16-31").toStdString(), {}};
    else if (model)
        valid = checkIntervention(made, model->checkpoint.model->config);
    add_->setEnabled(valid.ok());
    add_->setToolTip(valid ? tr("Adds it to the list") : QString::fromStdString(valid.error().message));
}

}  // namespace ternion::app
