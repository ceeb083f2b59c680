// Messages that no client of ours sends: the server refuses them, and is there for the next one.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/vfio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <limits>
#include <random>

#include "link/board_process.h"
#include "link/unix_socket.h"
#include "link/vfio_user_board.h"
#include "link/vfio_user_channel.h"

namespace ternion::fpga {
namespace {

using namespace std::chrono_literals;
using vfio_user::Channel;
using vfio_user::Command;
using vfio_user::Header;

constexpr std::size_t page = 4096;

class HostileClient : public testing::Test {
protected:
    void SetUp() override {
        SimulationSettings settings;
        settings.memoryMebibytes = 1;
        settings.options = {"--persist"};
        auto process = BoardProcess::start(TERNION_BOARD_SANITIZED, settings);
        ASSERT_TRUE(process) << process.error().text();
        process_.emplace(std::move(*process));
        connect();
    }
    void TearDown() override {
        // Whatever was sent, an honest client finds the board as it should be.
        channel_ = Channel();
        auto board = VfioUserBoard::open(process_->socket(), {});
        ASSERT_TRUE(board) << board.error().text();
        const std::array<std::byte, 8> bytes{std::byte{1}, std::byte{2}};
        std::array<std::byte, 8> read{};
        EXPECT_TRUE((*board)->copyIn(100, bytes));
        EXPECT_TRUE((*board)->copyOut(100, read));
        EXPECT_EQ(read, bytes);
    }
    void connect(bool agree = true) {
        channel_ = Channel();
        auto channel = Channel::connect(process_->socket());
        ASSERT_TRUE(channel) << channel.error().text();
        channel_ = std::move(*channel);
        if (!agree) return;
        ASSERT_EQ(errorOf(Command::Version, version(0)), 0);
    }
    static std::vector<std::byte> version(std::uint16_t major) {
        std::vector<std::byte> payload;
        vfio_user::put(payload, vfio_user::Version{major, 1});
        vfio_user::putCapabilities(payload);
        return payload;
    }
    template <class T>
    static std::vector<std::byte> payloadOf(const T& value) {
        std::vector<std::byte> payload;
        vfio_user::put(payload, value);
        return payload;
    }
    /// The reply's error; -1: the server has let go.
    int errorOf(Command command, std::span<const std::byte> payload, int file = -1) {
        Header header;
        header.id = ++id_;
        header.command = static_cast<std::uint16_t>(command);
        if (!channel_.send(header, payload, file, 2s)) return -1;
        const auto reply = channel_.receive(5s);
        if (!reply) return -1;
        EXPECT_EQ(reply->header.id, header.id);
        return (reply->header.flags & vfio_user::isError) != 0 ? static_cast<int>(reply->header.error) : 0;
    }
    void sendRaw(std::span<const std::byte> bytes) const {
        ASSERT_EQ(send(channel_.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }
    static int access(HostileClient& self, std::uint32_t region, std::uint64_t offset, std::uint32_t count, bool write,
                      std::size_t data) {
        auto payload = payloadOf(vfio_user::RegionAccess{offset, region, count});
        payload.resize(payload.size() + data);
        return self.errorOf(write ? Command::RegionWrite : Command::RegionRead, payload);
    }
    static FileDescriptor memoryFile(std::size_t size, bool sealed) {
        FileDescriptor file(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        EXPECT_EQ(ftruncate(file.get(), static_cast<off_t>(size)), 0);
        EXPECT_EQ(fcntl(file.get(), F_ADD_SEALS, sealed ? F_SEAL_SHRINK : F_SEAL_GROW), 0);
        return file;
    }
    int mapError(int file, std::uint64_t address, std::uint64_t size, std::uint64_t offset = 0, std::uint32_t flags = 3) {
        vfio_user::DmaMap map;
        map.flags = flags;
        map.offset = offset;
        map.address = address;
        map.size = size;
        return errorOf(Command::DmaMap, payloadOf(map), file);
    }

    std::optional<BoardProcess> process_;
    Channel channel_;
    FileDescriptor event_{eventfd(0, EFD_CLOEXEC)};
    std::uint16_t id_ = 0;
};

TEST_F(HostileClient, mustAgreeOnAVersionFirstAndOnce) {
    EXPECT_EQ(errorOf(Command::Version, version(0)), EINVAL);
    connect(false);
    EXPECT_EQ(errorOf(Command::DeviceInfo, {}), EINVAL);
    EXPECT_EQ(access(*this, VFIO_PCI_BAR0_REGION_INDEX, 0, 4, false, 0), EINVAL);
    EXPECT_EQ(errorOf(Command::Version, version(1)), EINVAL);
}

TEST_F(HostileClient, reachesNoRegisterOutsideARegion) {
    constexpr std::uint32_t bar = VFIO_PCI_BAR0_REGION_INDEX;
    EXPECT_EQ(access(*this, bar, 0, 4, false, 0), 0);
    EXPECT_EQ(access(*this, bar, 0x1FF8, 8, false, 0), 0);
    EXPECT_EQ(access(*this, bar, 0x2000, 4, false, 0), EINVAL);
    EXPECT_EQ(access(*this, bar, 0x1FFC, 8, false, 0), EINVAL);
    EXPECT_EQ(access(*this, bar, 2, 4, false, 0), EINVAL);
    EXPECT_EQ(access(*this, bar, 0, 2, false, 0), EINVAL);
    EXPECT_EQ(access(*this, bar, 0, 0, false, 0), EINVAL);
    EXPECT_EQ(access(*this, bar, 0, 12, false, 0), EINVAL);
    EXPECT_EQ(access(*this, bar, 0, 0xFFFFFFFF, false, 0), EINVAL);
    EXPECT_EQ(access(*this, bar, std::numeric_limits<std::uint64_t>::max() - 3, 4, true, 4), EINVAL);
    EXPECT_EQ(access(*this, bar, 0x5C, 4, true, 3), EINVAL);  // fewer bytes than it counts
    EXPECT_EQ(access(*this, bar, 0x5C, 4, true, 8), EINVAL);
    EXPECT_EQ(access(*this, VFIO_PCI_CONFIG_REGION_INDEX, 0xFE, 4, false, 0), EINVAL);
    EXPECT_EQ(access(*this, VFIO_PCI_CONFIG_REGION_INDEX, 0xFE, 2, false, 0), 0);
    EXPECT_EQ(access(*this, VFIO_PCI_CONFIG_REGION_INDEX, 0, 4, true, 4), 0);  // a vendor stays what it is
    EXPECT_EQ(access(*this, VFIO_PCI_BAR1_REGION_INDEX, 0, 4, false, 0), EINVAL);
    EXPECT_EQ(access(*this, 0xFFFFFFFF, 0, 4, false, 0), EINVAL);
}

TEST_F(HostileClient, mapsOnlyMemoryThatStays) {
    const auto sealed = memoryFile(2 * page, true);
    EXPECT_EQ(mapError(sealed.get(), 0x10000, page), 0);
    EXPECT_EQ(mapError(sealed.get(), 0x10000, page), EEXIST);
    EXPECT_EQ(mapError(sealed.get(), 0xF000, 2 * page), EEXIST);
    EXPECT_EQ(mapError(sealed.get(), 0x10800, 16), EEXIST);
    EXPECT_EQ(mapError(sealed.get(), 0x20000, 3 * page), EINVAL);
    EXPECT_EQ(mapError(sealed.get(), 0x20000, 2 * page, page), EINVAL);
    EXPECT_EQ(mapError(sealed.get(), 0x20000, page, std::numeric_limits<std::uint64_t>::max()), EINVAL);
    EXPECT_EQ(mapError(sealed.get(), 0x20000, page, 1), EINVAL);
    EXPECT_EQ(mapError(sealed.get(), 0x20000, 0), EINVAL);
    EXPECT_EQ(mapError(sealed.get(), std::numeric_limits<std::uint64_t>::max() - 10, page), EINVAL);
    EXPECT_EQ(mapError(sealed.get(), 0x20000, page, 0, 1), EINVAL);
    EXPECT_EQ(mapError(-1, 0x20000, page), EINVAL);
    const auto shrinking = memoryFile(page, false);
    EXPECT_EQ(mapError(shrinking.get(), 0x20000, page), EINVAL);
    EXPECT_EQ(mapError(STDIN_FILENO, 0x20000, page), EINVAL);

    const auto unmapped = [this](std::uint64_t address, std::uint64_t size) {
        vfio_user::DmaUnmap unmap;
        unmap.address = address;
        unmap.size = size;
        return errorOf(Command::DmaUnmap, payloadOf(unmap));
    };
    EXPECT_EQ(unmapped(0x10000, 2 * page), ENOENT);
    EXPECT_EQ(unmapped(0x20000, page), ENOENT);
    EXPECT_EQ(unmapped(0x10000, page), 0);
    int count = 0;
    while (count < 1000 && mapError(sealed.get(), 0x100000 + static_cast<std::uint64_t>(count) * page, page) == 0) ++count;
    EXPECT_EQ(count, 64);
}

TEST_F(HostileClient, getsNoInterruptThatIsNotThere) {
    const auto set = [this](std::uint32_t index, std::uint32_t start, std::uint32_t count, int file) {
        vfio_user::IrqSet irqs;
        irqs.flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
        irqs.index = index;
        irqs.start = start;
        irqs.count = count;
        return errorOf(Command::SetIrqs, payloadOf(irqs), file);
    };
    EXPECT_EQ(set(VFIO_PCI_MSI_IRQ_INDEX, 0, 1, event_.get()), EINVAL);
    EXPECT_EQ(set(VFIO_PCI_MSIX_IRQ_INDEX, 1, 1, event_.get()), EINVAL);
    EXPECT_EQ(set(VFIO_PCI_MSIX_IRQ_INDEX, 0, 2, event_.get()), EINVAL);
    EXPECT_EQ(set(VFIO_PCI_MSIX_IRQ_INDEX, 0, 1, -1), EINVAL);
    EXPECT_EQ(set(VFIO_PCI_MSIX_IRQ_INDEX, 0, 0, -1), 0);
}

TEST_F(HostileClient, isToldWhatIsUnknownOrTooShort) {
    EXPECT_EQ(errorOf(static_cast<Command>(99), {}), ENOTSUP);
    for (const auto command : {Command::DmaMap, Command::DmaUnmap, Command::RegionInfo, Command::IrqInfo, Command::SetIrqs,
                               Command::RegionRead, Command::RegionWrite})
        EXPECT_EQ(errorOf(command, std::array<std::byte, 3>{}), EINVAL) << static_cast<int>(command);
    vfio_region_info info{};
    info.index = 1000;
    EXPECT_EQ(errorOf(Command::RegionInfo, payloadOf(info)), EINVAL);
}

TEST_F(HostileClient, isLetGoOfWhenItSpeaksNonsense) {
    for (const std::uint32_t size : {0U, 15U, 4097U, 0xFFFFFFFFU}) {
        Header header;
        header.command = static_cast<std::uint16_t>(Command::DeviceInfo);
        header.size = size;
        sendRaw(std::as_bytes(std::span(&header, 1)));
        EXPECT_FALSE(channel_.receive(5s)) << size;
        connect();
    }
    Header reply;
    reply.flags = vfio_user::isReply;
    ASSERT_TRUE(channel_.send(reply, {}, -1, 1s));
    EXPECT_FALSE(channel_.receive(5s));
    connect();
    sendRaw(std::array<std::byte, 7>{});  // and never the rest
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(channel_.receive(10s));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 8s);
}

TEST_F(HostileClient, mayAsWellSendNoise) {
    std::mt19937 random(5);
    for (int round = 0; round < 200; ++round) {
        Header header;
        header.id = static_cast<std::uint16_t>(random());
        header.command = static_cast<std::uint16_t>(random() % 16);
        std::vector<std::byte> payload(random() % 64);
        for (auto& byte : payload) byte = static_cast<std::byte>(random() % 4);
        ASSERT_TRUE(channel_.send(header, payload, random() % 4 == 0 ? event_.get() : -1, 1s));
        ASSERT_TRUE(channel_.receive(5s));
    }
}

}  // namespace
}  // namespace ternion::fpga
