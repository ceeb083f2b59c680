// The conformance suite over the transports that this machine has; VFIO runs it in a guest (vfio_guest_test.cpp).
#include <cstdlib>

#include "accelerator_interface.h"
#include "conformance_suite.h"
#include "link/board_process.h"
#include "link/discovery.h"
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

/// A card of this machine, named by TERNION_BOARD_ID: bringing one up (fpga-link/README.md).
class OwnBoardRig final : public BoardRig {
public:
    static Result<std::unique_ptr<BoardRig>> find(const std::string& id) {
        TERNION_TRY(const auto board, openBoard(id));
        TERNION_TRY(const auto bytes, read64(*board, shell::memoryBytesLo));
        return std::unique_ptr<BoardRig>(new OwnBoardRig(id, board->info().transport, bytes));
    }
    const CardFacts& facts() const override { return facts_; }
    std::string transport() const override { return transport_; }
    Result<std::unique_ptr<Board>> open() override { return openBoard(id_); }

private:
    OwnBoardRig(std::string id, std::string transport, std::uint64_t bytes)
        : id_(std::move(id)), transport_(std::move(transport)), facts_(shellFacts(bytes)) {}
    std::string id_, transport_;
    CardFacts facts_;
};

template <class Rig>
Result<std::unique_ptr<BoardRig>> served(Door door) {
    SimulationSettings settings;
    settings.memoryMebibytes = mebibytes;
    settings.options = {"--persist"};
    TERNION_TRY(auto process, BoardProcess::start(TERNION_BOARD, settings, door));
    return std::unique_ptr<BoardRig>(std::make_unique<Rig>(std::move(process)));
}

std::vector<Transport> transports() {
    std::vector<Transport> all{
        {"inProcess",
         []() -> Result<std::unique_ptr<BoardRig>> { return std::unique_ptr<BoardRig>(std::make_unique<InProcessRig>()); }},
        {"vfioUser", [] { return served<VfioUserRig>(Door::VfioUser); }},
        {"xdma", [] { return served<XdmaRig>(Door::Xdma); }}};
    if (const char* id = std::getenv("TERNION_BOARD_ID"))
        all.push_back({"ownBoard", [id = std::string(id)] { return OwnBoardRig::find(id); }});
    return all;
}

INSTANTIATE_TEST_SUITE_P(Transports, Conformance, testing::ValuesIn(transports()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ternion::fpga
