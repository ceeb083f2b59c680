#include "link/vfio_pci_board.h"

#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "link/bounds.h"
#include "link/event_wait.h"
#include "link/failures.h"

namespace ternion::fpga {
namespace {

constexpr std::uint64_t stagingBusAddress = 0x100000;

/// The one structure of VFIO with an array at its end, with room for one event.
struct EventSet {
    std::uint32_t argsz = sizeof(EventSet);
    std::uint32_t flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
    std::uint32_t index = 0;
    std::uint32_t start = 0;
    std::uint32_t count = 1;
    std::int32_t event = -1;
};
static_assert(sizeof(EventSet) == sizeof(vfio_irq_set) + sizeof(std::int32_t));

}  // namespace

Result<std::unique_ptr<VfioPciBoard>> VfioPciBoard::open(const std::string& address, const SystemRoots& roots,
                                                         const CardProtocol& protocol) {
    std::unique_ptr<VfioPciBoard> board(new VfioPciBoard(protocol));
    board->info_.id = address;
    board->info_.name = "PCI board " + address;
    board->info_.transport = "vfio-pci";
    board->info_.pciAddress = address;
    if (auto ready = board->setUp(roots); !ready) return board->told(whileOpening(ready.error()));
    board->info_.usable = true;
    return board;
}

VfioPciBoard::~VfioPciBoard() {
    // Before its memory goes: nothing of the card's may be under way to it.
    if (device_) (void)setBusMaster(false);
}

Status VfioPciBoard::setUp(const SystemRoots& roots) {
    TERNION_CHECK(openGroup(roots));
    TERNION_CHECK(openDevice());
    TERNION_CHECK(mapRegisters());
    TERNION_CHECK(setBusMaster(false));  // it may do nothing before we know what it is
    TERNION_CHECK(protocol_.identify(*this));
    TERNION_CHECK(mapStaging());
    TERNION_CHECK(setBusMaster(true));
    TERNION_CHECK(connectInterrupt());
    TERNION_TRY(memoryBytes_, protocol_.memoryBytes(*this));
    return {};
}

Status VfioPciBoard::openGroup(const SystemRoots& roots) {
    std::error_code failure;
    const auto device = roots.system / "bus/pci/devices" / info_.id;
    if (!std::filesystem::exists(device, failure)) return unavailable("there is no such PCI device; is it in its slot?");
    const auto group = std::filesystem::read_symlink(device / "iommu_group", failure).filename().string();
    if (group.empty())
        return unavailable(
            "the system has no IOMMU for it: turn it on in the firmware and with intel_iommu=on or amd_iommu=on");

    const auto container = roots.devices / "vfio/vfio";
    container_ = FileDescriptor(::open(container.c_str(), O_RDWR | O_CLOEXEC));
    if (!container_) return unavailable("cannot open " + container.string() + ": " + reasonOf(errno) + "; is vfio-pci loaded?");
    if (ioctl(container_.get(), VFIO_GET_API_VERSION) != VFIO_API_VERSION ||
        ioctl(container_.get(), VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) <= 0)
        return unavailable("the kernel's VFIO has no IOMMU of type 1 v2; load vfio_iommu_type1");

    const auto file = roots.devices / "vfio" / group;
    group_ = FileDescriptor(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    const int number = errno;
    if (!group_ && number == EBUSY) return unavailable("another program, or this one, has the board open");
    if (!group_ && number == EACCES) return unavailable("you may not open " + file.string() + "; give it to your user");
    if (!group_ && number == ENOENT) return unavailable("it is not bound to vfio-pci: see fpga-link/link/README.md");
    if (!group_) return unavailable("cannot open " + file.string() + ": " + reasonOf(number));

    vfio_group_status status{};
    status.argsz = sizeof status;
    if (ioctl(group_.get(), VFIO_GROUP_GET_STATUS, &status) != 0 || (status.flags & VFIO_GROUP_FLAGS_VIABLE) == 0)
        return unavailable("other devices of its IOMMU group " + group + " are not bound to vfio-pci");
    int containerNumber = container_.get();
    if (ioctl(group_.get(), VFIO_GROUP_SET_CONTAINER, &containerNumber) != 0 ||
        ioctl(container_.get(), VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) != 0)
        return unavailable("the kernel does not let go of its IOMMU group: " + reasonOf(errno));
    return {};
}

Status VfioPciBoard::openDevice() {
    device_ = FileDescriptor(ioctl(group_.get(), VFIO_GROUP_GET_DEVICE_FD, info_.id.c_str()));
    if (!device_) return unavailable("VFIO does not give it: " + reasonOf(errno));
    vfio_device_info info{};
    info.argsz = sizeof info;
    if (ioctl(device_.get(), VFIO_DEVICE_GET_INFO, &info) != 0 || (info.flags & VFIO_DEVICE_FLAGS_PCI) == 0)
        return unavailable("it is no PCI device");
    return {};
}

Status VfioPciBoard::mapRegisters() {
    vfio_region_info region{};
    region.argsz = sizeof region;
    region.index = VFIO_PCI_BAR0_REGION_INDEX;
    if (ioctl(device_.get(), VFIO_DEVICE_GET_REGION_INFO, &region) != 0 || (region.flags & VFIO_REGION_INFO_FLAG_MMAP) == 0)
        return unavailable("its BAR 0 cannot be mapped");
    auto mapping = Mapping::ofFile(device_.get(), region.size, static_cast<off_t>(region.offset));
    if (!mapping) return unavailable("its BAR 0 cannot be mapped: " + reasonOf(errno));
    registers_ = MappedRegisters(std::move(mapping));
    return {};
}

Status VfioPciBoard::setBusMaster(bool on) {
    vfio_region_info region{};
    region.argsz = sizeof region;
    region.index = VFIO_PCI_CONFIG_REGION_INDEX;
    if (ioctl(device_.get(), VFIO_DEVICE_GET_REGION_INFO, &region) != 0)
        return unavailable("its configuration space cannot be reached");
    std::uint16_t command = 0;
    const auto at = static_cast<off_t>(region.offset) + PCI_COMMAND;
    if (pread(device_.get(), &command, sizeof command, at) != sizeof command)
        return unavailable("its configuration space cannot be read");
    constexpr std::uint16_t master = PCI_COMMAND_MASTER;
    command = static_cast<std::uint16_t>(PCI_COMMAND_MEMORY | (on ? command | master : command & ~master));
    if (pwrite(device_.get(), &command, sizeof command, at) != sizeof command)
        return unavailable("its configuration space cannot be written");
    return {};
}

Status VfioPciBoard::mapStaging() {
    auto staging = Mapping::ofZeros(stagingBytes);
    if (!staging) return Error{ErrorCode::OutOfMemory, "there is no room for the DMA buffer", {}};
    vfio_iommu_type1_dma_map map{};
    map.argsz = sizeof map;
    map.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
    map.vaddr = reinterpret_cast<std::uintptr_t>(staging.bytes().data());
    map.iova = stagingBusAddress;
    map.size = staging.bytes().size();
    if (ioctl(container_.get(), VFIO_IOMMU_MAP_DMA, &map) != 0)
        return unavailable("the DMA buffer of " + std::to_string(stagingBytes) + " bytes cannot be mapped: " + reasonOf(errno) +
                           "; raise the limit of locked memory (ulimit -l)");
    copier_ = DmaCopier(protocol_, std::move(staging), stagingBusAddress);
    return {};
}

Result<std::uint64_t> VfioPciBoard::vectorsOf(std::uint32_t index) {
    vfio_irq_info info{};
    info.argsz = sizeof info;
    info.index = index;
    if (ioctl(device_.get(), VFIO_DEVICE_GET_IRQ_INFO, &info) != 0 || (info.flags & VFIO_IRQ_INFO_EVENTFD) == 0)
        return std::uint64_t{0};
    return std::uint64_t{info.count};
}

Status VfioPciBoard::connectEvent(std::uint32_t index, int event) {
    EventSet set;
    set.index = index;
    set.event = event;
    if (ioctl(device_.get(), VFIO_DEVICE_SET_IRQS, &set) == 0) return {};
    return unavailable("its interrupt cannot be connected: " + reasonOf(errno));
}

Status VfioPciBoard::connectInterrupt() {
    interrupt_ = FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    request_ = FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!interrupt_ || !request_) return Error{ErrorCode::Io, "cannot make an event: " + reasonOf(errno), {}};
    TERNION_TRY(const auto requests, vectorsOf(VFIO_PCI_REQ_IRQ_INDEX));
    if (requests > 0) TERNION_CHECK(connectEvent(VFIO_PCI_REQ_IRQ_INDEX, request_.get()));
    for (const std::uint32_t index : {VFIO_PCI_MSIX_IRQ_INDEX, VFIO_PCI_MSI_IRQ_INDEX}) {
        TERNION_TRY(const auto vectors, vectorsOf(index));
        if (vectors > 0) return connectEvent(index, interrupt_.get());
    }
    return unavailable("it has neither MSI-X nor MSI");
}

Error VfioPciBoard::told(Error error) const {
    error.context = info_.id;
    return error;
}

Result<std::uint32_t> VfioPciBoard::read32(std::uint32_t offset) {
    TERNION_CHECK(checkRegister(info_, registers_.size(), offset));
    auto value = registers_.read(offset);
    if (!value) return told(value.error());
    return value;
}

Status VfioPciBoard::write32(std::uint32_t offset, std::uint32_t value) {
    TERNION_CHECK(checkRegister(info_, registers_.size(), offset));
    registers_.write(offset, value);
    return {};
}

Status VfioPciBoard::copyIn(std::uint64_t deviceAddress, std::span<const std::byte> bytes) {
    TERNION_CHECK(checkMemory(info_, memoryBytes_, deviceAddress, bytes.size()));
    return copier_.copyIn(*this, deviceAddress, bytes);
}

Status VfioPciBoard::copyOut(std::uint64_t deviceAddress, std::span<std::byte> bytes) {
    TERNION_CHECK(checkMemory(info_, memoryBytes_, deviceAddress, bytes.size()));
    return copier_.copyOut(*this, deviceAddress, bytes);
}

Status VfioPciBoard::submit() {
    TERNION_CHECK(protocol_.prepare(*this));
    eventfd_t leftOver = 0;
    eventfd_read(interrupt_.get(), &leftOver);
    return protocol_.start(*this);
}

Result<bool> VfioPciBoard::waitInterrupt(std::chrono::milliseconds timeout, const std::stop_token& stop) {
    switch (waitForEvent(interrupt_.get(), request_.get(), timeout, stop)) {
        case Wake::Timeout:
            return false;
        case Wake::Stopped:
            return Error{ErrorCode::Cancelled, "stopped", info_.id};
        case Wake::Gone:
            return told({ErrorCode::DeviceLost, "the system takes the board away; close it", {}});
        case Wake::Event:
            break;
    }
    eventfd_t count = 0;
    eventfd_read(interrupt_.get(), &count);
    TERNION_CHECK(protocol_.acknowledge(*this));
    return true;
}

}  // namespace ternion::fpga
