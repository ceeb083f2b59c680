// Where a model runs. Implementations: cpu/, vulkan/, and FpgaBackend in fpga-link.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "backend/intervention.h"
#include "backend/token_choice.h"
#include "backend/trace.h"
#include "base/progress.h"
#include "base/result.h"
#include "model/model.h"

namespace ternion {

struct DeviceInfo {
    std::string backend;  ///< "cpu", "vulkan", "fpga"
    int index = 0;        ///< among the devices of its backend
    std::string name;
    std::string driver;
    std::uint64_t memoryBytes = 0;
    std::string pciAddress = {};  ///< "0000:03:00.0"; empty: on no bus, or not known
    std::string address = {};     ///< names it within its backend in place of the index: "sim", "/dev/xdma0"
    bool software = false;        ///< runs on the host's processor (lavapipe, a simulated board)
    bool usable = false;
    std::string reason;  ///< why it is not usable, for the user

    /// What `--backend` takes: "cpu", "vulkan:0", "fpga:sim".
    std::string id() const {
        return backend == "cpu" ? backend : backend + ":" + (address.empty() ? std::to_string(index) : address);
    }
};

/// The recurrent memory of one conversation, on the host: h of every layer, `[layers, S]`. Position is the number of tokens
/// that went into it. Means the same on every backend, so a session can change its device.
struct StateSnapshot {
    std::vector<float> h;
    std::int64_t position = 0;
};

/// The same memory where the device keeps it. Belongs to the DeviceModel that made it, which must outlive it; used by one
/// thread at a time.
class DeviceState {
public:
    virtual ~DeviceState() = default;
    virtual Status reset() = 0;                          ///< all zeros, position 0
    virtual Result<StateSnapshot> snapshot() const = 0;  ///< O(layers)
    /// InvalidArgument where the shape is another model's.
    virtual Status restore(const StateSnapshot& snapshot) = 0;
    /// Back to before the last DeviceModel::decode(), if nothing has happened since.
    virtual Status rewind() { return Error{ErrorCode::Unsupported, "this device keeps no earlier state", {}}; }
};

enum class LogitsWanted : std::uint8_t { None, Last, All };

struct ForwardOptions {
    LogitsWanted logits = LogitsWanted::Last;
    TraceRequest trace;
    std::span<const Edit> intervention = {};  ///< InvalidArgument where checkIntervention() refuses it
    std::stop_token stop;                     ///< seen within one chunk
};

struct ForwardOutput {
    std::vector<float> logits;  ///< `[0 or 1 or T, V]`, row-major
    Trace trace;
};

/// What DeviceModel::decode() feeds: `first`, then tokens of its own choice, `count` in all at most.
struct DecodeRequest {
    TokenId first = 0;
    int count = 1;
    std::optional<TokenId> stopAt = {};  ///< not fed: it ends before
    TokenChoice choice = {};
    std::vector<std::uint32_t> draws = {};  ///< one for each choice, where it draws: no more than these are made
};

/// What DeviceModel::decode() made of the tokens it fed.
struct DecodeOutput {
    std::vector<TokenId> chosen;  ///< fed after the first
    std::vector<float> logits;    ///< `[V]` after the last one
};

/// How a device keeps its trits: two bits each, or more densely: five a byte on a GPU (model/dense_trits.h), three in five bits
/// on a processor (backend/cpu/row_triples.h).
enum class Packing : std::uint8_t {
    Auto,  ///< what is faster on the device, or what fits its memory
    TwoBit,
    Dense,
};

/// The arithmetic of a pass (design, sections 2 and 3).
enum class Profile : std::uint8_t {
    Auto,   ///< the device's own: a board's is fixed, all others' float
    Float,  ///< backend/float_profile.h
    Fixed,  ///< backend/fixed_profile.h
};
/// "float" or "fixed".
std::string_view nameOf(Profile profile);

struct LoadOptions {
    Packing packing = Packing::Auto;
    Profile profile = Profile::Auto;
};

/// What an accelerator's own counters say of one token, cycles of its clock (fpga-link/interface.def).
struct CycleCounts {
    std::uint64_t total = 0;
    std::uint64_t array = 0;         ///< in which the dot product array took a word
    std::uint64_t matVec = 0;        ///< in which a mat-vec was under way
    std::uint64_t streamStalls = 0;  ///< in which the array waited for memory
    std::uint64_t drainStalls = 0;   ///< in which the array waited for its results to leave
    std::uint64_t readBytes = 0;
    std::uint64_t writtenBytes = 0;
    std::uint64_t toggles = 0;  ///< bits that changed in the first eight bytes of the array's input
    double clockHz = 0.0;
    bool simulated = false;  ///< so is the clock: total / clockHz is modelled, not measured
};

struct MemoryUse {
    std::uint64_t weights = 0;
    std::uint64_t perToken = 0;  ///< of the weights, what one token of decode reads
    std::uint64_t state = 0;
    std::uint64_t scratch = 0;
    std::uint64_t trace = 0;  ///< what brings traced tensors and edits back and forth
    std::uint64_t total() const { return weights + state + scratch + trace; }
};

/// What the device's own clock says of one dispatch, or the host's of one step of the CPU's pass.
struct KernelTime {
    std::string kernel;
    double seconds = 0.0;
    std::uint64_t weightBytes = 0;  ///< trits that it reads at least once; 0: it has none
    int layer = -1;                 ///< -1: in none of them (the head)
};
struct PassTimes {
    int tokens = 0;                   ///< of the pass
    std::vector<KernelTime> kernels;  ///< in the order of the pass
};

/// All intermediates of one BitLinear over T tokens; what parity tests compare.
struct BitLinearOutput {
    std::vector<std::int8_t> codes;          ///< `[T, in]`
    std::vector<float> steps;                ///< `[T]` max|n| / 127 = 1 / s
    std::vector<std::int32_t> accumulators;  ///< `[T, out]`
    std::vector<float> y;                    ///< `[T, out]`
};

/// A model resident on one device. Used by one thread at a time; the Model is shared and outlives it.
///
/// Both profiles are bit-exact: every backend performs the same operations in the same order (backend/float_profile.h,
/// backend/fixed_profile.h), so all outputs of all backends with one profile are equal to the last bit.
class DeviceModel {
public:
    virtual ~DeviceModel() = default;
    virtual const Model& model() const = 0;
    virtual const DeviceInfo& device() const = 0;
    virtual Result<std::unique_ptr<DeviceState>> createState() = 0;

