#include "backend/fpga_model.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>

#include "backend/edited_values.h"
#include "backend/input_checks.h"
#include "link/card_identity.h"

namespace ternion::fpga {
namespace {

using namespace std::chrono_literals;
constexpr auto pollInterval = 200ms;  // between looks at an accelerator that has not interrupted
constexpr int mostIdlePolls = 25;     // ... whose counter of cycles stands still
constexpr std::uint32_t busyBit = 1, errorBit = 4, resetBit = 2;

Error boardError(ErrorCode code, std::string message, const DeviceInfo& device) {
    return {code, std::move(message), device.id()};
}

std::vector<float> floatsOf(std::span<const std::int32_t> values, int fraction) {
    std::vector<float> floats(values.size());
    std::transform(values.begin(), values.end(), floats.begin(), [&](std::int32_t v) { return fixed::toFloat(v, fraction); });
    return floats;
}

template <class T>
std::span<const std::byte> bytesOf(const std::vector<T>& values) {
    return std::as_bytes(std::span(values));
}

}  // namespace

/// One slot of the board's memory.
class FpgaState final : public DeviceState {
public:
    FpgaState(FpgaModel& model, int slot) : model_(model), slot_(slot) {}
    FpgaState(const FpgaState&) = delete;
    FpgaState& operator=(const FpgaState&) = delete;
    ~FpgaState() override {
        model_.slotTaken_[static_cast<std::size_t>(slot_)] = false;
        if (model_.resident_ == this) model_.resident_ = nullptr;
    }

    Status reset() override {
        const std::vector<std::int32_t> zeros(elements(), 0);
        TERNION_CHECK(put(zeros));
        position = 0;
        return {};
    }
    Result<StateSnapshot> snapshot() const override {
        if (model_.resident_ == this) TERNION_CHECK(model_.saveResident());
        std::vector<std::int32_t> h(elements());
        TERNION_CHECK(model_.board_->copyOut(address(), std::as_writable_bytes(std::span(h))));
        StateSnapshot snapshot{{}, position};
        snapshot.h.reserve(width() * layers());
        for (std::size_t l = 0; l < layers(); ++l)
            std::transform(h.begin() + row(l), h.begin() + row(l) + static_cast<std::ptrdiff_t>(width()),
                           std::back_inserter(snapshot.h),
                           [](std::int32_t v) { return fixed::toFloat(v, fixed::stateFraction); });
        return snapshot;
    }
    Status restore(const StateSnapshot& snapshot) override {
        TERNION_CHECK(checkSnapshot(snapshot, width() * layers()));
        std::vector<std::int32_t> h(elements(), 0);
        for (std::size_t l = 0; l < layers(); ++l)
            std::transform(snapshot.h.begin() + static_cast<std::ptrdiff_t>(l * width()),
                           snapshot.h.begin() + static_cast<std::ptrdiff_t>((l + 1) * width()), h.begin() + row(l),
                           [](float v) { return fixed::fromFloat(v, fixed::stateFraction, fixed::largestState); });
        TERNION_CHECK(put(h));
        position = snapshot.position;
        return {};
    }

    std::uint64_t address() const {
        return model_.program_.states() + static_cast<std::uint64_t>(slot_) * model_.program_.stateBytes();
    }
    std::int64_t position = 0;

private:
    std::size_t layers() const { return static_cast<std::size_t>(model_.model().config.numLayers); }
    std::size_t width() const { return static_cast<std::size_t>(model_.model().config.stateSize()); }
    std::size_t elements() const { return layers() * static_cast<std::size_t>(model_.program_.stateWidth()); }
    /// Where a layer's h begins, padding before it included.
    std::ptrdiff_t row(std::size_t layer) const {
        return static_cast<std::ptrdiff_t>(layer * static_cast<std::size_t>(model_.program_.stateWidth()));
    }
    Status put(const std::vector<std::int32_t>& h) {
        if (model_.resident_ == this) model_.resident_ = nullptr;
        return model_.board_->copyIn(address(), bytesOf(h));
    }

