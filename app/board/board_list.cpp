#include "board/board_list.h"

#include <QGridLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "shell/device_selector.h"

namespace ternion::app {
namespace {

QString factsOf(const DeviceInfo& board) {
    if (!board.usable) return BoardList::tr("Cannot be used: %1").arg(QString::fromStdString(board.reason));
    if (isSimulated(board))
        return BoardList::tr("The accelerator's RTL, simulated cycle by cycle in a process of its own (%1)")
            .arg(QString::fromStdString(board.id()));
    QStringList facts{QString::fromStdString(board.id()), QString::fromStdString(board.driver)};
    if (!board.pciAddress.empty()) facts << QString::fromStdString(board.pciAddress);
    facts.removeDuplicates();
    return BoardList::tr("%1. Choose it in the list of devices.").arg(facts.join(QStringLiteral(", ")));
}

}  // namespace

BoardList::BoardList(const std::vector<DeviceInfo>& devices, QWidget* parent) : QWidget(parent) {
    setObjectName("boardList");
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(grid);
    bool real = false;
    for (const DeviceInfo& device : devices) {
        if (device.backend != "fpga") continue;
        add(device);
        real = real || !isSimulated(device);
    }
    if (real) return;
    auto* none = makeLabel(tr("No other board was found. A real one appears here, after a new start of the program, when the "
                              "driver xdma or vfio-pci has it."),
                           "small", true);
    none->setObjectName("noBoards");
    none->setWordWrap(true);
    column->addWidget(none);
}

void BoardList::add(const DeviceInfo& board) {
    auto* row = new QGridLayout;
    row->setHorizontalSpacing(grid);
    row->setVerticalSpacing(0);
    row->setColumnStretch(0, 1);
    auto* name = makeLabel(QString::fromStdString(board.name), "", false);
    name->setObjectName("boardName");
    auto* facts = makeLabel(factsOf(board), "small", true);
    facts->setObjectName("boardFacts");
    facts->setWordWrap(true);
    facts->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    auto* mark = makeLabel(tr("in use"), "small", false);
    mark->setObjectName("boardInUse");
    mark->hide();
    row->addWidget(name, 0, 0);
    row->addWidget(mark, 0, 1);
    row->addWidget(facts, 1, 0, 1, 2);
    static_cast<QVBoxLayout*>(layout())->addLayout(row);
    rows_.push_back({QString::fromStdString(board.id()), mark});
}

void BoardList::setActive(const QString& id) {
    for (const Row& row : rows_) row.mark->setVisible(row.id == id);
}

}  // namespace ternion::app
