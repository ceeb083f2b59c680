#include "link/job.h"

#include <string>
#include <thread>

#include "accelerator_interface.h"
#include "link/bounds.h"

namespace ternion::fpga {
namespace {

constexpr std::uint32_t isBusy = 1;
constexpr std::uint32_t hasFailed = 4;
constexpr std::uint32_t resets = 2;

Result<std::string> errorText(Board& board) {
    TERNION_TRY(const auto number, board.read32(reg::error));
    TERNION_TRY(const auto instruction, board.read32(reg::errorInstruction));
    TERNION_TRY(const auto address, read64(board, reg::errorAddressLo));
    const std::string name = number < errorNames.size()
                                 ? std::string(errorNames[number].name) + " (" + std::string(errorNames[number].meaning) + ")"
                                 : "error " + std::to_string(number);
    return "the accelerator stopped at instruction " + std::to_string(instruction) + ": " + name + ", address " +
           hexText(address);
}

}  // namespace

Status runJob(Board& board, std::chrono::milliseconds timeout, const std::stop_token& stop) {
    TERNION_CHECK(board.submit());
    TERNION_TRY(const bool interrupted, board.waitInterrupt(timeout, stop));
    TERNION_TRY(const auto status, board.read32(reg::status));
    const auto lost = [&](std::string message) { return Error{ErrorCode::DeviceLost, std::move(message), board.info().id}; };
    if ((status & hasFailed) != 0) {
        TERNION_TRY(auto text, errorText(board));
        return lost(std::move(text));
    }
    if (interrupted) return {};
    const std::string waited = std::to_string(timeout.count()) + " ms";
    if ((status & isBusy) != 0) return lost("the accelerator is still busy after " + waited);
    return lost("the program ended, but its interrupt was lost: nothing came within " + waited);
}

Status resetAccelerator(Board& board, std::chrono::milliseconds patience) {
    TERNION_CHECK(board.write32(reg::control, resets));
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        TERNION_TRY(const auto status, board.read32(reg::status));
        if ((status & isBusy) == 0) return {};
        if (std::chrono::steady_clock::now() > deadline)
            return Error{ErrorCode::DeviceLost, "the accelerator cannot be reset: load its bitstream again", board.info().id};
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

}  // namespace ternion::fpga
