// A board on the PCI bus that the kernel's vfio-pci driver lends us whole: registers, DMA through the IOMMU, and its interrupt.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "link/board.h"
#include "link/card_protocol.h"
#include "link/dma_copier.h"
#include "link/handles.h"
#include "link/mapped_registers.h"

namespace ternion::fpga {

/// Where the kernel shows its devices.
struct SystemRoots {
    std::filesystem::path devices = "/dev";
    std::filesystem::path system = "/sys";
};

class VfioPciBoard final : public Board {
public:
    /// `address`: "0000:03:00.0". `protocol` outlives the board. DeviceUnavailable says what is missing: the driver, an IOMMU,
    /// a permission, or that another program has the board.
    static Result<std::unique_ptr<VfioPciBoard>> open(const std::string& address, const SystemRoots& roots = {},
                                                      const CardProtocol& protocol = shellProtocol());
    ~VfioPciBoard() override;
    VfioPciBoard(const VfioPciBoard&) = delete;
    VfioPciBoard& operator=(const VfioPciBoard&) = delete;

    const BoardInfo& info() const override { return info_; }
    Result<std::uint32_t> read32(std::uint32_t offset) override;
    Status write32(std::uint32_t offset, std::uint32_t value) override;
    Status copyIn(std::uint64_t deviceAddress, std::span<const std::byte> bytes) override;
    Status copyOut(std::uint64_t deviceAddress, std::span<std::byte> bytes) override;
    Status submit() override;
    Result<bool> waitInterrupt(std::chrono::milliseconds timeout, const std::stop_token& stop = {}) override;

private:
    explicit VfioPciBoard(const CardProtocol& protocol) : protocol_(protocol) {}
    Status setUp(const SystemRoots& roots);
    Status openGroup(const SystemRoots& roots);
    Status openDevice();
    Status mapRegisters();
    Status setBusMaster(bool on);
    Status mapStaging();
    Status connectInterrupt();
    Status connectEvent(std::uint32_t index, int event);
    Result<std::uint64_t> vectorsOf(std::uint32_t index);
    Error told(Error error) const;

    const CardProtocol& protocol_;
    BoardInfo info_;
    FileDescriptor container_;
    FileDescriptor group_;
    DmaCopier copier_;
    FileDescriptor device_;
    MappedRegisters registers_;
    FileDescriptor interrupt_;
    FileDescriptor request_;  // the kernel wants the device back
    std::uint64_t memoryBytes_ = 0;
};

}  // namespace ternion::fpga
