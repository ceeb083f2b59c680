// Finding boards, over trees of files as the kernel makes them.
#include "link/discovery.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "link/board_process.h"
#include "link/xdma_board.h"
#include "link/xdma_files.h"
#include "link/xdma_registers.h"
#include "scratch.h"
#include "shell_facts.h"

namespace ternion::fpga {
namespace {

using std::filesystem::path;

constexpr const char* address = "0000:03:00.0";

class Discovery : public testing::Test {
protected:
    void SetUp() override {
        settings_.roots = {scratch_.path() / "dev", scratch_.path() / "sys"};
        settings_.boardProgram = TERNION_BOARD;
        settings_.simulation.memoryMebibytes = 1;
        std::filesystem::create_directories(settings_.roots.devices);
    }
    path device(const std::string& name = address) const { return settings_.roots.system / "bus/pci/devices" / name; }
    void addDevice(const std::string& vendor, const std::string& product, const std::string& driver) const {
        std::filesystem::create_directories(device());
        std::ofstream(device() / "vendor") << vendor << "\n";
        std::ofstream(device() / "device") << product << "\n";
        if (!driver.empty()) std::filesystem::create_symlink("../../../bus/pci/drivers/" + driver, device() / "driver");
    }
    void addGroup() const { std::filesystem::create_symlink("../../../kernel/iommu_groups/7", device() / "iommu_group"); }
    void addFile(const path& file) const {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << "";
    }
    BoardInfo found(const std::string& id) const {
        for (auto& board : findBoards(settings_))
            if (board.id == id) return board;
        return {};
    }
    void expectReason(const std::string& id, const std::string& part) const {
        const auto board = found(id);
        EXPECT_EQ(board.id, id);
        EXPECT_FALSE(board.usable);
        EXPECT_NE(board.reason.find(part), std::string::npos) << board.reason;
        // And it opens as little as it says.
        const auto opened = openBoard(id, settings_);
        ASSERT_FALSE(opened);
        EXPECT_NE(opened.error().text().find(part), std::string::npos) << opened.error().text();
    }

