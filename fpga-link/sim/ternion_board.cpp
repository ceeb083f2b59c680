// ternion-board: a simulated board in a process of its own.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <span>

#include "sim/board_accelerator.h"
#include "sim/board_options.h"
#include "sim/board_server.h"
#include "sim/simulated_card.h"
#include "sim/vfio_user_server.h"
#include "sim/xdma_server.h"

namespace ternion::fpga {
namespace {

using std::chrono::steady_clock;

constexpr std::uint64_t cyclesBetweenMessages = 1024;  // about what a register read may wait for
constexpr auto idle = std::chrono::milliseconds(100);
constexpr auto firstClientPatience = std::chrono::seconds(60);

volatile std::sig_atomic_t ended = 0;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): for the signal handler

/// Either end of the link, once it is up.
struct Served {
    std::unique_ptr<SimulatedCard> card;
    std::unique_ptr<BoardServer> server;  // uses the card
};

Result<Served> bringUp(const BoardOptions& options) {
    Served served;
    if (options.xdma.empty()) {
        TERNION_TRY(served.card, SimulatedCard::create(makeBoardAccelerator, options.card));
        TERNION_TRY(served.server, VfioUserServer::listen(options.socket, *served.card));
        return served;
    }
    TERNION_TRY(auto folder, XdmaFolder::make(options.xdma, options.card.memoryBytes));
    TERNION_TRY(served.card, SimulatedCard::create(makeBoardAccelerator, options.card, folder->takeMemory()));
    served.server = std::make_unique<XdmaServer>(std::move(folder), *served.card);
    return served;
}

/// Until it is told to end, or nobody is left who could use it.
Status run(Served& served, bool persists, pid_t parent) {
    const auto start = steady_clock::now();
    bool used = false;
    while (ended == 0) {
        if (served.card->busy()) {
            served.card->run(cyclesBetweenMessages);
            if (served.card->takeInterrupt()) served.server->interrupt();
        }
        TERNION_TRY(const auto event, served.server->serve(served.card->busy() ? std::chrono::milliseconds(0) : idle));
        if (served.card->takeInterrupt()) served.server->interrupt();
        if (persists) continue;
        used = used || served.server->hasClient();
        const bool forgotten = !used && steady_clock::now() - start > firstClientPatience;
        if (event == BoardServer::Event::ClientLeft || getppid() != parent || forgotten) break;
    }
    return {};
}

int main(std::span<char* const> arguments) {
    constexpr int badUsage = 2;
    const auto options = readBoardOptions(arguments);
    if (!options) {
        std::cerr << "ternion-board: " << options.error().text() << "\n" << boardUsage();
        return badUsage;
    }
    if (options->help) {
        std::cout << boardUsage();
        return 0;
    }
    struct sigaction action {};
    action.sa_handler = [](int) { ended = 1; };
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaction(signal, &action, nullptr);
    auto served = bringUp(*options);
    if (!served) {
        std::cerr << "ternion-board: " << served.error().text() << "\n";
        return 1;
    }
    const pid_t parent = getppid();  // which lives: it waits for this line
    std::cout << "serving" << std::endl;
    const auto done = run(*served, options->persists, parent);
    served->server.reset();
    if (options->removesFolder) rmdir((options->xdma.empty() ? options->socket.parent_path() : options->xdma).c_str());
    if (!done) std::cerr << "ternion-board: " << done.error().text() << "\n";
    return done ? 0 : 1;
}

}  // namespace
}  // namespace ternion::fpga

int main(int argc, char** argv) { return ternion::fpga::main(std::span(argv, static_cast<std::size_t>(argc)).subspan(1)); }
