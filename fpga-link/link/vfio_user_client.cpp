#include "link/vfio_user_client.h"

#include <linux/vfio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "link/failures.h"

namespace ternion::fpga {

using vfio_user::Command;
using vfio_user::Message;

Result<VfioUserClient> VfioUserClient::connect(const std::filesystem::path& socket, std::chrono::milliseconds patience) {
    VfioUserClient client;
    client.socket_ = socket.string();
    client.patience_ = patience;
    TERNION_TRY(client.channel_, vfio_user::Channel::connect(socket));

    std::vector<std::byte> payload;
    vfio_user::put(payload, vfio_user::Version{});
    vfio_user::putCapabilities(payload);
    auto reply = client.call(Command::Version, payload);
    if (!reply) return Error{ErrorCode::DeviceUnavailable, reply.error().message, client.socket_};
    TERNION_TRY(const auto version, vfio_user::take<vfio_user::Version>(reply->payload));
    if (version.major != 0)
        return Error{ErrorCode::DeviceUnavailable,
                     "it speaks version " + std::to_string(version.major) + " of vfio-user and this program 0", client.socket_};

    vfio_device_info info{};
    info.argsz = sizeof info;
    payload.clear();
    vfio_user::put(payload, info);
    TERNION_TRY(reply, client.call(Command::DeviceInfo, payload));
    TERNION_TRY(info, vfio_user::take<vfio_device_info>(reply->payload));
    if ((info.flags & VFIO_DEVICE_FLAGS_PCI) == 0 || info.num_regions <= VFIO_PCI_CONFIG_REGION_INDEX ||
        info.num_irqs <= VFIO_PCI_MSIX_IRQ_INDEX)
        return Error{ErrorCode::DeviceUnavailable, "the device behind the socket is no PCI device", client.socket_};
    return client;
}

Result<Message> VfioUserClient::call(Command command, std::span<const std::byte> payload, int file) {
    if (!channel_) return Error{ErrorCode::DeviceLost, "the connection to the board was lost before", socket_};
    auto reply = exchange(command, payload, file);
    if (reply && (reply->header.flags & vfio_user::isError) != 0) {
        const int number = static_cast<int>(reply->header.error);
        if (number == EBUSY)
            return Error{ErrorCode::DeviceUnavailable, "another program, or this one, has the board open", socket_};
        return Error{ErrorCode::InvalidArgument, std::string("the board refused it: ") + reasonOf(number), socket_};
    }
    if (reply) return reply;
    channel_ = vfio_user::Channel();  // what comes next on it would answer something else
    return Error{ErrorCode::DeviceLost, reply.error().message, socket_};
}

Result<Message> VfioUserClient::exchange(Command command, std::span<const std::byte> payload, int file) {
    vfio_user::Header header;
    header.id = nextId_++;
    header.command = static_cast<std::uint16_t>(command);
    const auto sent = channel_.send(header, payload, file, patience_);
    // One that refuses us may have answered and closed before we asked.
    TERNION_TRY(auto reply, channel_.receive(sent ? patience_ : std::chrono::milliseconds(0)));
    if (reply.header.id != header.id || reply.header.command != header.command ||
        (reply.header.flags & vfio_user::typeBits) != vfio_user::isReply)
        return Error{ErrorCode::BadInput, "the board answers something that was not asked", {}};
    return reply;
}

Result<std::uint64_t> VfioUserClient::regionBytes(std::uint32_t region) {
    vfio_region_info info{};
    info.argsz = sizeof info;
    info.index = region;
    std::vector<std::byte> payload;
    vfio_user::put(payload, info);
    TERNION_TRY(const auto reply, call(Command::RegionInfo, payload));
    TERNION_TRY(info, vfio_user::take<vfio_region_info>(reply.payload));
    return std::uint64_t{info.size};
}

Status VfioUserClient::readRegion(std::uint32_t region, std::uint64_t offset, std::span<std::byte> bytes) {
    std::vector<std::byte> payload;
    vfio_user::put(payload, vfio_user::RegionAccess{offset, region, static_cast<std::uint32_t>(bytes.size())});
    TERNION_TRY(const auto reply, call(Command::RegionRead, payload));
    if (reply.payload.size() != sizeof(vfio_user::RegionAccess) + bytes.size())
        return Error{ErrorCode::DeviceLost, "the board answers a read with a wrong count", socket_};
    std::copy_n(reply.payload.begin() + sizeof(vfio_user::RegionAccess), bytes.size(), bytes.begin());
    return {};
}

Status VfioUserClient::writeRegion(std::uint32_t region, std::uint64_t offset, std::span<const std::byte> bytes) {
    std::vector<std::byte> payload;
    vfio_user::put(payload, vfio_user::RegionAccess{offset, region, static_cast<std::uint32_t>(bytes.size())});
    vfio_user::putBytes(payload, bytes);
    TERNION_TRY(const auto reply, call(Command::RegionWrite, payload));
    TERNION_TRY(const auto written, vfio_user::take<vfio_user::RegionAccess>(reply.payload));
    if (written.count != bytes.size())
        return Error{ErrorCode::DeviceLost, "the board answers a write with a wrong count", socket_};
    return {};
}

Status VfioUserClient::connectInterrupt(int event) {
    vfio_user::IrqSet set;
    set.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
    set.index = VFIO_PCI_MSIX_IRQ_INDEX;
    set.count = 1;
    std::vector<std::byte> payload;
    vfio_user::put(payload, set);
    if (const auto reply = call(Command::SetIrqs, payload, event); !reply) return reply.error();
    return {};
}

Status VfioUserClient::mapDma(int file, std::uint64_t busAddress, std::uint64_t size) {
    vfio_user::DmaMap map;
    map.flags = vfio_user::mapReadable | vfio_user::mapWritable;
    map.address = busAddress;
    map.size = size;
    std::vector<std::byte> payload;
    vfio_user::put(payload, map);
    if (const auto reply = call(Command::DmaMap, payload, file); !reply) return reply.error();
    return {};
}

}  // namespace ternion::fpga
