// What breaks, and what is said then: processes that die or freeze, interrupts that get lost, boards that are not ours.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "link/board_process.h"
#include "link/bounds.h"
#include "link/card_identity.h"
#include "link/card_protocol.h"
#include "link/in_process_board.h"
#include "link/vfio_user_board.h"
#include "link/xdma_board.h"
#include "scratch.h"
#include "shell_facts.h"
#include "sim/board_accelerator.h"

namespace ternion::fpga {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;
using std::filesystem::path;

constexpr std::uint32_t mebibytes = 16;
constexpr std::uint64_t memoryBytes = std::uint64_t{mebibytes} << 20;
constexpr std::uint32_t isBusy = 1;
constexpr std::uint32_t isDone = 2;
constexpr std::uint32_t hasFailed = 4;

Result<BoardProcess> startProcess(std::vector<std::string> options, Door door = Door::VfioUser) {
    SimulationSettings settings;
    settings.memoryMebibytes = mebibytes;
    settings.options = std::move(options);
    return BoardProcess::start(TERNION_BOARD, settings, door);
}

/// Of a process that is no child of ours any more, or never was: a zombie counts as gone.
bool processRuns(pid_t number) {
    std::ifstream file("/proc/" + std::to_string(number) + "/stat");
    std::stringstream text;
    text << file.rdbuf();
    const auto facts = text.str();
    const auto state = facts.rfind(") ");
    return state != std::string::npos && facts[state + 2] != 'Z';
}

template <class Condition>
bool within(std::chrono::milliseconds time, const Condition& condition) {
    for (const auto start = steady_clock::now(); steady_clock::now() - start < time; std::this_thread::sleep_for(2ms))
        if (condition()) return true;
    return condition();
}

int openDescriptors() { return static_cast<int>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {})); }

template <class T>
void expectError(const Result<T>& result, ErrorCode code, const std::string& part) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, code) << result.error().text();
    EXPECT_NE(result.error().text().find(part), std::string::npos) << result.error().text();
}

/// Over both kinds of files that a process serves.
class ServedFaults : public testing::TestWithParam<Door> {
protected:
    void start(std::vector<std::string> options) {
        auto process = startProcess(std::move(options), GetParam());
        ASSERT_TRUE(process) << process.error().text();
        process_.emplace(std::move(*process));
        number_ = process_->number();
        folder_ = process_->folder();
    }
    Result<std::unique_ptr<Board>> open(std::chrono::milliseconds patience = 10s) {
        if (GetParam() == Door::Xdma) {
            TERNION_TRY(auto board, XdmaBoard::open(folder_, "xdma0"));
            return std::unique_ptr<Board>(std::move(board));
        }
        VfioUserBoard::Settings settings;
        settings.patience = patience;
        TERNION_TRY(auto board, VfioUserBoard::open(folder_ / "board.sock", std::move(settings)));
        return std::unique_ptr<Board>(std::move(board));
    }
    void openAndSubmit() {
        auto opened = open();
        ASSERT_TRUE(opened) << opened.error().text();
        board_ = std::move(*opened);
        ASSERT_TRUE(prepareProgram(*board_, memoryBytes));
        ASSERT_TRUE(board_->submit());
    }
    std::uint32_t status() {
        const auto value = board_->read32(reg::status);
        EXPECT_TRUE(value);
        return value ? *value : 0;
    }

    std::optional<BoardProcess> process_;
    pid_t number_ = -1;
    path folder_;
    std::unique_ptr<Board> board_;
};

TEST_P(ServedFaults, aProcessThatIsKilledWhileItComputesIsALostDevice) {
    const int before = openDescriptors();
    start({"--stall"});
    openAndSubmit();
    ASSERT_TRUE((status() & isBusy) != 0);
    std::jthread killer([&] {
        std::this_thread::sleep_for(50ms);
        kill(number_, SIGKILL);
    });
    const auto begin = steady_clock::now();
    expectError(board_->waitInterrupt(60s), ErrorCode::DeviceLost, "");
    EXPECT_LT(steady_clock::now() - begin, 5s);
    // And nothing hangs afterwards.
    expectError(board_->read32(0), ErrorCode::DeviceLost, "");
    expectError(board_->write32(reg::token, 1), ErrorCode::DeviceLost, "");
    expectError(board_->submit(), ErrorCode::DeviceLost, "");
    expectError(board_->waitInterrupt(60s), ErrorCode::DeviceLost, "");
    expectError(open(), ErrorCode::DeviceUnavailable, "");
    board_.reset();
    process_.reset();
    EXPECT_FALSE(processRuns(number_));
    EXPECT_FALSE(std::filesystem::exists(folder_));
    EXPECT_EQ(openDescriptors(), before);
}