    /// Runs `tokens` (one: decode; many: prefill, in chunks) and advances `state`. InvalidArgument for a token outside the
    /// vocabulary (nothing has run). Cancelled: the state holds what the finished chunks left; its position tells how many
    /// tokens. DeviceLost, DeviceOutOfMemory: the state is gone; go on elsewhere from the last snapshot.
    virtual Result<ForwardOutput> forward(std::span<const TokenId> tokens, DeviceState& state,
                                          const ForwardOptions& options) = 0;

    /// Feeds tokens without the host between them, where mostAhead() allows it. It may feed fewer. Fails like forward().
    virtual Result<DecodeOutput> decode(const DecodeRequest& request, DeviceState& state);
    virtual int mostAhead() const { return 1; }  ///< tokens that one decode() feeds, at most

    virtual MemoryUse memory() const = 0;
    /// Bytes of the device's own memory that this program uses, as its driver counts them. May be called from any thread, at
    /// any time. Unsupported, saying why, where nobody tells.
    virtual Result<std::uint64_t> memoryInUse() const;
    virtual Packing packing() const { return Packing::TwoBit; }  ///< never Auto
    virtual Profile profile() const { return Profile::Float; }   ///< never Auto
    /// Of the last token that forward() ran. Nothing: it counts no cycles.
    virtual std::optional<CycleCounts> lastToken() const { return std::nullopt; }

    /// Bytes a second that this device reads from its memory, measured now over a buffer larger than its caches (about 0.2 s):
    /// the roof that decode is judged against.
    virtual Result<double> measureReadBandwidth() = 0;

    /// One pass over `tokens` tokens, or as many of them as go together, on a state of its own and dispatch by dispatch: one
    /// token goes the way of decode without decode()'s short cuts. Unsupported, saying why, where there is nothing to time or
    /// no clock.
    virtual Result<PassTimes> timeKernels(int tokens);

    // For tests and inspection only: parts of a pass, fed from the host.
    /// Logits `[T, V]` of residual states `[T, D]`: the final norm and the head. Of what leaves layer l, the logits of the
    /// model cut off behind it (a lens). Cancelled between a few tokens.
    virtual Result<std::vector<float>> readOut(std::span<const float> x, const std::stop_token& stop) = 0;
    /// One layer over T tokens: `x` is `[T, D]` entering it, the result what leaves it; layer `layer` of `state` advances.
    virtual Result<std::vector<float>> forwardLayer(int layer, std::span<const float> x, DeviceState& state) = 0;
    /// One BitLinear over T tokens: `x` is `[T, in]`. The matrix need not be the model's.
    virtual Result<BitLinearOutput> bitLinear(const BitLinear& linear, std::span<const float> x) = 0;
};

class Backend {
public:
    virtual ~Backend() = default;
    virtual std::string_view name() const = 0;
    /// Every device it knows of, unusable ones too, each with its reason. Quick; never fails.
    virtual std::vector<DeviceInfo> devices() = 0;
    /// DeviceUnavailable, DeviceOutOfMemory (with needed and available sizes), Cancelled; InvalidArgument for a packing that
    /// it does not have, Unsupported for a profile.
    virtual Result<std::unique_ptr<DeviceModel>> load(std::shared_ptr<const Model> model, int device, const Progress& progress,
                                                      const LoadOptions& options) = 0;
    Result<std::unique_ptr<DeviceModel>> load(std::shared_ptr<const Model> model, int device, const Progress& progress) {
        return load(std::move(model), device, progress, {});
    }
};

/// The backends a program was built with, in order of preference. Filled at the composition root.
class BackendRegistry {
public:
    void add(std::unique_ptr<Backend> backend) { backends_.push_back(std::move(backend)); }
    /// Of one backend, or of all where none is named. Drivers are loaded only for those that are asked.
    std::vector<DeviceInfo> devices(std::string_view backend = {}) const;
    /// `id` is "cpu", "vulkan", "vulkan:1", or empty for the best usable device: a real GPU, else the CPU; software devices are
    /// used only when named. DeviceUnavailable says what there is instead.
    Result<DeviceInfo> find(std::string_view id) const;
    Result<std::unique_ptr<DeviceModel>> load(std::string_view id, std::shared_ptr<const Model> model, const Progress& progress,
                                              const LoadOptions& options = {}) const;

private:
    std::vector<std::unique_ptr<Backend>> backends_;
};

}  // namespace ternion
