// The boards that this machine has.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "link/board.h"
#include "link/board_process.h"
#include "link/vfio_pci_board.h"

namespace ternion::fpga {

/// Where to look, and what a simulated board is to assume.
struct DiscoverySettings {
    SystemRoots roots;
    std::filesystem::path boardProgram;  ///< empty: the ternion-board beside this program
    SimulationSettings simulation;
};

/// "sim" first, then XDMA's devices, then those on the PCI bus that carry our identity or are bound to vfio-pci. Each is tried
/// for a moment, but for "sim"; one that cannot be used says why, and what to do.
std::vector<BoardInfo> findBoards(const DiscoverySettings& settings = {});

/// `id`: "sim" (starts a process, which ends with the board), "/dev/xdma0", "0000:03:00.0", or the name of a socket that a
/// ternion-board serves. NotFound: it is none of these; else as the transport's open.
Result<std::unique_ptr<Board>> openBoard(const std::string& id, const DiscoverySettings& settings = {});

}  // namespace ternion::fpga
