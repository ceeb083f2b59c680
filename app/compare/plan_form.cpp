#include "compare/plan_form.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSpinBox>
#include <QVBoxLayout>
#include <algorithm>
#include <array>
#include <limits>

#include "chat/labels.h"
#include "compare/side_form.h"
#include "engine/engine_client.h"
#include "shell/device_selector.h"

namespace ternion::app {
namespace {

constexpr int mostSides = 3;
constexpr int mostTokens = 1'000'000;
constexpr int usualTokens = 64;
constexpr double mostTemperature = 2.0;
constexpr double temperatureStep = 0.1;

}  // namespace

PlanForm::PlanForm(std::vector<DeviceInfo> devices, QWidget* parent)
    : QWidget(parent),
      devices_(std::move(devices)),
      third_(new QCheckBox(tr("A third side"))),
      prompt_(new QPlainTextEdit(tr("Tell me a story about a cat."))),
      tokens_(new QSpinBox),
      feeding_(new QComboBox),
      threshold_(new QLineEdit),
      stops_(new QCheckBox(tr("Stop at the first divergence"))),
      temperature_(new QDoubleSpinBox),
      seed_(new QSpinBox) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(grid);
    for (int k = 0; k < mostSides; ++k) {
        sides_.push_back(new SideForm(k, devices_));
        if (k == 2) column->addWidget(third_, 0, Qt::AlignLeft);
        column->addWidget(sides_.back());
        connect(sides_.back(), &SideForm::changed, this, &PlanForm::changed);
        connect(sides_.back(), &SideForm::deviceChanged, this, [this] {
            chosen_ = chosen_ || !suggesting_;
            chooseProfiles();
        });
    }
    sides_.back()->hide();
    third_->setObjectName("compareThird");
    connect(third_, &QCheckBox::toggled, this, [this](bool on) {
        sides_.back()->setVisible(on);
        chooseProfiles();
        emit changed();
    });

    prompt_->setObjectName("comparePrompt");
    prompt_->setAccessibleName(tr("Prompt"));
    prompt_->setTabChangesFocus(true);
    constexpr int promptLines = 3;
    prompt_->setFixedHeight(promptLines * prompt_->fontMetrics().lineSpacing() + 2 * grid);
    connect(prompt_, &QPlainTextEdit::textChanged, this, &PlanForm::changed);
    column->addWidget(makeLabel(tr("Prompt"), "small", true));
    column->addWidget(prompt_);

    const auto number = [](QSpinBox* box, const char* name, int from, int to, int value) {
        box->setObjectName(name);
        box->setRange(from, to);
        box->setValue(value);
    };
    number(tokens_, "compareTokens", 1, mostTokens, usualTokens);
    number(seed_, "compareSeed", 0, std::numeric_limits<int>::max(), 0);
    seed_->setEnabled(false);
    feeding_->setObjectName("compareFeeding");
    feeding_->addItem(tr("side A's text to all"), static_cast<int>(Feeding::FirstSide));
    feeding_->addItem(tr("its own text to each"), static_cast<int>(Feeding::OwnText));
    feeding_->setToolTip(
        tr("With side A's text the input never differs, whatever else does. With their own texts the sides are "
           "compared for as long as those are the same."));
    threshold_->setObjectName("compareThreshold");
    threshold_->setPlaceholderText(tr("automatic"));
    threshold_->setToolTip(
        tr("Differences up to here are none. Automatic: 0 where both sides compute one model in one "
           "arithmetic, else no limit."));
    stops_->setObjectName("compareStops");
    temperature_->setObjectName("compareTemperature");
    temperature_->setRange(0.0, mostTemperature);
    temperature_->setSingleStep(temperatureStep);
    temperature_->setSpecialValueText(tr("0: the most probable"));
    connect(temperature_, &QDoubleSpinBox::valueChanged, seed_, [this](double value) { seed_->setEnabled(value > 0.0); });
    auto* rows = new QFormLayout;
    rows->setSpacing(grid);
    rows->setLabelAlignment(Qt::AlignLeft);
    rows->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    rows->addRow(tr("Tokens"), tokens_);
    rows->addRow(tr("Feed"), feeding_);
    rows->addRow(tr("Threshold"), threshold_);
    rows->addRow(QString(), stops_);
    rows->addRow(tr("Temperature"), temperature_);
    rows->addRow(tr("Seed"), seed_);
    column->addLayout(rows);
    column->addStretch(1);
    connect(threshold_, &QLineEdit::textChanged, this, &PlanForm::changed);
}

