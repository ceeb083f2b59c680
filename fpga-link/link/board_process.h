// A ternion-board of this program's own: the process, and the folder that its socket is in.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "link/handles.h"
#include "link/simulation_settings.h"

namespace ternion::fpga {

/// What a board is to be served through: one socket, or files named like those of the XDMA driver.
enum class Door : std::uint8_t { VfioUser, Xdma };

/// Move-only. Its end ends the process, waits for it and removes the folder. Used by one thread.
class BoardProcess {
public:
    /// Starts `program` in a folder that only this user can enter, and waits until it serves. NotFound: there is no such
    /// program; DeviceUnavailable: it ended, with what it said.
    static Result<BoardProcess> start(const std::filesystem::path& program, const SimulationSettings& settings,
                                      Door door = Door::VfioUser);

    BoardProcess(BoardProcess&& other) noexcept;
    BoardProcess& operator=(BoardProcess&& other) noexcept;
    BoardProcess(const BoardProcess&) = delete;
    BoardProcess& operator=(const BoardProcess&) = delete;
    ~BoardProcess();

    /// Of Door::VfioUser.
    std::filesystem::path socket() const { return folder_ / "board.sock"; }
    /// What the files of Door::Xdma are in.
    const std::filesystem::path& folder() const { return folder_; }
    pid_t number() const { return number_; }

    /// "signal 9, Killed": how it ended, if it does within `patience`. Nothing: it runs.
    std::optional<std::string> ending(std::chrono::milliseconds patience);

private:
    BoardProcess() = default;
    Status spawn(const std::filesystem::path& program, std::vector<std::string> arguments);
    Status waitUntilServing();

    std::filesystem::path folder_;
    pid_t number_ = -1;  // -1: none, or ended and waited for
    FileDescriptor output_;
    std::optional<std::string> ending_;
};

/// The program beside the one that runs. NotFound.
Result<std::filesystem::path> findBoardProgram();

}  // namespace ternion::fpga
