#include "sim/vfio_user_server.h"

#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <string>

#include "link/card_identity.h"
#include "link/unix_socket.h"

namespace ternion::fpga {

using vfio_user::Command;
using vfio_user::Message;

namespace {

constexpr auto clientPatience = std::chrono::seconds(2);
constexpr std::size_t configurationBytes = 256;
constexpr std::size_t registerBytes = 4;
constexpr std::size_t mostHostRanges = 64;

void store(std::vector<std::byte>& bytes, std::size_t at, std::uint16_t value) {
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

std::vector<std::byte> configurationSpace() {
    constexpr std::uint16_t processingAccelerator = 0x1200;
    std::vector<std::byte> bytes(configurationBytes);
    store(bytes, PCI_VENDOR_ID, pciVendor);
    store(bytes, PCI_DEVICE_ID, pciDevice);
    store(bytes, PCI_CLASS_DEVICE, processingAccelerator);
    store(bytes, PCI_SUBSYSTEM_VENDOR_ID, pciVendor);
    return bytes;
}

template <class T>
std::vector<std::byte> bytesOf(const T& value) {
    std::vector<std::byte> bytes;
    vfio_user::put(bytes, value);
    return bytes;
}

/// Maps what a client gave, if nobody can make the file shorter afterwards: a page that is not there any more would end us.
Mapping mapHostFile(int file, std::uint64_t offset, std::uint64_t size) {
    const int seals = fcntl(file, F_GET_SEALS);
    struct stat facts {};
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat(file, &facts) != 0) return {};
    const auto length = static_cast<std::uint64_t>(facts.st_size);
    if (size == 0 || size > length || offset > length - size) return {};
    return Mapping::ofFile(file, size, static_cast<off_t>(offset));
}

}  // namespace

VfioUserServer::VfioUserServer(FileDescriptor listener, std::filesystem::path socket, SimulatedCard& card)
    : listener_(std::move(listener)), socket_(std::move(socket)), card_(card), configuration_(configurationSpace()) {
    card_.connect([this](std::uint64_t busAddress, std::uint64_t size) { return hostMemory(busAddress, size); });
}

VfioUserServer::~VfioUserServer() { unlink(socket_.c_str()); }

Result<std::unique_ptr<VfioUserServer>> VfioUserServer::listen(const std::filesystem::path& socket, SimulatedCard& card) {
    TERNION_TRY(auto listener, listenSocket(socket, SOCK_STREAM));
    return std::unique_ptr<VfioUserServer>(new VfioUserServer(std::move(listener), socket, card));
}

Result<BoardServer::Event> VfioUserServer::serve(std::chrono::milliseconds timeout) {
    std::array<pollfd, 2> watched{{{listener_.get(), POLLIN, 0}, {client_.descriptor(), POLLIN, 0}}};
    if (poll(watched.data(), watched.size(), static_cast<int>(timeout.count())) < 0 && errno != EINTR)
        return Error{ErrorCode::Io, "cannot wait for its clients", socket_.string()};
    const bool left = watched[1].revents != 0 && !answerClient();
    if (left) letGo();
    if ((watched[0].revents & POLLIN) != 0) acceptClient();
    return left ? Event::ClientLeft : Event::Nothing;
}

void VfioUserServer::acceptClient() {
    vfio_user::Channel caller(FileDescriptor(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
    if (!caller) return;
    if (client_ && hasHungUp(client_.descriptor())) letGo();  // since we looked
    if (!client_) {
        client_ = std::move(caller);
        return;
    }
    // The answer to what it has to ask first; whether it hears it is its own affair.
    vfio_user::Header taken;
    taken.id = 1;
    taken.command = static_cast<std::uint16_t>(Command::Version);
    taken.flags = vfio_user::isReply | vfio_user::isError;
    taken.error = EBUSY;
    (void)caller.send(taken, {}, -1, std::chrono::milliseconds(0));
}

void VfioUserServer::letGo() {
    client_ = vfio_user::Channel();
    agreed_ = false;
    event_ = FileDescriptor();
    host_.clear();
    card_.reset();
}

Status VfioUserServer::answerClient() {
    TERNION_TRY(const auto message, client_.receive(clientPatience));
    if ((message.header.flags & vfio_user::typeBits) == vfio_user::isReply)
        return Error{ErrorCode::BadInput, "it answers what was not asked", {}};
    const auto answered = answer(message);
    vfio_user::Header header = message.header;
    header.flags = vfio_user::isReply | (answered.error != 0 ? vfio_user::isError : 0);
    header.error = answered.error;
    return client_.send(header, answered.payload, -1, clientPatience);
}

VfioUserServer::Answer VfioUserServer::answer(const Message& message) {
    const auto command = static_cast<Command>(message.header.command);
    if ((command == Command::Version) == agreed_) return {EINVAL, {}};  // first, and only once
    switch (command) {
        case Command::Version:
            agreed_ = true;
            return version(message.payload);
        case Command::DmaMap:
            return mapDma(message);
        case Command::DmaUnmap:
            return unmapDma(message.payload);
        case Command::DeviceInfo:
            return deviceInfo();
        case Command::RegionInfo:
            return regionInfo(message.payload);
        case Command::IrqInfo:
            return irqInfo(message.payload);
        case Command::SetIrqs:
            return setIrqs(message);
        case Command::RegionRead:
            return access(message.payload, false);
        case Command::RegionWrite:
            return access(message.payload, true);
        case Command::DeviceReset:
            card_.reset();
            return {};
    }
    return {ENOTSUP, {}};
}

VfioUserServer::Answer VfioUserServer::version(std::span<const std::byte> payload) const {
    const auto theirs = vfio_user::take<vfio_user::Version>(payload);
    if (!theirs || theirs->major != 0) return {EINVAL, {}};
    Answer answer{0, bytesOf(vfio_user::Version{})};
    vfio_user::putCapabilities(answer.payload);
    return answer;
}

VfioUserServer::Answer VfioUserServer::deviceInfo() const {
    vfio_device_info info{};
    info.argsz = sizeof info;
    info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
    info.num_regions = VFIO_PCI_NUM_REGIONS;
    info.num_irqs = VFIO_PCI_NUM_IRQS;
    return {0, bytesOf(info)};
}

VfioUserServer::Answer VfioUserServer::regionInfo(std::span<const std::byte> payload) const {
    auto info = vfio_user::take<vfio_region_info>(payload);
    if (!info || info->index >= VFIO_PCI_NUM_REGIONS) return {EINVAL, {}};
    vfio_region_info told{};
    told.argsz = sizeof told;
    told.index = info->index;
    if (told.index == VFIO_PCI_BAR0_REGION_INDEX) told.size = SimulatedCard::windowBytes;
    if (told.index == VFIO_PCI_CONFIG_REGION_INDEX) told.size = configuration_.size();
    if (told.size > 0) told.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
    return {0, bytesOf(told)};
}

VfioUserServer::Answer VfioUserServer::irqInfo(std::span<const std::byte> payload) const {
    const auto info = vfio_user::take<vfio_irq_info>(payload);
    if (!info || info->index >= VFIO_PCI_NUM_IRQS) return {EINVAL, {}};
    vfio_irq_info told{};
    told.argsz = sizeof told;
    told.index = info->index;
    if (told.index == VFIO_PCI_MSIX_IRQ_INDEX) {
        told.flags = VFIO_IRQ_INFO_EVENTFD;
        told.count = 1;
    }
    return {0, bytesOf(told)};
}

VfioUserServer::Answer VfioUserServer::setIrqs(const Message& message) {
    const auto set = vfio_user::take<vfio_user::IrqSet>(message.payload);
    if (!set || set->index != VFIO_PCI_MSIX_IRQ_INDEX || set->start != 0 || set->count > 1 ||
        (set->flags & VFIO_IRQ_SET_ACTION_TRIGGER) == 0)
        return {EINVAL, {}};
    if (set->count == 1 && !message.file) return {EINVAL, {}};
    const int file = set->count == 1 ? fcntl(message.file.get(), F_DUPFD_CLOEXEC, 0) : -1;
    if (set->count == 1 && (file < 0 || fcntl(file, F_SETFL, O_NONBLOCK) != 0)) return {EINVAL, {}};
    event_ = FileDescriptor(file);
    return {};
}

VfioUserServer::Answer VfioUserServer::mapDma(const Message& message) {
    const auto map = vfio_user::take<vfio_user::DmaMap>(message.payload);
    constexpr auto both = vfio_user::mapReadable | vfio_user::mapWritable;
    if (!map || (map->flags & both) != both || !message.file || map->address + map->size < map->address) return {EINVAL, {}};
    if (host_.size() >= mostHostRanges) return {ENOSPC, {}};
    const auto next = host_.lower_bound(map->address);
    if (next != host_.end() && next->first - map->address < map->size) return {EEXIST, {}};
    if (next != host_.begin()) {
        const auto& [start, before] = *std::prev(next);
        if (map->address - start < before.bytes().size()) return {EEXIST, {}};
    }
    auto mapping = mapHostFile(message.file.get(), map->offset, map->size);
    if (!mapping) return {EINVAL, {}};
    host_.emplace(map->address, std::move(mapping));
    return {};
}

VfioUserServer::Answer VfioUserServer::unmapDma(std::span<const std::byte> payload) {
    const auto unmap = vfio_user::take<vfio_user::DmaUnmap>(payload);
    if (!unmap) return {EINVAL, {}};
    const auto found = host_.find(unmap->address);
    if (found == host_.end() || found->second.bytes().size() != unmap->size) return {ENOENT, {}};
    host_.erase(found);
    return {0, bytesOf(*unmap)};
}

VfioUserServer::Answer VfioUserServer::access(std::span<const std::byte> payload, bool write) {
    const auto access = vfio_user::take<vfio_user::RegionAccess>(payload);
    constexpr std::uint32_t most = 8;
    if (!access || access->count == 0 || access->count > most) return {EINVAL, {}};
    const auto data = payload.subspan(sizeof *access);
    if (data.size() != (write ? access->count : 0)) return {EINVAL, {}};
    std::array<std::byte, most> buffer{};
    std::copy(data.begin(), data.end(), buffer.begin());
    const auto bytes = std::span(buffer).first(access->count);
    std::uint32_t error = EINVAL;
    if (access->region == VFIO_PCI_BAR0_REGION_INDEX) error = accessWindow(access->offset, bytes, write);
    if (access->region == VFIO_PCI_CONFIG_REGION_INDEX) error = accessConfiguration(access->offset, bytes, write);
    if (error != 0) return {error, {}};
    Answer answer{0, bytesOf(*access)};
    if (!write) vfio_user::putBytes(answer.payload, bytes);
    return answer;
}

std::uint32_t VfioUserServer::accessWindow(std::uint64_t offset, std::span<std::byte> bytes, bool write) {
    if (offset % registerBytes != 0 || bytes.size() % registerBytes != 0 || offset > SimulatedCard::windowBytes - bytes.size())
        return EINVAL;
    for (; !bytes.empty(); bytes = bytes.subspan(registerBytes), offset += registerBytes) {
        std::uint32_t value = 0;
        if (write) {
            std::memcpy(&value, bytes.data(), sizeof value);
            card_.write(static_cast<std::uint32_t>(offset), value);
        } else {
            value = card_.read(static_cast<std::uint32_t>(offset));
            std::memcpy(bytes.data(), &value, sizeof value);
        }
    }
    return 0;
}

std::uint32_t VfioUserServer::accessConfiguration(std::uint64_t offset, std::span<std::byte> bytes, bool write) {
    if (offset > configuration_.size() - bytes.size()) return EINVAL;
    const auto there = std::span(configuration_).subspan(offset, bytes.size());
    if (!write)
        std::copy(there.begin(), there.end(), bytes.begin());
    else if (offset == PCI_COMMAND && bytes.size() == sizeof(std::uint16_t))  // the rest does not change
        std::copy(bytes.begin(), bytes.end(), there.begin());
    return 0;
}

std::span<std::byte> VfioUserServer::hostMemory(std::uint64_t busAddress, std::uint64_t size) const {
    auto found = host_.upper_bound(busAddress);
    if (found == host_.begin()) return {};
    --found;
    const auto bytes = found->second.bytes();
    const std::uint64_t skipped = busAddress - found->first;
    if (size > bytes.size() || skipped > bytes.size() - size) return {};
    return bytes.subspan(skipped, size);
}

void VfioUserServer::interrupt() {
    if (event_) eventfd_write(event_.get(), 1);
}

}  // namespace ternion::fpga