void PlanForm::setModel(std::shared_ptr<const OpenModel> model) {
    model_ = std::move(model);
    for (SideForm* side : sides_)
        side->setOpenModel(model_ ? QString::fromStdString(model_->checkpoint.model->name) : QString(),
                           model_ ? model_->path : QString());
    emit changed();
}

void PlanForm::suggest(const std::string& deviceInUse) {
    if (chosen_) return;
    suggesting_ = true;
    sides_[0]->setDevice(deviceInUse);
    const auto usable = [&](auto wanted) {
        return std::find_if(devices_.begin(), devices_.end(), [&](const DeviceInfo& device) {
            return device.usable && device.id() != deviceInUse && wanted(device);
        });
    };
    auto other = usable([](const DeviceInfo& device) { return isSimulated(device); });
    if (other == devices_.end()) other = usable([](const DeviceInfo&) { return true; });
    const std::string second = other == devices_.end() ? deviceInUse : other->id();
    sides_[1]->setDevice(second);
    sides_[2]->setDevice(deviceInUse);
    suggesting_ = false;
    chooseProfiles();
}

/// A board computes in the fixed profile: so do the others then, or nothing would be equal.
void PlanForm::chooseProfiles() {
    const bool board = std::any_of(sides_.begin(), sides_.end(), [this](const SideForm* side) {
        return (side != sides_.back() || third_->isChecked()) && side->isBoard();
    });
    for (SideForm* side : sides_) side->setProfile(board ? Profile::Fixed : Profile::Auto);
}

QString PlanForm::trouble() const {
    if (!model_) return tr("Open a model in the main window first: it is what the sides run.");
    if (!model_->tokenizer) return tr("The open model has no tokenizer, so it cannot read a prompt. Open one that has.");
    if (prompt_->toPlainText().trimmed().isEmpty()) return tr("Write a prompt.");
    bool ok = true;
    if (!threshold_->text().trimmed().isEmpty() && (threshold_->text().toDouble(&ok) < 0.0 || !ok))
        return tr("Write the threshold as a number, 0 or above, or leave it empty.");
    return {};
}

std::optional<AskedComparison> PlanForm::asked(const ChatTemplate& chatTemplate) const {
    if (!trouble().isEmpty()) return std::nullopt;
    AskedComparison asked;
    asked.model = model_;
    for (const SideForm* side : sides_)
        if (side != sides_.back() || third_->isChecked()) asked.sides.push_back(side->asked());
    const std::array messages{ChatMessage{Role::User, prompt_->toPlainText().toStdString()}};
    asked.lockstep.prompt = renderChat(chatTemplate, messages, *model_->tokenizer, model_->checkpoint.model->config);
    asked.prompt = model_->tokenizer->decode(asked.lockstep.prompt, true);
    asked.lockstep.tokens = tokens_->value();
    asked.lockstep.feeding = static_cast<Feeding>(feeding_->currentData().toInt());
    asked.lockstep.stopAtDivergence = stops_->isChecked();
    if (!threshold_->text().trimmed().isEmpty()) asked.lockstep.threshold = threshold_->text().toDouble();
    asked.lockstep.sampler.temperature = static_cast<float>(temperature_->value());
    asked.lockstep.sampler.seed = static_cast<std::uint64_t>(seed_->value());
    return asked;
}

}  // namespace ternion::app
