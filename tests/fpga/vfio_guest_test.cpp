// The kernel's VFIO against QEMU's "edu" device: the conformance suite, and what only a PCI bus can do. Runs in the guest that
// guest.sh starts, whose init has bound two of these devices to vfio-pci and left a third one alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "conformance_suite.h"
#include "link/discovery.h"
#include "link/vfio_pci_board.h"

namespace ternion::fpga {
namespace {

// Of QEMU's docs/specs/edu.txt.
constexpr std::uint32_t eduIdentity = 0x010000ED;
constexpr std::uint32_t eduWindow = 1U << 20;
constexpr std::uint32_t eduInverter = 0x04;
constexpr std::uint32_t eduFactorial = 0x08;
constexpr std::uint32_t eduStatus = 0x20;
constexpr std::uint32_t eduStatusInterrupts = 0x80;  // when a factorial is done
constexpr std::uint32_t eduInterruptStatus = 0x24;
constexpr std::uint32_t eduAcknowledge = 0x64;
constexpr std::uint32_t eduDmaSource = 0x80;
constexpr std::uint32_t eduDmaTarget = 0x88;
constexpr std::uint32_t eduDmaCount = 0x90;
constexpr std::uint32_t eduDmaCommand = 0x98;
constexpr std::uint32_t eduDmaRuns = 1;
constexpr std::uint32_t eduDmaToHost = 2;
constexpr std::uint32_t eduBuffer = 0x40000;
constexpr std::uint32_t eduBufferBytes = 4095;  // its own check of the bounds leaves the last byte out
constexpr std::uint32_t eduLongestTransfer = 1024;

class EduProtocol final : public CardProtocol {
public:
    Status identify(Board& board) const override {
        TERNION_TRY(const auto identity, board.read32(0));
        if (identity == eduIdentity) return {};
        return Error{ErrorCode::DeviceUnavailable, "no edu device", board.info().id};
    }
    Result<std::uint64_t> memoryBytes(Board& /*board*/) const override { return std::uint64_t{eduBufferBytes}; }
    std::uint32_t longestTransfer() const override { return eduLongestTransfer; }
    Status transfer(Board& board, const DmaTransfer& transfer) const override {
        const auto bus = static_cast<std::uint32_t>(transfer.busAddress);
        const auto device = eduBuffer + static_cast<std::uint32_t>(transfer.deviceAddress);
        TERNION_CHECK(board.write32(eduDmaSource, transfer.toHost ? device : bus));
        TERNION_CHECK(board.write32(eduDmaTarget, transfer.toHost ? bus : device));
        TERNION_CHECK(board.write32(eduDmaCount, transfer.bytes));
        TERNION_CHECK(board.write32(eduDmaCommand, eduDmaRuns | (transfer.toHost ? eduDmaToHost : 0)));
        for (const auto start = steady_clock::now(); steady_clock::now() - start < 10s;) {
            std::this_thread::sleep_for(1ms);
            TERNION_TRY(const auto command, board.read32(eduDmaCommand));
            if ((command & eduDmaRuns) == 0) return {};
        }
        return Error{ErrorCode::DeviceLost, "DMA does not end", board.info().id};
    }
    Status prepare(Board& board) const override {
        TERNION_CHECK(board.write32(eduStatus, eduStatusInterrupts));
        return acknowledge(board);
    }
    Status start(Board& board) const override {
        constexpr std::uint32_t some = 10;
        return board.write32(eduFactorial, some);
    }
    Status acknowledge(Board& board) const override {
        TERNION_TRY(const auto pending, board.read32(eduInterruptStatus));
        return board.write32(eduAcknowledge, pending);
    }
};
const EduProtocol eduProtocol;

/// The edu devices, in the order of their addresses; those that vfio-pci has, or the others.
std::vector<std::string> eduDevices(bool bound) {
    std::vector<std::string> addresses;
    for (const auto& entry : std::filesystem::directory_iterator("/sys/bus/pci/devices")) {
        std::string vendor, device;
        std::ifstream(entry.path() / "vendor") >> vendor;
        std::ifstream(entry.path() / "device") >> device;
        std::error_code failure;
        const auto driver = std::filesystem::read_symlink(entry.path() / "driver", failure).filename();
        if (vendor == "0x1234" && device == "0x11e8" && (driver == "vfio-pci") == bound)
            addresses.push_back(entry.path().filename());
    }
    std::sort(addresses.begin(), addresses.end());
    return addresses;
}

class EduRig final : public BoardRig {
public:
    const CardFacts& facts() const override { return facts_; }
    std::string transport() const override { return "vfio-pci"; }
    Result<std::unique_ptr<Board>> open() override {
        TERNION_TRY(auto board, VfioPciBoard::open(eduDevices(true).at(0), {}, eduProtocol));
        return std::unique_ptr<Board>(std::move(board));
    }

private:
    const CardFacts facts_{.firstRegister = eduIdentity,
                           .windowBytes = eduWindow,
                           .scratchRegister = eduInverter,
                           .scratch = [](std::uint32_t value) { return ~value; },
                           .memoryBytes = eduBufferBytes,
                           .prepareJob = [](Board& /*board*/) { return Status(); },
                           .jobIsUnderWay = [](Board& board) -> Result<bool> {
                               TERNION_TRY(const auto pending, board.read32(eduInterruptStatus));
                               return pending == 0;
                           }};
};

INSTANTIATE_TEST_SUITE_P(Transports, Conformance,
                         testing::Values(Transport{"vfioPci",
                                                   []() -> Result<std::unique_ptr<BoardRig>> {
                                                       return std::unique_ptr<BoardRig>(std::make_unique<EduRig>());
                                                   }}),
                         [](const auto& info) { return info.param.name; });

TEST(VfioPci, refusesACardThatIsNotOurs) {
    for (int k = 0; k < 2; ++k) {  // and lets go of it
        const auto board = VfioPciBoard::open(eduDevices(true).at(0));
        ASSERT_FALSE(board);
        EXPECT_EQ(board.error().code, ErrorCode::DeviceUnavailable);
        EXPECT_NE(board.error().text().find("ID register reads 0x10000ed"), std::string::npos) << board.error().text();
    }
}

TEST(VfioPci, saysThatADeviceIsNotBound) {
    const auto board = VfioPciBoard::open(eduDevices(false).at(0), {}, eduProtocol);
    ASSERT_FALSE(board);
    EXPECT_EQ(board.error().code, ErrorCode::DeviceUnavailable);
    EXPECT_NE(board.error().text().find("not bound to vfio-pci"), std::string::npos) << board.error().text();
}

TEST(VfioPci, isFoundWithItsReason) {
    const auto boards = findBoards({});
    for (const auto& address : eduDevices(true)) {
        const auto found = std::find_if(boards.begin(), boards.end(), [&](const auto& board) { return board.id == address; });
        ASSERT_NE(found, boards.end());
        EXPECT_FALSE(found->usable);
        EXPECT_NE(found->reason.find("0x1234:0x11e8"), std::string::npos) << found->reason;
    }
    for (const auto& board : boards) EXPECT_NE(board.id, eduDevices(false).at(0));
}

TEST(VfioPci, aDeviceThatIsTakenAwayIsALostDevice) {
    const auto address = eduDevices(true).at(1);
    auto board = VfioPciBoard::open(address, {}, eduProtocol);
    ASSERT_TRUE(board) << board.error().text();
    std::jthread remover([&] {
        std::this_thread::sleep_for(50ms);
        std::ofstream("/sys/bus/pci/devices/" + address + "/remove") << "1";  // waits until we let go
    });
    const auto start = steady_clock::now();
    const auto came = (*board)->waitInterrupt(60s);
    EXPECT_LT(steady_clock::now() - start, 20s);
    ASSERT_FALSE(came);
    EXPECT_EQ(came.error().code, ErrorCode::DeviceLost);
    EXPECT_NE(came.error().text().find("takes the board away"), std::string::npos) << came.error().text();
    board->reset();
    remover.join();
    const auto again = VfioPciBoard::open(address, {}, eduProtocol);
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().text().find("no such PCI device"), std::string::npos) << again.error().text();
}

}  // namespace
}  // namespace ternion::fpga
