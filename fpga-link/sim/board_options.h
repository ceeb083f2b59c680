// The command line of ternion-board.
#pragma once

#include <filesystem>
#include <span>

#include "base/result.h"
#include "sim/simulated_card.h"

namespace ternion::fpga {

struct BoardOptions {
    std::filesystem::path socket;  ///< or
    std::filesystem::path xdma;    ///< a folder; exactly one of the two is there
    CardSettings card;
    bool persists = false;       ///< outlives its client and its parent
    bool removesFolder = false;  ///< that of the socket or of the files, once it is empty
    bool help = false;
};

/// InvalidArgument names the option.
Result<BoardOptions> readBoardOptions(std::span<char* const> arguments);

const char* boardUsage();

}  // namespace ternion::fpga
