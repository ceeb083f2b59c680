// The conformance suite over the transports that this machine has; VFIO runs it in a guest (vfio_guest_test.cpp).
#include "conformance_suite.h"
#include "link/board_process.h"
#include "link/in_process_board.h"
#include "link/vfio_user_board.h"
#include "link/xdma_board.h"
#include "shell_facts.h"
#include "sim/board_accelerator.h"

namespace ternion::fpga {
namespace {

constexpr std::uint32_t mebibytes = 16;
constexpr std::uint64_t memoryBytes = std::uint64_t{mebibytes} << 20;

class InProcessRig final : public BoardRig {
public:
    const CardFacts& facts() const override { return facts_; }
    std::string transport() const override { return "in-process"; }
    bool isShared() const override { return false; }
    Result<std::unique_ptr<Board>> open() override {
        CardSettings settings;
        settings.memoryBytes = memoryBytes;
        TERNION_TRY(auto board, InProcessBoard::open(makeBoardAccelerator, settings));
        return std::unique_ptr<Board>(std::move(board));
    }

private:
    CardFacts facts_ = shellFacts(memoryBytes);
};

class ProcessRig : public BoardRig {
public:
    explicit ProcessRig(BoardProcess process) : process_(std::move(process)) {}
    const CardFacts& facts() const override { return facts_; }

protected:
    BoardProcess process_;

private:
    CardFacts facts_ = shellFacts(memoryBytes);
};

class VfioUserRig final : public ProcessRig {
public:
    using ProcessRig::ProcessRig;
    std::string transport() const override { return "vfio-user"; }
    Result<std::unique_ptr<Board>> open() override {
        TERNION_TRY(auto board, VfioUserBoard::open(process_.socket(), {}));
        return std::unique_ptr<Board>(std::move(board));
    }
};

class XdmaRig final : public ProcessRig {
public:
    using ProcessRig::ProcessRig;
    std::string transport() const override { return "xdma"; }
    Result<std::unique_ptr<Board>> open() override {
        TERNION_TRY(auto board, XdmaBoard::open(process_.folder(), "xdma0"));
        return std::unique_ptr<Board>(std::move(board));
    }
};

template <class Rig>
Result<std::unique_ptr<BoardRig>> served(Door door) {
    SimulationSettings settings;
    settings.memoryMebibytes = mebibytes;
    settings.options = {"--persist"};
    TERNION_TRY(auto process, BoardProcess::start(TERNION_BOARD, settings, door));
    return std::unique_ptr<BoardRig>(std::make_unique<Rig>(std::move(process)));
}

INSTANTIATE_TEST_SUITE_P(Transports, Conformance,
                         testing::Values(Transport{"inProcess",
                                                   []() -> Result<std::unique_ptr<BoardRig>> {
                                                       return std::unique_ptr<BoardRig>(std::make_unique<InProcessRig>());
                                                   }},
                                         Transport{"vfioUser", [] { return served<VfioUserRig>(Door::VfioUser); }},
                                         Transport{"xdma", [] { return served<XdmaRig>(Door::Xdma); }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ternion::fpga
