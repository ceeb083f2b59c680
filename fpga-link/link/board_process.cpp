#include "link/board_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "link/failures.h"
#include "link/unix_socket.h"

namespace ternion::fpga {
namespace {

using std::chrono::steady_clock;

constexpr const char* servingLine = "serving\n";
constexpr auto startPatience = std::chrono::seconds(30);

std::string endingOf(int status) {
    if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status)) + ", " + strsignal(WTERMSIG(status));
    return "exit code " + std::to_string(WEXITSTATUS(status));
}

/// What a process that has ended said since it came up.
std::string lastWords(int output) {
    std::array<char, 1024> text{};
    if (fcntl(output, F_SETFL, O_NONBLOCK) != 0) return {};
    const ssize_t count = read(output, text.data(), text.size());
    std::string words(text.data(), static_cast<std::size_t>(std::max(count, ssize_t{0})));
    while (words.ends_with('\n')) words.pop_back();
    return words.empty() ? words : ": " + words;
}

}  // namespace

BoardProcess::BoardProcess(BoardProcess&& other) noexcept
    : folder_(std::exchange(other.folder_, {})),
      number_(std::exchange(other.number_, -1)),
      output_(std::move(other.output_)),
      ending_(std::move(other.ending_)) {}

BoardProcess& BoardProcess::operator=(BoardProcess&& other) noexcept {
    std::swap(folder_, other.folder_);
    std::swap(number_, other.number_);
    std::swap(output_, other.output_);
    std::swap(ending_, other.ending_);
    return *this;
}

BoardProcess::~BoardProcess() {
    if (number_ > 0) {
        // It has nothing to save, and its folder goes with it.
        kill(number_, SIGKILL);
        while (waitpid(number_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    std::error_code failure;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, failure);
}

Result<BoardProcess> BoardProcess::start(const std::filesystem::path& program, const SimulationSettings& settings, Door door) {
    BoardProcess process;
    TERNION_TRY(process.folder_, makePrivateFolder());
    std::vector<std::string> arguments{program.string(), "--remove-folder"};
    const auto add = [&](const char* option, std::string value) {
        arguments.emplace_back(option);
        arguments.push_back(std::move(value));
    };
    if (door == Door::VfioUser)
        add("--socket", process.socket().string());
    else
        add("--xdma", process.folder().string());
    add("--memory", std::to_string(settings.memoryMebibytes));
    add("--clock-khz", std::to_string(settings.clockKhz));
    add("--latency", std::to_string(settings.latency));
    add("--rate", std::to_string(settings.rate));
    arguments.insert(arguments.end(), settings.options.begin(), settings.options.end());
    TERNION_CHECK(process.spawn(program, std::move(arguments)));
    TERNION_CHECK(process.waitUntilServing());
    return process;
}

Status BoardProcess::spawn(const std::filesystem::path& program, std::vector<std::string> arguments) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return Error{ErrorCode::Io, "cannot make a pipe: " + reasonOf(errno), {}};
    output_ = FileDescriptor(ends[0]);
    const FileDescriptor childsEnd(ends[1]);

    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, childsEnd.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, childsEnd.get(), STDERR_FILENO);
    // A group of its own: Ctrl+C is for the program that uses the board, which decides what ends.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    pid_t number = -1;
    const int failure = posix_spawn(&number, program.c_str(), &actions, &attributes, argv.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failure == 0) {
        number_ = number;
        return {};
    }
    if (failure == ENOENT) return Error{ErrorCode::NotFound, "there is no such program; build ternion-board", program.string()};
    return Error{ErrorCode::DeviceUnavailable, "cannot start it: " + reasonOf(failure), program.string()};
}

Status BoardProcess::waitUntilServing() {
    const auto deadline = steady_clock::now() + startPatience;
    std::string said;
    while (said.find(servingLine) == std::string::npos) {
        pollfd watched{output_.get(), POLLIN, 0};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now());
        const int ready = poll(&watched, 1, static_cast<int>(std::max(left.count(), std::int64_t{0})));
        if (ready == 0) return Error{ErrorCode::DeviceUnavailable, "the simulated board does not come up", {}};
        std::array<char, 1024> text{};
        const ssize_t count = ready < 0 ? -1 : read(output_.get(), text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) {
            while (said.ends_with('\n')) said.pop_back();
            return Error{ErrorCode::DeviceUnavailable, "the simulated board did not come up: " + said, {}};
        }
        said.append(text.data(), static_cast<std::size_t>(count));
    }
    return {};
}

std::optional<std::string> BoardProcess::ending(std::chrono::milliseconds patience) {
    const auto deadline = steady_clock::now() + patience;
    while (number_ > 0) {
        int status = 0;
        if (waitpid(number_, &status, WNOHANG) == number_) {
            number_ = -1;
            ending_ = endingOf(status) + lastWords(output_.get());
        } else if (steady_clock::now() >= deadline) {
            break;
        } else {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    return ending_;
}

Result<std::filesystem::path> findBoardProgram() {
    std::error_code failure;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", failure);
    auto program = self.parent_path() / "ternion-board";
    if (!failure && std::filesystem::exists(program, failure)) return program;
    return Error{ErrorCode::NotFound, "there is no ternion-board beside this program; build it, or say where it is",
                 self.parent_path().string()};
}

}  // namespace ternion::fpga
