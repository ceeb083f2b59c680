#include "benchmarks/sweep_form.h"

#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSpinBox>
#include <QVBoxLayout>
#include <algorithm>

namespace ternion::app {
namespace {

constexpr int mostPromptTokens = 1'000'000;
constexpr const char* valueOf = "choice";  // a tick's property

std::vector<std::string> ticked(const std::vector<QCheckBox*>& boxes) {
    std::vector<std::string> values;
    for (const QCheckBox* box : boxes)
        if (box->isChecked() && box->isEnabledTo(box->parentWidget()))
            values.push_back(box->property(valueOf).toString().toStdString());
    return values;
}

}  // namespace

SweepForm::SweepForm(const std::vector<DeviceInfo>& devices, QWidget* parent)
    : QWidget(parent),
      prompts_(new QLineEdit(QStringLiteral("16, 512"))),
      tokens_(new QSpinBox),
      repeats_(new QSpinBox),
      kernels_(new QCheckBox(tr("Time every kernel"))),
      energy_(new QCheckBox(tr("Measure energy"))),
      energySeconds_(new QDoubleSpinBox) {
    auto* form = new QFormLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    form->setSpacing(8);
    form->setLabelAlignment(Qt::AlignLeft);
    form->addRow(tr("Models"), ticks(QStringLiteral("sweepModel"),
                                     {{tr("Open model"), {}},
                                      {QStringLiteral("370M"), QStringLiteral("370M")},
                                      {QStringLiteral("1.3B"), QStringLiteral("1.3B")},
                                      {QStringLiteral("2.7B"), QStringLiteral("2.7B")}},
                                     models_));
    for (QCheckBox* box : models_)
        if (!box->property(valueOf).toString().isEmpty())
            box->setToolTip(tr("Random trits of the published shape: only the shape matters for speed and memory"));
    std::vector<std::pair<QString, QString>> usable;
    for (const DeviceInfo& device : devices)
        if (device.usable) usable.emplace_back(QString::fromStdString(device.name), QString::fromStdString(device.id()));
    form->addRow(tr("Devices"), ticks(QStringLiteral("sweepDevice"), usable, backends_));
    form->addRow(tr("Packings"), ticks(QStringLiteral("sweepPacking"),
                                       {{tr("The faster"), QStringLiteral("auto")},
                                        {tr("2 bits a trit"), QStringLiteral("2bit")},
                                        {tr("Dense"), QStringLiteral("dense")}},
                                       packings_));
    prompts_->setObjectName("sweepPrompts");
    prompts_->setToolTip(tr("Tokens of the prompts, separated by commas; 0 leaves the prefill out"));
    form->addRow(tr("Prompt tokens"), prompts_);
    const auto number = [&](QSpinBox* box, const char* name, int from, int to, int value) {
        box->setObjectName(name);
        box->setRange(from, to);
        box->setValue(value);
        connect(box, &QSpinBox::valueChanged, this, &SweepForm::changed);
    };
    number(tokens_, "sweepTokens", 1, mostPromptTokens, 128);
    number(repeats_, "sweepRepeats", 1, 100, 3);
    repeats_->setToolTip(
        tr("Each repeat goes through everything before the next one begins, so that a machine that grows warm "
           "is unfair to none"));
    form->addRow(tr("Decoded tokens"), tokens_);
    form->addRow(tr("Repeats"), repeats_);
    kernels_->setObjectName("sweepKernels");
    energy_->setObjectName("sweepEnergy");
    energySeconds_->setRange(1, 600);
    energySeconds_->setValue(5);
    energySeconds_->setSuffix(tr(" s"));
    energySeconds_->setEnabled(false);
    connect(energy_, &QCheckBox::toggled, energySeconds_, &QWidget::setEnabled);
    form->addRow(QString(), kernels_);
    form->addRow(QString(), energy_);
    form->addRow(tr("Decode at least"), energySeconds_);
    energySeconds_->setToolTip(tr("So long that the slowest sensor sees it, with a rest before"));
    models_.front()->setEnabled(false);
    if (!backends_.empty()) backends_.front()->setChecked(true);
    packings_.front()->setChecked(true);
    connect(prompts_, &QLineEdit::textChanged, this, &SweepForm::changed);
    for (const QCheckBox* box : {kernels_, energy_}) connect(box, &QCheckBox::toggled, this, &SweepForm::changed);
}

QWidget* SweepForm::ticks(const QString& name, const std::vector<std::pair<QString, QString>>& choices,
                          std::vector<QCheckBox*>& boxes) {
    auto* row = new QWidget;
    auto* column = new QVBoxLayout(row);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    for (const auto& [label, value] : choices) {
        auto* box = new QCheckBox(label);
        box->setObjectName(name + QLatin1Char('.') + (value.isEmpty() ? QStringLiteral("open") : value));
        box->setProperty(valueOf, value);
        connect(box, &QCheckBox::toggled, this, &SweepForm::changed);
        column->addWidget(box);
        boxes.push_back(box);
    }
    return row;
}

void SweepForm::setOpenModel(const QString& name) {
    QCheckBox* box = models_.front();
    const bool first = !box->isEnabled() && !name.isEmpty();
    box->setEnabled(!name.isEmpty());
    box->setText(name.isEmpty() ? tr("Open model") : name);
    if (first && ticked(models_).empty()) box->setChecked(true);
    emit changed();
}

std::optional<SweepPlan> SweepForm::plan() const {
    SweepPlan plan;
    plan.models = ticked(models_);
    plan.backends = ticked(backends_);
    plan.packings.clear();
    for (const std::string& name : ticked(packings_))
        plan.packings.push_back(name == "2bit" ? Packing::TwoBit : name == "dense" ? Packing::Dense : Packing::Auto);
    plan.promptTokens.clear();
    for (const QString& part : prompts_->text().split(QLatin1Char(','))) {
        bool ok = false;
        const int tokens = part.trimmed().toInt(&ok);
        if (!ok || tokens < 0 || tokens > mostPromptTokens) return std::nullopt;
        plan.promptTokens.push_back(tokens);
    }
    plan.tokens = tokens_->value();
    plan.repeats = repeats_->value();
    plan.kernels = kernels_->isChecked();
    plan.energySeconds = energy_->isChecked() ? energySeconds_->value() : 0.0;
    if (plan.models.empty() || plan.backends.empty() || plan.packings.empty()) return std::nullopt;
    return plan;
}

QString SweepForm::trouble() const {
    if (ticked(models_).empty()) return tr("Tick a model.");
    if (ticked(backends_).empty()) return tr("Tick a device.");
    if (ticked(packings_).empty()) return tr("Tick a packing.");
    return plan() ? QString() : tr("Write the prompt's lengths as whole numbers separated by commas: 16, 512, 2048.");
}

void SweepForm::choosePublishedShapes() {
    for (QCheckBox* box : models_) box->setChecked(!box->property(valueOf).toString().isEmpty());
}

}  // namespace ternion::app
