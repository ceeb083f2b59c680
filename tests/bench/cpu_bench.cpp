// The ternary mat-vec of every instruction set and packing that this processor has, at the published shapes, with weights
// larger than any cache: what one token costs. `of_bandwidth` is the share of the bandwidth that the same threads read memory
// with just before.
#include <benchmark/benchmark.h>

#include <array>
#include <cmath>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include "backend/cpu/host_processor.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/read_bandwidth.h"
#include "backend/cpu/row_triples.h"
#include "backend/cpu/thread_pool.h"
#include "model/model.h"

namespace ternion {
namespace {

struct Shape {
    int cols;
    int rows;
};
constexpr std::array shapes{Shape{1024, 1024}, Shape{2048, 2048}, Shape{2048, 11264}, Shape{5632, 2048}, Shape{2048, 32000}};
constexpr std::size_t allWeights = std::size_t{256} << 20;

/// Copies of one matrix, side by side as a model's are, so that each is cold when its turn comes.
Result<AlignedBuffer> coldWeights(const Shape& shape, bool dense) {
    std::vector<std::int8_t> trits(static_cast<std::size_t>(shape.cols) * static_cast<std::size_t>(shape.rows));
    for (std::size_t k = 0; k < trits.size(); ++k) trits[k] = static_cast<std::int8_t>(static_cast<int>(k * k % 7 % 3) - 1);
    TERNION_TRY(const auto matrix, TernaryMatrix::fromTrits(trits, shape.rows, shape.cols, 1.0F));
    TERNION_TRY(auto triples, AlignedBuffer::allocate(triplesBytes(matrix)));
    packTriples(matrix, triples.bytes());
    const auto one = dense ? triples.bytes() : matrix.packed();
    TERNION_TRY(auto all, AlignedBuffer::allocate(allWeights / one.size() * one.size()));
    for (std::size_t at = 0; at < all.size(); at += one.size()) std::copy(one.begin(), one.end(), all.data() + at);
    return all;
}

void matVec(benchmark::State& state, const Kernels& kernels, const Shape& shape, int threads, bool dense) {
    ThreadPool pool(threads);
    const auto bandwidth = readBandwidth(kernels, pool);
    const auto weights = coldWeights(shape, dense);
    if (!bandwidth || !weights) return state.SkipWithError("no memory");
    std::vector<float> x(static_cast<std::size_t>(shape.cols));
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = std::sin(0.37F * static_cast<float>(k));
    const int blocks = TernaryMatrix::blocksFor(shape.cols);
    const int group = dense ? 3 : 1;  // rows that lie together
    const std::size_t groupBytes = dense ? tripleBytes(blocks) : static_cast<std::size_t>(blocks) * TernaryMatrix::blockBytes;
    const std::size_t bytes = groupBytes * static_cast<std::size_t>((shape.rows + group - 1) / group);
    const auto accumulate = dense ? kernels.accumulateTriples : kernels.accumulate;
    std::vector<std::int8_t> codes(static_cast<std::size_t>(TernaryMatrix::paddedColumns(shape.cols)));
    std::vector<std::int32_t> accumulators(static_cast<std::size_t>(shape.rows));
    std::size_t at = 0;
    const ThreadPool::OwnCore core(pool);
    for ([[maybe_unused]] auto _ : state) {
        const std::int32_t sum = kernels.quantise(x.data(), 127.0F, codes.data(), x.size());
        pool.run(shape.rows, 48, [&](int begin, int end) {
            accumulate(weights->data() + at + static_cast<std::size_t>(begin / group) * groupBytes, end - begin, blocks,
                       codes.data(), &sum, 1, accumulators.data() + begin);
        });
        benchmark::DoNotOptimize(accumulators.data());
        at = at + bytes < weights->size() ? at + bytes : 0;
    }
    const auto all = static_cast<double>(bytes) * static_cast<double>(state.iterations());
    state.SetBytesProcessed(static_cast<std::int64_t>(all));
    state.counters["of_bandwidth"] = benchmark::Counter(all / *bandwidth, benchmark::Counter::kIsRate);
}

[[maybe_unused]] const bool registered = [] {
    for (const Kernels* kernels : allKernels)
        for (const int threads : {1, static_cast<int>(physicalCores().size())})
            for (const Shape& shape : shapes)
                for (const bool dense : {false, true}) {
                    if (!kernels->supported() || kernels == &scalarKernels || (dense && kernels->accumulateTriples == nullptr))
                        continue;
                    benchmark::RegisterBenchmark(
                        ("cpu/" + std::string(kernels->name) + (dense ? "/dense/" : "/2bit/") + std::to_string(shape.cols) +
                         "x" + std::to_string(shape.rows) + "/threads:" + std::to_string(threads))
                            .c_str(),
                        [=](benchmark::State& state) { matVec(state, *kernels, shape, threads, dense); })
                        ->UseRealTime()
                        ->Unit(benchmark::kMicrosecond);
                }
    return true;
}();

}  // namespace
}  // namespace ternion
