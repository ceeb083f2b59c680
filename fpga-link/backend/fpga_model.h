// A model resident in the memory of an FPGA board: one doorbell a token, one interrupt back.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "backend/backend.h"
#include "link/board.h"
#include "program/model_program.h"

namespace ternion::fpga {

class FpgaState;

/// Computes the fixed profile. States live in slots of the board's memory; the one that a token was run with last is in the
/// accelerator itself, until another is wanted.
class FpgaModel final : public DeviceModel {
public:
    /// Checks that the accelerator is one that it knows and writes the model to the board. DeviceUnavailable for another
    /// version or configuration, DeviceOutOfMemory, DeviceLost, Cancelled.
    static Result<std::unique_ptr<DeviceModel>> create(std::shared_ptr<const Model> model, DeviceInfo device,
                                                       std::unique_ptr<Board> board, const Progress& progress);
    ~FpgaModel() override;

    const Model& model() const override { return program_.model(); }
    const DeviceInfo& device() const override { return device_; }
    Profile profile() const override { return Profile::Fixed; }
    Packing packing() const override { return program_.configuration().dense ? Packing::Dense : Packing::TwoBit; }
    const Configuration& configuration() const { return program_.configuration(); }
    std::optional<CycleCounts> lastToken() const override { return lastToken_; }
    Result<std::unique_ptr<DeviceState>> createState() override;
    Result<ForwardOutput> forward(std::span<const TokenId> tokens, DeviceState& state, const ForwardOptions& options) override;
    MemoryUse memory() const override;
    Result<std::uint64_t> memoryInUse() const override;
    Result<double> measureReadBandwidth() override;
    Result<std::vector<float>> readOut(std::span<const float> x, const std::stop_token& stop) override;
    Result<std::vector<float>> forwardLayer(int layer, std::span<const float> x, DeviceState& state) override;
    Result<BitLinearOutput> bitLinear(const BitLinear& linear, std::span<const float> x) override;

private:
    friend class FpgaState;
    FpgaModel(ModelProgram program, DeviceInfo device, std::unique_ptr<Board> board);

    Status prepare(std::uint64_t memoryBytes, const Progress& progress);
    /// Runs a program to its end; counters go to lastToken_.
    Status run(std::span<const Instruction> instructions);
    Status waitForEnd();
    Status checkEnd();
    Status readCounters();
    Status writeProgram(std::span<const Instruction> instructions);
    Status runParts(const std::vector<ProgramPart>& parts, std::span<const Edit> intervention);
    Status editOnHost(TraceRequest::Item item, std::span<const Edit> intervention);

    Status makeResident(FpgaState& state);
    Status saveResident();

    /// Tensors in device memory, padding left out.
    Result<std::vector<std::int32_t>> readTensor(std::uint64_t address, TraceTensor tensor);
    Status writeTensor(std::uint64_t address, TraceTensor tensor, std::span<const std::int32_t> values);
    Result<std::vector<std::int32_t>> readWords(std::uint64_t address, int elements);
    Status putVector(std::span<const float> x);
    Status readLogits(std::span<float> logits);

    ModelProgram program_;
    DeviceInfo device_;
    std::unique_ptr<Board> board_;
    double clockHz_ = 0.0;
    std::vector<std::byte> written_;  ///< the program that the board has
    FpgaState* resident_ = nullptr;   ///< whose state the accelerator holds
    std::array<bool, 64> slotTaken_{};
    std::optional<CycleCounts> lastToken_;
};

}  // namespace ternion::fpga