TEST_P(ServedFaults, aLostInterruptIsATimeoutAndTheBoardGoesOn) {
    start({"--drop-interrupt"});
    openAndSubmit();
    const auto begin = steady_clock::now();
    const auto came = board_->waitInterrupt(200ms);
    ASSERT_TRUE(came) << came.error().text();
    EXPECT_FALSE(*came);
    EXPECT_LT(steady_clock::now() - begin, 5s);
    EXPECT_EQ(status() & (isBusy | isDone), isDone);  // which tells it from a program that runs on
}

TEST_P(ServedFaults, aProgramThatFailsIsAnsweredAndTheBoardGoesOn) {
    start({"--persist"});
    openAndSubmit();
    ASSERT_TRUE(board_->waitInterrupt(10s).value());
    constexpr std::uint8_t noOpcode = 0x7F;
    ASSERT_TRUE(prepareProgram(*board_, memoryBytes, noOpcode));
    ASSERT_TRUE(board_->submit());
    EXPECT_TRUE(board_->waitInterrupt(10s).value());
    EXPECT_EQ(status() & hasFailed, hasFailed);
    EXPECT_EQ(board_->read32(reg::error).value(), static_cast<std::uint32_t>(AcceleratorError::BadOpcode));
    ASSERT_TRUE(prepareProgram(*board_, programAddress));  // memory ends where the program begins
    ASSERT_TRUE(board_->submit());
    EXPECT_TRUE(board_->waitInterrupt(10s).value());
    EXPECT_EQ(board_->read32(reg::error).value(), static_cast<std::uint32_t>(AcceleratorError::BadAddress));
    ASSERT_TRUE(prepareProgram(*board_, memoryBytes));
    ASSERT_TRUE(board_->submit());
    EXPECT_TRUE(board_->waitInterrupt(10s).value());
    EXPECT_EQ(status() & (isBusy | isDone | hasFailed), isDone);
}

TEST_P(ServedFaults, aBusErrorIsAnsweredToo) {
    start({"--persist", "--memory-fails-from", std::to_string(programAddress)});
    openAndSubmit();
    EXPECT_TRUE(board_->waitInterrupt(10s).value());
    EXPECT_EQ(status() & hasFailed, hasFailed);
    EXPECT_EQ(board_->read32(reg::error).value(), static_cast<std::uint32_t>(AcceleratorError::ReadFailed));
    EXPECT_EQ(read64(*board_, reg::errorAddressLo).value(), programAddress);
}

TEST_P(ServedFaults, aProgramWithoutAnEndIsATimeout) {
    start({"--stall"});
    openAndSubmit();
    const auto came = board_->waitInterrupt(200ms);
    ASSERT_TRUE(came) << came.error().text();
    EXPECT_FALSE(*came);
    EXPECT_EQ(status() & (isBusy | isDone), isBusy);
}

TEST_P(ServedFaults, aProcessThatEndsTakesItsNamesAway) {
    start({"--persist"});
    auto opened = open();
    ASSERT_TRUE(opened);
    board_ = std::move(*opened);
    kill(number_, SIGTERM);
    EXPECT_EQ(process_->ending(10s), "exit code 0");
    EXPECT_FALSE(std::filesystem::exists(folder_));
    expectError(board_->read32(0), ErrorCode::DeviceLost, "ended");
    expectError(board_->waitInterrupt(60s), ErrorCode::DeviceLost, "");
    expectError(open(), ErrorCode::DeviceUnavailable, "no such");
}

TEST_P(ServedFaults, aProcessEndsWhenItsClientHasGone) {
    start({});
    openAndSubmit();
    board_.reset();
    EXPECT_EQ(process_->ending(10s), "exit code 0");
    EXPECT_FALSE(std::filesystem::exists(folder_));
}

TEST_P(ServedFaults, aBoardOfAnotherVersionOrConfigurationIsRefused) {
    start({"--persist", "--wrong-version"});
    expectError(open(), ErrorCode::DeviceUnavailable, "version 2.0");
    expectError(open(), ErrorCode::DeviceUnavailable, "version 2.0");  // the first refusal has let go of it
    start({"--persist", "--wrong-config"});
    expectError(open(), ErrorCode::DeviceUnavailable, "configuration hash");
}