    const files::Scratch scratch_;
    DiscoverySettings settings_;
};

TEST_F(Discovery, findsTheSimulatedBoardWhereItsProgramIs) {
    const auto boards = findBoards(settings_);
    ASSERT_EQ(boards.size(), 1U);
    EXPECT_EQ(boards[0].id, "sim");
    EXPECT_TRUE(boards[0].usable);
    EXPECT_TRUE(boards[0].simulated);
    EXPECT_EQ(boards[0].name, "Simulated board");
    settings_.boardProgram = scratch_ / "ternion-board";
    expectReason("sim", "ternion-board");
    std::ofstream(settings_.boardProgram) << "";
    expectReason("sim", "can be run");
    settings_.boardProgram.clear();  // there is one beside this program: the build puts them together
    EXPECT_TRUE(found("sim").usable);
}

TEST_F(Discovery, opensASimulatedBoardAndEndsItsProcessWithIt) {
    settings_.simulation.clockKhz = 123'000;
    settings_.simulation.latency = 77;
    settings_.simulation.rate = 512;
    auto board = openBoard("sim", settings_);
    ASSERT_TRUE(board) << board.error().text();
    EXPECT_EQ((*board)->info().id, "sim");
    EXPECT_TRUE((*board)->info().simulated);
    EXPECT_EQ((*board)->read32(shell::clockKhz).value(), 123'000U);
    EXPECT_EQ((*board)->read32(shell::memoryLatency).value(), 77U);
    EXPECT_EQ((*board)->read32(shell::memoryRate).value(), 512U);
    EXPECT_EQ((*board)->read32(shell::shellFlags).value(), 1U);
    EXPECT_EQ(read64(**board, shell::memoryBytesLo).value(), std::uint64_t{1} << 20);
}

TEST_F(Discovery, opensASocketByItsName) {
    auto process = BoardProcess::start(TERNION_BOARD, settings_.simulation);
    ASSERT_TRUE(process) << process.error().text();
    auto board = openBoard(process->socket().string(), settings_);
    ASSERT_TRUE(board) << board.error().text();
    EXPECT_EQ((*board)->info().transport, "vfio-user");
}

TEST_F(Discovery, saysWhichNamesThereAre) {
    for (const auto* id : {"", "simulated", "/dev/null", "/nowhere/at/all", "0000:03:00", "xdma0"}) {
        const auto board = openBoard(id, settings_);
        ASSERT_FALSE(board) << id;
        EXPECT_EQ(board.error().code, ErrorCode::NotFound) << id;
        EXPECT_NE(board.error().message.find("/dev/xdma0"), std::string::npos);
    }
}

TEST_F(Discovery, findsXdmaAndOneThatIsTaken) {
    settings_.simulation.options = {"--persist"};
    auto process = BoardProcess::start(TERNION_BOARD, settings_.simulation, Door::Xdma);
    ASSERT_TRUE(process) << process.error().text();
    settings_.roots.devices = process->folder();
    const path link = settings_.roots.system / "class/xdma/xdma0_user";
    std::filesystem::create_directories(link);
    std::filesystem::create_symlink(std::string("../../../devices/pci0000:00/") + address, link / "device");
    const auto id = (process->folder() / "xdma0").string();

    const auto board = found(id);
    EXPECT_TRUE(board.usable) << board.reason;
    EXPECT_TRUE(board.simulated);
    EXPECT_EQ(board.transport, "xdma");
    EXPECT_EQ(board.pciAddress, address);
    const auto taken = openBoard(id, settings_);
    ASSERT_TRUE(taken) << taken.error().text();
    EXPECT_EQ((*taken)->info().pciAddress, address);
    expectReason(id, "has the board open");
}

TEST_F(Discovery, saysWhatAnXdmaBoardLacks) {
    const auto& folder = settings_.roots.devices;
    const auto id = (folder / "xdma1").string();
    const auto files = XdmaFiles::in(folder, "xdma1");
    addFile(files.user);
    std::filesystem::resize_file(files.user, SimulatedCard::windowBytes);
    expectReason(id, "h2c_0");
    addFile(files.toCard);
    expectReason(id, "c2h_0");
    addFile(files.fromCard);
    expectReason(id, "events_0");
    addFile(files.events);
    expectReason(id, "no accelerator of ours");  // its registers are all zeros
    std::filesystem::remove(files.user);
    std::filesystem::create_symlink("nothing", files.user);
    expectReason(id, "no such device");
}

TEST_F(Discovery, saysThatADeviceIsForAnotherUser) {
    const auto files = XdmaFiles::in(settings_.roots.devices, "xdma0");
    addFile(files.user);
    chmod(files.user.c_str(), 0);
    // Root may open everything, so a process of nobody's looks.
    const pid_t looker = fork();
    if (looker == 0) {
        constexpr uid_t nobody = 65534;
        const bool changed = geteuid() != 0 || setuid(nobody) == 0;
        const auto board = found((settings_.roots.devices / "xdma0").string());
        _exit(changed && !board.usable && board.reason.find("may not open") != std::string::npos ? 0 : 1);
    }
    int result = -1;
    ASSERT_EQ(waitpid(looker, &result, 0), looker);
    EXPECT_EQ(result, 0);
}

TEST_F(Discovery, saysWhatAPciBoardLacks) {
    addDevice("0x10ee", "0x7024", "");
    const auto withoutDriver = found(address);
    EXPECT_FALSE(withoutDriver.usable);
    EXPECT_EQ(withoutDriver.pciAddress, address);
    EXPECT_NE(withoutDriver.reason.find("no driver"), std::string::npos) << withoutDriver.reason;

    std::filesystem::create_symlink("drivers/vfio-pci", device() / "driver");
    expectReason(address, "IOMMU");
    addGroup();
    expectReason(address, "vfio/vfio");
    addFile(settings_.roots.devices / "vfio/vfio");
    expectReason(address, "type 1");  // a file that knows no ioctl
}

TEST_F(Discovery, leavesOtherDevicesAlone) {
    addDevice("0x10ee", "0x7024", "xdma");  // is found by its files in /dev
    EXPECT_EQ(findBoards(settings_).size(), 1U);
    std::filesystem::remove_all(device());
    addDevice("0x8086", "0x1234", "e1000e");
    EXPECT_EQ(findBoards(settings_).size(), 1U);
    std::filesystem::remove_all(device());
    addDevice("nonsense", "0x7024", "vfio-pci");
    EXPECT_EQ(findBoards(settings_).size(), 1U);
    std::filesystem::remove_all(device());
    addDevice("0x1234", "0x11e8", "vfio-pci");
    const auto foreign = found(address);
    EXPECT_FALSE(foreign.usable);
    EXPECT_NE(foreign.reason.find("0x1234:0x11e8"), std::string::npos) << foreign.reason;
    std::filesystem::remove_all(device());
    addDevice("0x10ee", "0x7024", "some-driver");
    EXPECT_NE(found(address).reason.find("some-driver"), std::string::npos);
}

/// The driver's own way, which ternion-board cannot serve: registers that are read and written in a file, mapped or not.
class XdmaFileRegisters : public testing::TestWithParam<bool> {
protected:
    static constexpr std::uint64_t size = 4096;
    std::unique_ptr<XdmaRegisters> opened() const {
        // A file that is shorter than what is asked for stands for a driver that does not map.
        auto registers = XdmaRegisters::open(file_, GetParam() ? size : 0);
        EXPECT_TRUE(registers) << registers.error().text();
        return registers ? std::move(*registers) : nullptr;
    }
    void SetUp() override {
        std::ofstream(file_) << "";
        std::filesystem::resize_file(file_, size);
    }
    const files::Scratch scratch_;
    const path file_ = scratch_ / "xdma0_user";
};

TEST_P(XdmaFileRegisters, readAndWriteTheFile) {
    {
        const auto registers = opened();
        ASSERT_TRUE(registers);
        ASSERT_TRUE(registers->write(0x5C, 0x12345678));
        ASSERT_TRUE(registers->write(size - 4, 0xFFFFFFFF));
        EXPECT_EQ(registers->read(0x5C).value(), 0x12345678U);
        EXPECT_EQ(registers->read(size - 4).value(), 0xFFFFFFFFU);
        EXPECT_EQ(registers->read(0).value(), 0U);
        const auto other = XdmaRegisters::open(file_, size);
        ASSERT_FALSE(other);
        EXPECT_NE(other.error().message.find("another program"), std::string::npos);
    }
    std::ifstream in(file_, std::ios::binary);
    std::uint32_t value = 0;
    in.seekg(0x5C);
    in.read(reinterpret_cast<char*>(&value), sizeof value);
    EXPECT_EQ(value, 0x12345678U);
    EXPECT_TRUE(XdmaRegisters::open(file_, size));  // let go of
}

TEST_P(XdmaFileRegisters, knowAnEmptySlot) {
    const auto registers = opened();
    ASSERT_TRUE(registers);
    ASSERT_TRUE(registers->write(0, 0xFFFFFFFF));
    ASSERT_TRUE(registers->write(8, 0xFFFFFFFF));
    const auto read = registers->read(8);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::DeviceLost);
}

INSTANTIATE_TEST_SUITE_P(Ways, XdmaFileRegisters, testing::Bool(),
                         [](const auto& info) { return info.param ? "mapped" : "readAndWritten"; });

}  // namespace
}  // namespace ternion::fpga
