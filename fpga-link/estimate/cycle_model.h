// How many cycles a program takes, computed from its instructions. tests/fpga/estimate_test.cpp holds it against the RTL.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/model_config.h"
#include "program/configuration.h"
#include "program/instruction.h"

namespace ternion::fpga {

/// Device memory as the accelerator sees it.
struct MemoryTiming {
    double wordsPerCycle = 1.0;  ///< that it gives or takes, at most
    double latency = 100.0;      ///< cycles from a read's address to its first word, and from a write to its answer
};

/// Means what the counters of the same names mean (interface.def).
struct CycleEstimate {
    double total = 0.0;
    double array = 0.0;
    double matVec = 0.0;
    double streamStalls = 0.0;  ///< of all units that take words from memory
    double drainStalls = 0.0;
    double readWords = 0.0;
    double writtenWords = 0.0;
};

/// The program of one token with its head, without addresses and constants: those cost no cycles, so that it takes no weights.
std::vector<Instruction> tokenShape(const ModelConfig& model, const Configuration& configuration);

/// What `tokenShape` needs of the accelerator's memories and of the board's.
struct MemoryNeeds {
    int vectorWords = 0;
    int codeWords = 0;
    double imageBytes = 0.0;  ///< embeddings, trits, norms
    double tritBytes = 0.0;   ///< of it, the packed trits
};
MemoryNeeds memoryNeeds(const ModelConfig& model, const Configuration& configuration);

CycleEstimate estimateCycles(std::span<const Instruction> program, const Configuration& configuration,
                             const MemoryTiming& memory);

}  // namespace ternion::fpga
