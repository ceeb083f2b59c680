// The forward pass on the host's processor.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <stop_token>
#include <thread>
#include <unordered_map>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/cpu_watch.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/thread_pool.h"
#include "base/aligned_buffer.h"

namespace ternion {

/// A model resident in host memory: the shared Model itself, read in place, its trits once more in the dense packing where
/// decode uses that, and scratch for one chunk of tokens.
class CpuModel final : public DeviceModel {
public:
    /// OutOfMemory, also where the system gives no more threads. InvalidArgument for a packing that the kernels do not have.
    static Result<std::unique_ptr<DeviceModel>> create(std::shared_ptr<const Model> model, DeviceInfo device,
                                                       const Kernels& kernels, int threads, Packing packing);

    const Model& model() const override { return *model_; }
    const DeviceInfo& device() const override { return device_; }
    Result<std::unique_ptr<DeviceState>> createState() override;
    Result<ForwardOutput> forward(std::span<const TokenId> tokens, DeviceState& state, const ForwardOptions& options) override;
    MemoryUse memory() const override;
    Result<PassTimes> timeKernels(int tokens) override;
    Packing packing() const override { return triples_.empty() ? Packing::TwoBit : Packing::Dense; }
    Result<double> measureReadBandwidth() override;
    Result<std::vector<float>> readOut(std::span<const float> x, const std::stop_token& stop) override;
    Result<std::vector<float>> forwardLayer(int layer, std::span<const float> x, DeviceState& state) override;
    Result<BitLinearOutput> bitLinear(const BitLinear& linear, std::span<const float> x) override;

private:
    /// Tokens that go through a layer together: each weight is unpacked once for several of them.
    static constexpr int chunkTokens = 64;

    /// `[chunkTokens, width]` floats.
    struct Rows {
        AlignedBuffer buffer;
        int width = 0;
        float* row(int token) { return reinterpret_cast<float*>(buffer.data()) + std::ptrdiff_t{token} * width; }
    };

    /// The inputs of one BitLinear, quantised: `[chunkTokens, blocksPerRow * 256]` codes as Kernels::quantise orders them.
    struct Codes {
        AlignedBuffer buffer;
        std::array<float, chunkTokens> steps{};
        std::array<std::int32_t, chunkTokens> sums{};
        std::int8_t* row(int token, const TernaryMatrix& matrix) {
            return reinterpret_cast<std::int8_t*>(buffer.data()) +
                   std::ptrdiff_t{token} * matrix.blocksPerRow() * TernaryMatrix::blockColumns;
        }
    };

    CpuModel(std::shared_ptr<const Model> model, DeviceInfo device, const Kernels& kernels, int threads);

    static Status allocate(Rows& rows, int width);
    static Status allocate(Codes& codes, int width);

    // The steps of design, section 2, in its order; each over the `tokens` of one chunk. `watch`: null where nobody looks.
    void runLayer(int layer, int tokens, float* h, const CpuWatch* watch);
    void mixTokens(int layer, int tokens, float* h, const CpuWatch* watch);
    void mixChannels(int layer, int tokens, const CpuWatch* watch);
    /// One token's gates, as Kernels::gates, for channels `begin` to `end`, each value seen as it is made.
    void seenGates(int layer, int token, int begin, int end, const float* before, const CpuWatch& watch);
    void seeRows(TraceTensor tensor, int layer, int tokens, Rows& rows, const CpuWatch& watch);
    void runHead(int firstToken, int tokens, float* logits);

    // Their parts. `row` is a chunk's token; `begin` and `end` bound the matrix rows that the calling thread makes.
    /// RMSNorm: out = x * g. Returns what `out` is still to be multiplied by.
    float rmsNorm(const float* x, const std::vector<float>& g, float* out) const;
    /// r of the BitLinears that are given x * r1.
    float bitLinearInverse(const float* x, std::size_t n, float r1) const;
    /// The codes of what r belongs to; `weighed` has room for as much.
    void quantise(const BitLinear& linear, const float* x, float r, float* weighed, Codes& codes, int row) const;
    template <class Finish>
    void multiply(const TernaryMatrix& matrix, const std::byte* triples, Codes& codes, int tokens, int begin, int end,
                  const Finish& finish) const;
    void project(const TernaryMatrix& matrix, Codes& codes, int tokens, int begin, int end, float* y,
                 std::ptrdiff_t stride) const;
    void addProjection(const BitLinear& linear, Codes& codes, int tokens, Rows& y);
    /// The same where what is added is seen before; `room` is as wide as `y`, or wider.
    void addSeenProjection(const BitLinear& linear, Codes& codes, int tokens, Rows& y, Rows& room, TraceTensor tensor,
                           int layer, const CpuWatch& watch);
    /// Where a pass is timed: what was done since the last call, or the pass's begin, was `kernel`.
    void lap(const char* kernel, int layer, std::initializer_list<const BitLinear*> read = {});
    Status allocateTriples();
    /// Puts the weights where they are read fastest: trits on huge pages, triples packed.
    void arrangeWeights(const std::stop_token& stop);
    /// The matrix in the dense packing; null where it is not the model's or not packed so (yet).
    const std::byte* triplesOf(const TernaryMatrix& matrix) const;
    template <class Work>
    void forEachToken(int tokens, const Work& work);

    std::shared_ptr<const Model> model_;
    DeviceInfo device_;
    const Kernels& kernels_;
    ThreadPool pool_;

    /// A matrix in the dense packing, or the place for it.
    struct Triples {
        std::span<std::byte> bytes;
        std::atomic<bool> packed = false;
    };
    AlignedBuffer dense_;                                        ///< the triples of all matrices, in the model's order
    std::unordered_map<const TernaryMatrix*, Triples> triples_;  ///< empty: two bits a trit

    Rows x_;                      ///< `[D]` the residual stream
    Rows normed_;                 ///< `[max(D, S)]` a, o and m of the design, less the factor that rmsNorm returns
    Rows codable_;                ///< `[max(D, S, I)]` n inside BitLinear, likewise
    Rows i_, f_, g_, h_;          ///< `[S]` after runLayer as TraceTensor describes them
    Rows uv_;                     ///< `[2I]`
    std::array<Codes, 3> codes_;  ///< i, f and g have norms, so codes, of their own; all else uses the first

    /// A pass that is timed; null: none.
    struct Laps {
        std::vector<KernelTime> kernels;
        std::chrono::steady_clock::time_point last;
    };
    Laps* laps_ = nullptr;

    std::jthread arranger_;  // last: it uses the above. The first tokens do not wait for it
};

}  // namespace ternion