TEST_P(ServedFaults, twoProgramsDoNotShareABoard) {
    start({"--persist"});
    auto first = open();
    ASSERT_TRUE(first) << first.error().text();
    // The other program: a process of its own, whose exit code is the answer.
    const pid_t other = fork();
    if (other == 0) {
        const auto second = open();
        _exit(!second && second.error().code == ErrorCode::DeviceUnavailable &&
                      second.error().text().find("another program") != std::string::npos
                  ? 0
                  : 1);
    }
    int result = -1;
    ASSERT_EQ(waitpid(other, &result, 0), other);
    EXPECT_EQ(result, 0);
    EXPECT_TRUE((*first)->read32(0));  // the first one does not notice
    first->reset();
    EXPECT_TRUE(open());
}

TEST_P(ServedFaults, nobodyIsLeftBehindByAProgramThatIsKilled) {
    // A program starts a board and is killed: the board ends by itself, with its names.
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    const pid_t program = fork();
    if (program == 0) {
        const auto process = startProcess({}, GetParam());
        const std::string text =
            std::to_string(process ? process->number() : -1) + " " + (process ? process->folder().string() : "");
        if (write(ends[1], text.data(), text.size()) > 0) raise(SIGKILL);
        _exit(1);
    }
    close(ends[1]);
    std::array<char, 256> text{};
    ASSERT_GT(read(ends[0], text.data(), text.size() - 1), 0);
    close(ends[0]);
    ASSERT_EQ(waitpid(program, nullptr, 0), program);
    std::istringstream facts(text.data());
    std::string folder;
    facts >> number_ >> folder;
    ASSERT_GT(number_, 0);
    EXPECT_TRUE(within(10s, [&] { return !processRuns(number_); }));
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_P(ServedFaults, namesAreForTheUserAlone) {
    start({"--persist"});
    struct stat facts {};
    ASSERT_EQ(stat(folder_.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0700U);
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
        ASSERT_EQ(stat(entry.path().c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 0777U, 0600U) << entry.path();
        ++count;
    }
    EXPECT_EQ(count, GetParam() == Door::Xdma ? 4 : 1);
}

INSTANTIATE_TEST_SUITE_P(Doors, ServedFaults, testing::Values(Door::VfioUser, Door::Xdma),
                         [](const auto& info) { return info.param == Door::Xdma ? "xdma" : "vfioUser"; });

TEST(BoardFaults, aProcessThatFreezesIsALostDevice) {
    auto process = startProcess({"--persist"});
    ASSERT_TRUE(process) << process.error().text();
    VfioUserBoard::Settings settings;
    settings.patience = 300ms;
    auto board = VfioUserBoard::open(process->socket(), std::move(settings));
    ASSERT_TRUE(board) << board.error().text();
    kill(process->number(), SIGSTOP);
    const auto begin = steady_clock::now();
    expectError((*board)->read32(0), ErrorCode::DeviceLost, "does not answer");
    EXPECT_LT(steady_clock::now() - begin, 5s);
    // An answer that comes late after all must not be taken for that of the next question.
    kill(process->number(), SIGCONT);
    expectError((*board)->read32(0), ErrorCode::DeviceLost, "");
}

TEST(BoardFaults, aBoardThatOwnsItsProcessSaysHowItEnded) {
    auto process = startProcess({"--stall"});
    ASSERT_TRUE(process) << process.error().text();
    const auto number = process->number();
    const auto socket = process->socket();
    auto board = VfioUserBoard::open(socket, {}, std::move(*process));
    ASSERT_TRUE(board) << board.error().text();
    kill(number, SIGKILL);
    expectError((*board)->waitInterrupt(60s), ErrorCode::DeviceLost, "signal 9");
    expectError((*board)->copyIn(0, std::array<std::byte, 4>{}), ErrorCode::DeviceLost, "signal 9");
    board->reset();
    EXPECT_FALSE(processRuns(number));
    EXPECT_FALSE(std::filesystem::exists(socket.parent_path()));
}

TEST(BoardFaults, dmaToAWrongAddressIsRefusedAndTheBoardGoesOn) {
    auto process = startProcess({"--persist"});
    ASSERT_TRUE(process) << process.error().text();
    const auto inProcess = [] {
        CardSettings settings;
        settings.memoryBytes = memoryBytes;
        return InProcessBoard::open(makeBoardAccelerator, settings);
    };
    auto near = inProcess();
    auto far = VfioUserBoard::open(process->socket(), {});
    ASSERT_TRUE(near) << near.error().text();
    ASSERT_TRUE(far) << far.error().text();
    constexpr std::uint64_t mapped = std::uint64_t{1} << 32;
    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    for (Board* board : {static_cast<Board*>(near->get()), static_cast<Board*>(far->get())}) {
        SCOPED_TRACE(board->info().transport);
        const std::array<std::byte, 64> kept{std::byte{42}};
        ASSERT_TRUE(board->copyIn(0, kept));
        for (const bool toHost : {false, true})
            for (const auto& [bus, device, bytes] :
                 {std::tuple{std::uint64_t{0}, std::uint64_t{0}, 64U}, std::tuple{mapped - 1, std::uint64_t{0}, 64U},
                  std::tuple{mapped + stagingBytes - 63, std::uint64_t{0}, 64U}, std::tuple{most - 31, std::uint64_t{0}, 64U},
                  std::tuple{mapped, memoryBytes - 63, 64U}, std::tuple{mapped, most - 31, 64U},
                  std::tuple{mapped, std::uint64_t{0}, 0xFFFFFFFFU}}) {
                SCOPED_TRACE(hexText(bus) + " " + hexText(device) + " " + std::to_string(bytes));
                expectError(shellProtocol().transfer(*board, {toHost, bus, device, bytes}), ErrorCode::DeviceLost,
                            "DMA engine refused");
            }
        std::array<std::byte, 64> read{};
        ASSERT_TRUE(board->copyOut(0, read));
        EXPECT_EQ(read, kept);
    }
}

TEST(BoardFaults, aProgramForAnotherConfigurationIsRefused) {
    CardSettings settings;
    settings.memoryBytes = memoryBytes;
    auto board = InProcessBoard::open(makeBoardAccelerator, settings);
    ASSERT_TRUE(board);
    const auto identity = readIdentity(**board);
    ASSERT_TRUE(identity);
    EXPECT_TRUE(checkConfiguration(*identity, identity->configuration));
    auto other = identity->configuration;
    other.lanes *= 2;
    expectError(checkConfiguration(*identity, other), ErrorCode::DeviceUnavailable, "another accelerator");
    settings.configHash = 1;
    expectError(InProcessBoard::open(makeBoardAccelerator, settings), ErrorCode::DeviceUnavailable, "hash");
    settings.memoryBytes = std::uint64_t{1} << 60;
    expectError(InProcessBoard::open(makeBoardAccelerator, settings), ErrorCode::OutOfMemory, "room");
}

TEST(BoardFaults, aProcessThatDoesNotComeUpSaysWhy) {
    const int before = openDescriptors();
    expectError(BoardProcess::start("/nowhere/ternion-board", {}), ErrorCode::NotFound, "no such program");
    expectError(startProcess({"--no-such-option"}), ErrorCode::DeviceUnavailable, "--no-such-option");
    expectError(startProcess({"--rate", "0"}), ErrorCode::DeviceUnavailable, "1 to 1024");
    expectError(BoardProcess::start("/bin/true", {}), ErrorCode::DeviceUnavailable, "did not come up");
    EXPECT_EQ(openDescriptors(), before);
}

TEST(BoardFaults, aProcessThatBreaksOffIsQuoted) {
    const files::Scratch scratch;
    const auto program = scratch / "ternion-board";
    std::ofstream(program) << "#!/bin/sh\necho serving\nsleep 0.1\necho 'the RTL has met an assertion' >&2\nexit 3\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    auto process = BoardProcess::start(program, {});
    ASSERT_TRUE(process) << process.error().text();
    EXPECT_EQ(process->ending(10s), "exit code 3: the RTL has met an assertion");
    EXPECT_EQ(process->ending(0ms), "exit code 3: the RTL has met an assertion");
}

TEST(BoardFaults, aSocketThatOthersCouldReachIsNotServed) {
    const files::Scratch scratch;
    chmod(scratch.path().c_str(), 0755);
    expectError(startProcess({"--socket", (scratch / "board").string()}), ErrorCode::DeviceUnavailable, "0700");
    chmod(scratch.path().c_str(), 0700);
    const std::string tooLong(200, 'x');
    expectError(startProcess({"--socket", (scratch / tooLong).string()}), ErrorCode::DeviceUnavailable, "socket's name");
    EXPECT_TRUE(std::filesystem::is_empty(scratch.path()));
}

TEST(BoardFaults, aNameThatSomebodyServesIsNotTakenAndADeadOneIs) {
    auto process = startProcess({"--persist"});
    ASSERT_TRUE(process) << process.error().text();
    const auto socket = process->socket().string();
    expectError(startProcess({"--socket", socket}), ErrorCode::DeviceUnavailable, "served there already");
    ASSERT_TRUE(VfioUserBoard::open(socket, {}));  // and is still served
    kill(process->number(), SIGKILL);
    ASSERT_TRUE(process->ending(10s));
    auto next = startProcess({"--persist", "--socket", socket});
    ASSERT_TRUE(next) << next.error().text();
    EXPECT_TRUE(VfioUserBoard::open(socket, {}));
}

}  // namespace
}  // namespace ternion::fpga
