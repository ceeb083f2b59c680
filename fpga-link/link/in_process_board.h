// A simulated card within this process: no transport in between. For tests.
#pragma once

#include <memory>

#include "link/board.h"
#include "link/dma_copier.h"
#include "sim/simulated_card.h"

namespace ternion::fpga {

/// Its clock runs while waitInterrupt waits, and a little with each register that is read.
class InProcessBoard final : public Board {
public:
    static Result<std::unique_ptr<InProcessBoard>> open(const AcceleratorFactory& factory, const CardSettings& settings = {});

    const BoardInfo& info() const override { return info_; }
    Result<std::uint32_t> read32(std::uint32_t offset) override;
    Status write32(std::uint32_t offset, std::uint32_t value) override;
    Status copyIn(std::uint64_t deviceAddress, std::span<const std::byte> bytes) override;
    Status copyOut(std::uint64_t deviceAddress, std::span<std::byte> bytes) override;
    Status submit() override;
    Result<bool> waitInterrupt(std::chrono::milliseconds timeout, const std::stop_token& stop = {}) override;

private:
    InProcessBoard() = default;

    BoardInfo info_;
    std::unique_ptr<SimulatedCard> card_;
    DmaCopier copier_;
    std::uint64_t memoryBytes_ = 0;
};

}  // namespace ternion::fpga
