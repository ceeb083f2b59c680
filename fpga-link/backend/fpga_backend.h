// FPGA boards as a backend: whatever leads to them, and a simulated one that is there without any.
#pragma once

#include <functional>
#include <memory>

#include "backend/backend.h"
#include "link/discovery.h"

namespace ternion::fpga {

struct FpgaOptions {
    DiscoverySettings discovery;
    /// What a simulated board is to assume, asked at each load, on the thread that loads; empty: discovery.simulation.
    std::function<SimulationSettings()> simulation = {};
};

/// Computes the fixed profile. Each model that is loaded on the simulated board has a board, so a process, of its own.
std::unique_ptr<Backend> makeFpgaBackend(FpgaOptions options = {});

}  // namespace ternion::fpga
