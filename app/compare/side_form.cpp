#include "compare/side_form.h"

#include <QComboBox>
#include <QFileInfo>
#include <QGridLayout>
#include <QMenu>

#include "chat/labels.h"
#include "shell/device_selector.h"
#include "shell/format.h"
#include "shell/model_opening.h"

namespace ternion::app {

SideForm::SideForm(int side, const std::vector<DeviceInfo>& devices, QWidget* parent)
    : QWidget(parent),
      device_(new QComboBox),
      profile_(new QComboBox),
      packing_(new QComboBox),
      model_(makeLabel({}, "small", true)),
      choose_(makeToolButton(QStringLiteral("compareModel") + sideLetter(side), "model", tr("Model"))) {
    const QString letter = sideLetter(side);
    const auto prepare = [&](QComboBox* box, const char* name, const QString& title) {
        box->setObjectName(QString::fromLatin1(name) + letter);
        box->setAccessibleName(tr("%1 of side %2").arg(title, letter));
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(6);
    };
    prepare(device_, "compareDevice", tr("Device"));
    prepare(profile_, "compareProfile", tr("Arithmetic"));
    prepare(packing_, "comparePacking", tr("Packing"));
    for (const DeviceInfo& device : devices) {
        if (!device.usable) continue;
        device_->addItem(deviceLabel(device), QString::fromStdString(device.id()));
        devices_.push_back(device);
    }
    profile_->addItem(tr("own arithmetic"), static_cast<int>(Profile::Auto));
    profile_->addItem(tr("fixed"), static_cast<int>(Profile::Fixed));
    profile_->addItem(tr("float"), static_cast<int>(Profile::Float));
    profile_->setToolTip(tr("In the fixed profile every device gives the same bits: any difference is a fault"));
    packing_->addItem(tr("faster packing"), static_cast<int>(Packing::Auto));
    packing_->addItem(tr("2 bits a trit"), static_cast<int>(Packing::TwoBit));
    packing_->addItem(tr("dense"), static_cast<int>(Packing::Dense));
    model_->setObjectName(QStringLiteral("compareModelName") + letter);
    choose_->setToolTip(tr("Another model of the same tokenizer and shape on this side"));
    choose_->setPopupMode(QToolButton::InstantPopup);
    choose_->setProperty("menuArrow", false);
    auto* menu = new QMenu(choose_);
    for (const bool folder : {true, false})
        menu->addAction(folder ? tr("Another model's folder…") : tr("Another model's file…"), this, [this, folder] {
            browseForModel(this, folder, openPath_, [this](const QString& path) { setOtherModel(path); });
        });
    back_ = menu->addAction(tr("The open model"), this, [this] { setOtherModel({}); });
    choose_->setMenu(menu);

    auto* title = makeLabel(letter, "large", false);
    title->setMinimumWidth(2 * grid);
    auto* rows = new QGridLayout(this);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setHorizontalSpacing(grid);
    rows->setVerticalSpacing(grid / 2);
    rows->addWidget(title, 0, 0);
    rows->addWidget(device_, 0, 1, 1, 2);
    rows->addWidget(profile_, 1, 1);
    rows->addWidget(packing_, 1, 2);
    rows->addWidget(model_, 2, 1, 1, 1);
    rows->addWidget(choose_, 2, 2, Qt::AlignRight);
    rows->setColumnStretch(1, 1);
    rows->setColumnStretch(2, 1);
    connect(device_, &QComboBox::currentIndexChanged, this, [this] {
        emit deviceChanged();
        emit changed();
    });
    for (QComboBox* box : {profile_, packing_}) connect(box, &QComboBox::currentIndexChanged, this, &SideForm::changed);
    showModel();
}

AskedSide SideForm::asked() const {
    return {device_->currentData().toString().toStdString(), static_cast<Packing>(packing_->currentData().toInt()),
            static_cast<Profile>(profile_->currentData().toInt()), otherPath_};
}

void SideForm::setDevice(const std::string& id) {
    if (const int at = device_->findData(QString::fromStdString(id)); at >= 0) device_->setCurrentIndex(at);
}

void SideForm::setProfile(Profile profile) { profile_->setCurrentIndex(profile_->findData(static_cast<int>(profile))); }

void SideForm::setOpenModel(const QString& name, const QString& path) {
    openName_ = name;
    openPath_ = path;
    showModel();
}

void SideForm::setOtherModel(const QString& path) {
    otherPath_ = path;
    showModel();
    emit changed();
}

bool SideForm::isBoard() const {
    const int at = device_->currentIndex();
    return at >= 0 && devices_[static_cast<std::size_t>(at)].backend == "fpga";
}

void SideForm::showModel() {
    back_->setEnabled(!otherPath_.isEmpty());
    const QString name = !otherPath_.isEmpty() ? QFileInfo(otherPath_).fileName()
                         : openName_.isEmpty() ? tr("no model is open")
                                               : openName_;
    constexpr int widest = 18 * grid;
    model_->setText(model_->fontMetrics().elidedText(name, Qt::ElideMiddle, widest));
    model_->setToolTip(formatPath(otherPath_.isEmpty() ? openPath_ : otherPath_));
}

}  // namespace ternion::app
