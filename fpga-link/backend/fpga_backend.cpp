#include "backend/fpga_backend.h"

#include <utility>

#include "backend/fpga_model.h"

namespace ternion::fpga {
namespace {

constexpr double kilohertzInMegahertz = 1000.0;
constexpr unsigned mebibyteBits = 20;

class FpgaBackend final : public Backend {
public:
    explicit FpgaBackend(FpgaOptions options) : options_(std::move(options)) {}

    std::string_view name() const override { return "fpga"; }

    std::vector<DeviceInfo> devices() override {
        std::vector<DeviceInfo> devices;
        for (BoardInfo& board : findBoards(settings())) {
            DeviceInfo& device = devices.emplace_back();
            device.backend = name();
            device.index = static_cast<int>(devices.size()) - 1;
            device.name = std::move(board.name);
            device.driver = board.transport;
            device.pciAddress = std::move(board.pciAddress);
            device.address = std::move(board.id);
            device.software = board.simulated;
            device.usable = board.usable;
            device.reason = std::move(board.reason);
            if (board.simulated) describeSimulation(device);
        }
        return devices;
    }

    Result<std::unique_ptr<DeviceModel>> load(std::shared_ptr<const Model> model, int device, const Progress& progress,
                                              const LoadOptions& load) override {
        auto found = devices();
        if (device < 0 || device >= static_cast<int>(found.size()))
            return Error{ErrorCode::DeviceUnavailable, "there is no such board", "fpga:" + std::to_string(device)};
        DeviceInfo& info = found[static_cast<std::size_t>(device)];
        if (load.profile == Profile::Float)
            return Error{ErrorCode::Unsupported, "a board computes in integers; take --profile fixed, or none", info.id()};
        TERNION_TRY(auto board, openBoard(info.address, settings()));
        TERNION_TRY(auto made, FpgaModel::create(std::move(model), info, std::move(board), progress));
        if (load.packing != Packing::Auto && load.packing != made->packing())
            return Error{ErrorCode::InvalidArgument, "this board was built for the other packing; leave the choice to it",
                         info.id()};
        return made;
    }

private:
    DiscoverySettings settings() const {
        DiscoverySettings settings = options_.discovery;
        if (options_.simulation) settings.simulation = options_.simulation();
        return settings;
    }
    void describeSimulation(DeviceInfo& device) const {
        const SimulationSettings assumed = settings().simulation;
        device.memoryBytes = std::uint64_t{assumed.memoryMebibytes} << mebibyteBits;
        device.driver += ", " + std::to_string(static_cast<int>(assumed.clockKhz / kilohertzInMegahertz)) + " MHz assumed";
    }

    FpgaOptions options_;
};

}  // namespace

std::unique_ptr<Backend> makeFpgaBackend(FpgaOptions options) { return std::make_unique<FpgaBackend>(std::move(options)); }

}  // namespace ternion::fpga