    FpgaModel& model_;
    int slot_;
};

// ---- Loading --------------------------------------------------------------------------------------------------------------

FpgaModel::FpgaModel(ModelProgram program, DeviceInfo device, std::unique_ptr<Board> board)
    : program_(std::move(program)), device_(std::move(device)), board_(std::move(board)) {}
FpgaModel::~FpgaModel() = default;

Result<std::unique_ptr<DeviceModel>> FpgaModel::create(std::shared_ptr<const Model> model, DeviceInfo device,
                                                       std::unique_ptr<Board> board, const Progress& progress) {
    // The transport has looked too; a board that was given to us otherwise has not been.
    TERNION_TRY(const auto identity, readIdentity(*board));
    if (const Status known = checkIdentity(identity); !known)
        return boardError(known.error().code, known.error().message, device);
    TERNION_TRY(auto program, ModelProgram::create(std::move(model), identity.configuration, identity.memoryBytes));
    std::unique_ptr<FpgaModel> made(new FpgaModel(std::move(program), std::move(device), std::move(board)));
    made->clockHz_ = 1000.0 * identity.clockKhz;
    TERNION_CHECK(made->prepare(identity.memoryBytes, progress));
    return std::unique_ptr<DeviceModel>(std::move(made));
}

Status FpgaModel::prepare(std::uint64_t memoryBytes, const Progress& progress) {
    TERNION_CHECK(board_->write32(reg::control, resetBit));
    TERNION_CHECK(write64(*board_, reg::memoryLimitLo, memoryBytes));
    TERNION_CHECK(write64(*board_, reg::programLo, program_.programs()));
    TERNION_CHECK(write64(*board_, reg::logitsLo, program_.logits()));
    return program_.writeImage(
        [&](std::uint64_t address, std::span<const std::byte> bytes) { return board_->copyIn(address, bytes); }, progress);
}

Result<std::unique_ptr<DeviceState>> FpgaModel::createState() {
    const auto end = slotTaken_.begin() + program_.stateSlots();
    const auto free = std::find(slotTaken_.begin(), end, false);
    if (free == end)
        return boardError(ErrorCode::DeviceOutOfMemory, "no room for another conversation on the board; close one", device_);
    *free = true;
    auto state = std::make_unique<FpgaState>(*this, static_cast<int>(free - slotTaken_.begin()));
    TERNION_CHECK(state->reset());
    return std::unique_ptr<DeviceState>(std::move(state));
}

// ---- Running --------------------------------------------------------------------------------------------------------------

Status FpgaModel::writeProgram(std::span<const Instruction> instructions) {
    std::vector<std::byte> bytes;
    bytes.reserve(instructions.size() * Instruction::bytes);
    for (const Instruction& instruction : instructions) {
        const auto bits = instruction.encode();
        const auto part = std::as_bytes(std::span(bits));
        bytes.insert(bytes.end(), part.begin(), part.end());
    }
    if (bytes == written_) return {};
    if (bytes.size() > program_.programBytes())
        return boardError(ErrorCode::InvalidArgument, "too much is traced at once for this board; ask for fewer layers",
                          device_);
    written_.clear();  // whatever happens now, it is not there any more
    TERNION_CHECK(board_->copyIn(program_.programs(), bytes));
    TERNION_CHECK(board_->write32(reg::programLength, static_cast<std::uint32_t>(instructions.size())));
    written_ = std::move(bytes);
    return {};
}

Status FpgaModel::waitForEnd() {
    std::uint64_t cycles = 0;
    for (int idle = 0;;) {
        TERNION_TRY(const bool arrived, board_->waitInterrupt(pollInterval, {}));
        if (arrived) return {};
        TERNION_TRY(const auto status, board_->read32(reg::status));
        if ((status & busyBit) == 0) {
            // It may have come between the two.
            TERNION_TRY(const bool late, board_->waitInterrupt(pollInterval, {}));
            if (late) return {};
            return boardError(ErrorCode::DeviceLost,
                              "the board has finished, but its interrupt did not arrive; check its MSI-X vector and the driver",
                              device_);
        }
        TERNION_TRY(const auto now, read64(*board_, reg::cyclesLo));
        idle = now == cycles ? idle + 1 : 0;
        cycles = now;
        if (idle > mostIdlePolls)
            return boardError(ErrorCode::DeviceLost, "the board does not go on: its clock or its memory stands still; reset it",
                              device_);
    }
}

Status FpgaModel::checkEnd() {
    TERNION_TRY(const auto status, board_->read32(reg::status));
    if ((status & errorBit) == 0) return {};
    TERNION_TRY(const auto code, board_->read32(reg::error));
    TERNION_TRY(const auto at, board_->read32(reg::errorInstruction));
    TERNION_TRY(const auto address, read64(*board_, reg::errorAddressLo));
    resident_ = nullptr;
    const auto known = std::min<std::size_t>(code, errorNames.size() - 1);
    return boardError(ErrorCode::DeviceLost,
                      "the accelerator stopped at instruction " + std::to_string(at) + ": " +
                          std::string(errorNames[known].meaning) + " (address " + std::to_string(address) +
                          "); go on with another device, or load the model again",
                      device_);
}

Status FpgaModel::readCounters() {
    CycleCounts counts;
    const auto words = static_cast<std::uint64_t>(program_.configuration().wordBytes());
    TERNION_TRY(counts.total, read64(*board_, reg::cyclesLo));
    TERNION_TRY(counts.array, read64(*board_, reg::arrayCyclesLo));
    TERNION_TRY(counts.matVec, read64(*board_, reg::matvecCyclesLo));
    TERNION_TRY(counts.streamStalls, read64(*board_, reg::streamStallsLo));
    TERNION_TRY(counts.drainStalls, read64(*board_, reg::drainStallsLo));
    TERNION_TRY(const auto read, read64(*board_, reg::readWordsLo));
    TERNION_TRY(const auto written, read64(*board_, reg::writeWordsLo));
    TERNION_TRY(counts.toggles, read64(*board_, reg::togglesLo));
    counts.readBytes = read * words;
    counts.writtenBytes = written * words;
    counts.clockHz = clockHz_;
    counts.simulated = board_->info().simulated;
    lastToken_ = counts;
    return {};
}

Status FpgaModel::run(std::span<const Instruction> instructions) {
    TERNION_CHECK(writeProgram(instructions));
    TERNION_CHECK(board_->submit());
    TERNION_CHECK(waitForEnd());
    return checkEnd();
}

Status FpgaModel::runParts(const std::vector<ProgramPart>& parts, std::span<const Edit> intervention) {
    for (const ProgramPart& part : parts) {
        TERNION_CHECK(run(part.instructions));
        if (part.edited) TERNION_CHECK(editOnHost(*part.edited, intervention));
    }
    return {};
}

Status FpgaModel::editOnHost(TraceRequest::Item item, std::span<const Edit> intervention) {
    TERNION_TRY(auto values, readTensor(program_.edited(), item.tensor));
    const int fraction = fixed::fractionOf(item.tensor);
    std::vector<float> seen = floatsOf(values, fraction);
    editValues(intervention, item, 0, static_cast<int>(seen.size()), seen.data());
    std::transform(seen.begin(), seen.end(), values.begin(), [&](float v) { return fixed::fromFloat(v, fraction); });
    return writeTensor(program_.edited(), item.tensor, values);
}

Status FpgaModel::saveResident() {
    if (resident_ == nullptr) return {};
    return run(program_.saveStates(resident_->address()));
}

Status FpgaModel::makeResident(FpgaState& state) {
    if (resident_ == &state) return {};
    TERNION_CHECK(saveResident());
    resident_ = nullptr;
    TERNION_CHECK(run(program_.loadStates(state.address())));
    resident_ = &state;
    return {};
}

// ---- Tensors --------------------------------------------------------------------------------------------------------------

Result<std::vector<std::int32_t>> FpgaModel::readWords(std::uint64_t address, int elements) {
    std::vector<std::int32_t> values(static_cast<std::size_t>(elements));
    TERNION_CHECK(board_->copyOut(address, std::as_writable_bytes(std::span(values))));
    return values;
}

/// u and v each begin a word.
Result<std::vector<std::int32_t>> FpgaModel::readTensor(std::uint64_t address, TraceTensor tensor) {
    const int width = widthOf(tensor, model().config);
    if (tensor != TraceTensor::GluProjection) return readWords(address, width);
    const Configuration& c = program_.configuration();
    TERNION_TRY(auto values, readWords(address, width / 2));
    const auto second = address + static_cast<std::uint64_t>(c.wordsFor(width / 2)) * static_cast<std::uint64_t>(c.wordBytes());
    TERNION_TRY(const auto half, readWords(second, width / 2));
    values.insert(values.end(), half.begin(), half.end());
    return values;
}

Status FpgaModel::writeTensor(std::uint64_t address, TraceTensor tensor, std::span<const std::int32_t> values) {
    if (tensor != TraceTensor::GluProjection) return board_->copyIn(address, std::as_bytes(values));
    const Configuration& c = program_.configuration();
    const std::size_t half = values.size() / 2;
    TERNION_CHECK(board_->copyIn(address, std::as_bytes(values.first(half))));
    return board_->copyIn(
        address + static_cast<std::uint64_t>(c.wordsFor(static_cast<int>(half))) * static_cast<std::uint64_t>(c.wordBytes()),
        std::as_bytes(values.subspan(half)));
}

Status FpgaModel::putVector(std::span<const float> x) {
    std::vector<std::int32_t> values(static_cast<std::size_t>(program_.configuration().wordsFor(static_cast<int>(x.size())) *
                                                              program_.configuration().elements()));
    std::transform(x.begin(), x.end(), values.begin(), [](float v) { return fixed::fromFloat(v, fixed::valueFraction); });
    return board_->copyIn(program_.vector(), bytesOf(values));
}

Status FpgaModel::readLogits(std::span<float> logits) {
    TERNION_TRY(const auto values, readWords(program_.logits(), static_cast<int>(logits.size())));
    std::transform(values.begin(), values.end(), logits.begin(),
                   [](std::int32_t v) { return fixed::toFloat(v, fixed::valueFraction); });
    return {};
}

// ---- Passes ---------------------------------------------------------------------------------------------------------------

Result<ForwardOutput> FpgaModel::forward(std::span<const TokenId> tokens, DeviceState& state, const ForwardOptions& options) {
    const ModelConfig& config = model().config;
    TERNION_CHECK(checkTokens(tokens, config));
    TERNION_CHECK(checkIntervention(options.intervention, config));
    const int total = static_cast<int>(tokens.size());
    const int logitRows = logitRowsOf(options.logits, total);
    const auto vocab = static_cast<std::size_t>(config.vocabSize);
    ForwardOutput output;
    TERNION_TRY(output.trace, Trace::create(options.trace, config, total));
    if (options.trace.items.size() > ModelProgram::mostTraced)
        return boardError(ErrorCode::InvalidArgument,
                          "at most " + std::to_string(ModelProgram::mostTraced) + " tensors can be traced at once on a board",
                          device_);
    output.logits.resize(static_cast<std::size_t>(logitRows) * vocab);

    ProgramRequest request;
    request.keep = options.trace.items;
    for (const Edit& edit : options.intervention)
        if (const TraceRequest::Item item{edit.tensor, edit.layer};
            std::find(request.edit.begin(), request.edit.end(), item) == request.edit.end())
            request.edit.push_back(item);
    std::vector<ProgramPart> without, with;
    request.head = false;
    if (logitRows < total) without = program_.program(request);
    request.head = true;
    if (logitRows > 0) with = program_.program(request);

    auto& own = static_cast<FpgaState&>(state);
    for (int t = 0; t < total; ++t) {
        if (options.stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
        TERNION_CHECK(makeResident(own));
        TERNION_CHECK(board_->write32(reg::token, static_cast<std::uint32_t>(tokens[static_cast<std::size_t>(t)])));
        const int row = t - (total - logitRows);
        // Once begun a token is finished: it changes the state layer by layer.
        TERNION_CHECK(runParts(row >= 0 ? with : without, options.intervention));
        ++own.position;
        TERNION_CHECK(readCounters());
        if (row >= 0) TERNION_CHECK(readLogits(std::span(output.logits).subspan(static_cast<std::size_t>(row) * vocab, vocab)));
        for (std::size_t slot = 0; slot < options.trace.items.size(); ++slot) {
            const TraceRequest::Item item = options.trace.items[slot];
            TERNION_TRY(auto values, readTensor(program_.traceSlot(static_cast<int>(slot)), item.tensor));
            if (item == TraceRequest::Item{TraceTensor::Residual, config.numLayers}) fixed::finalNorm(values, model(), values);
            output.trace.put(item, t, 1, floatsOf(values, fixed::fractionOf(item.tensor)).data());
        }
    }
    return output;
}

Result<std::vector<float>> FpgaModel::readOut(std::span<const float> x, const std::stop_token& stop) {
    TERNION_CHECK(checkLayerInput(0, x.size(), model().config));
    const auto width = static_cast<std::size_t>(model().config.hiddenSize),
               vocab = static_cast<std::size_t>(model().config.vocabSize);
    std::vector<float> logits(x.size() / width * vocab);
    ProgramRequest request;
    request.onlyHead = true;
    const auto parts = program_.program(request);
    for (std::size_t t = 0; t < x.size() / width; ++t) {
        if (stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
        TERNION_CHECK(putVector(x.subspan(t * width, width)));
        TERNION_CHECK(runParts(parts, {}));
        TERNION_CHECK(readLogits(std::span(logits).subspan(t * vocab, vocab)));
    }
    return logits;
}

Result<std::vector<float>> FpgaModel::forwardLayer(int layer, std::span<const float> x, DeviceState& state) {
    TERNION_CHECK(checkLayerInput(layer, x.size(), model().config));
    const auto width = static_cast<std::size_t>(model().config.hiddenSize);
    ProgramRequest request;
    request.onlyLayer = layer;
    request.head = false;
    const auto parts = program_.program(request);
    TERNION_CHECK(makeResident(static_cast<FpgaState&>(state)));
    std::vector<float> out(x.size());
    for (std::size_t at = 0; at < x.size(); at += width) {
        TERNION_CHECK(putVector(x.subspan(at, width)));
        TERNION_CHECK(runParts(parts, {}));
        TERNION_TRY(const auto values, readWords(program_.vector(), static_cast<int>(width)));
        std::transform(values.begin(), values.end(), out.begin() + static_cast<std::ptrdiff_t>(at),
                       [](std::int32_t v) { return fixed::toFloat(v, fixed::valueFraction); });
    }
    return out;
}

Result<BitLinearOutput> FpgaModel::bitLinear(const BitLinear& /*linear*/, std::span<const float> /*x*/) {
    return boardError(
        ErrorCode::Unsupported,
        "a board keeps the codes of a product to itself; look at them on the CPU in the fixed profile, which computes the same",
        device_);
}

// ---- Around it ------------------------------------------------------------------------------------------------------------

MemoryUse FpgaModel::memory() const {
    MemoryUse use;
    use.weights = program_.imageBytes();
    use.perToken = program_.weightBytes();
    use.state = program_.stateBytes() * static_cast<std::uint64_t>(std::count(slotTaken_.begin(), slotTaken_.end(), true));
    use.trace = program_.slotBytes() * ModelProgram::mostTraced;
    use.scratch = program_.states() - program_.imageBytes() - use.trace;
    return use;
}

Result<std::uint64_t> FpgaModel::memoryInUse() const { return memory().total(); }

Result<double> FpgaModel::measureReadBandwidth() {
    if (board_->info().simulated)
        return boardError(ErrorCode::Unsupported, "a simulated board's memory is an assumption, there is nothing to measure",
                          device_);
    // Every trit once, as for a token, by the accelerator's own clock.
    const auto words = static_cast<std::uint32_t>(program_.configuration().vectorWords / 2);
    std::vector<Instruction> program(64, {Opcode::Load, 0, 0, 0, 0, words, 0});
    program.emplace_back();
    TERNION_CHECK(saveResident());
    resident_ = nullptr;
    TERNION_CHECK(run(program));
    TERNION_CHECK(readCounters());
    return static_cast<double>(lastToken_->readBytes) / (static_cast<double>(lastToken_->total) / clockHz_);
}

}  // namespace ternion::fpga
