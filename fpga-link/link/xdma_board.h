// A board behind the character devices of Xilinx's XDMA driver.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "link/board.h"
#include "link/handles.h"
#include "link/xdma_registers.h"

namespace ternion::fpga {

class XdmaBoard final : public Board {
public:
    /// `folder`: "/dev"; `prefix`: "xdma0". DeviceUnavailable says what is missing.
    static Result<std::unique_ptr<XdmaBoard>> open(const std::filesystem::path& folder, const std::string& prefix,
                                                   std::string pciAddress = {});

    const BoardInfo& info() const override { return info_; }
    Result<std::uint32_t> read32(std::uint32_t offset) override;
    Status write32(std::uint32_t offset, std::uint32_t value) override;
    Status copyIn(std::uint64_t deviceAddress, std::span<const std::byte> bytes) override;
    Status copyOut(std::uint64_t deviceAddress, std::span<std::byte> bytes) override;
    Status submit() override;
    Result<bool> waitInterrupt(std::chrono::milliseconds timeout, const std::stop_token& stop = {}) override;

private:
    XdmaBoard() = default;
    Status setUp(const std::filesystem::path& folder, const std::string& prefix);
    Error told(Error error) const;
    /// Takes the events that are there. DeviceLost.
    Status takeEvents();

    BoardInfo info_;
    std::unique_ptr<XdmaRegisters> registers_;
    FileDescriptor toCard_;
    FileDescriptor fromCard_;
    FileDescriptor events_;
    std::uint64_t memoryBytes_ = 0;
};

}  // namespace ternion::fpga
