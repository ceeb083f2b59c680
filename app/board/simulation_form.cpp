#include "board/simulation_form.h"

#include <QGridLayout>
#include <QLabel>
#include <QLocale>
#include <QSpinBox>

#include "chat/labels.h"
#include "program/configuration.h"
#include "shell/format.h"

namespace ternion::app {
namespace {

constexpr int khzInMhz = 1000;
constexpr double hzInKhz = 1e3;

}  // namespace

double assumedBandwidth(const fpga::SimulationSettings& settings) {
    return fpga::Configuration().wordBytes() * hzInKhz * settings.clockKhz * settings.rate / fpga::SimulationSettings::fullRate;
}

SimulationForm::SimulationForm(const fpga::SimulationSettings& settings, QWidget* parent)
    : QWidget(parent),
      settings_(settings),
      clock_(new QSpinBox),
      memory_(new QSpinBox),
      latency_(new QSpinBox),
      rate_(new QSpinBox),
      bandwidth_(makeLabel({}, "small", true)) {
    auto* form = new QGridLayout(this);
    form->setContentsMargins(0, 0, 0, 0);
    form->setHorizontalSpacing(grid);
    form->setVerticalSpacing(grid);
    form->setColumnStretch(1, 1);
    const auto row = [&](QSpinBox* box, const char* name, const QString& title, const QString& tooltip, std::uint32_t most,
                         std::uint32_t value) {
        box->setObjectName(name);
        box->setAccessibleName(title);
        box->setToolTip(tooltip);
        box->setKeyboardTracking(false);
        box->setRange(1, static_cast<int>(most));
        box->setValue(static_cast<int>(value));
        connect(box, &QSpinBox::valueChanged, this, &SimulationForm::read);
        auto* label = makeLabel(title, "", false);
        label->setBuddy(box);
        const int line = form->rowCount();
        form->addWidget(label, line, 0);
        form->addWidget(box, line, 1);
        form->addWidget(makeLabel(tr("assumed"), "small", true), line, 2);
    };
    clock_->setSuffix(tr(" MHz"));
    memory_->setSuffix(tr(" MiB"));
    latency_->setSuffix(tr(" cycles"));
    rate_->setSuffix(tr(" words"));
    row(clock_, "boardClock", tr("Clock"),
        tr("The clock that a real board would have. The cycles of a token do not depend on it, its time does."),
        fpga::SimulationSettings::mostKhz / khzInMhz, settings.clockKhz / khzInMhz);
    row(memory_, "boardMemory", tr("Memory"), tr("The board's own memory: the model has to fit into it"),
        fpga::SimulationSettings::mostMebibytes, settings.memoryMebibytes);
    row(latency_, "boardLatency", tr("Latency"), tr("Cycles from the address of a read to its first word"),
        fpga::SimulationSettings::longestLatency, settings.latency);
    row(rate_, "boardRate", tr("Rate"), tr("Words that the memory gives in 1024 cycles, at most"),
        fpga::SimulationSettings::fullRate, settings.rate);
    bandwidth_->setObjectName("boardBandwidth");
    bandwidth_->setWordWrap(true);
    form->addWidget(bandwidth_, form->rowCount(), 1, 1, 2);
    showBandwidth();
}

void SimulationForm::read() {
    settings_.clockKhz = static_cast<std::uint32_t>(clock_->value()) * khzInMhz;
    settings_.memoryMebibytes = static_cast<std::uint32_t>(memory_->value());
    settings_.latency = static_cast<std::uint32_t>(latency_->value());
    settings_.rate = static_cast<std::uint32_t>(rate_->value());
    showBandwidth();
    emit changed();
}

void SimulationForm::showBandwidth() {
    bandwidth_->setText(tr("in 1024 cycles: %1 GB/s at this clock, with words of %2 bytes")
                            .arg(QLocale().toString(assumedBandwidth(settings_) / bytesInGb, 'f', 2))
                            .arg(fpga::Configuration().wordBytes()));
}

}  // namespace ternion::app
