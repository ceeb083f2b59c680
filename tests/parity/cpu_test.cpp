// Every instruction set and every number of threads against the plain path, and the plain path against plain arithmetic.
#include "backend/cpu/cpu_backend.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <thread>
#include <tuple>

#include "parity/parity_cases.h"

namespace ternion {
namespace {

Result<std::unique_ptr<DeviceModel>> load(const std::shared_ptr<const Model>& model, const CpuOptions& options,
                                          Packing packing = Packing::Auto) {
    return makeCpuBackend(options)->load(model, 0, {}, {packing});
}

std::unique_ptr<DeviceModel> reference(const std::shared_ptr<const Model>& model) {
    auto loaded = load(model, {.instructionSet = "scalar", .threads = 1});
    EXPECT_TRUE(loaded.ok());
    return std::move(*loaded);
}

class CpuParity : public testing::TestWithParam<std::tuple<const char*, int, Packing>> {
protected:
    std::unique_ptr<DeviceModel> device(const std::shared_ptr<const Model>& model) const {
        const auto [instructionSet, threads, packing] = GetParam();
        auto loaded = load(model, {.instructionSet = instructionSet, .threads = threads}, packing);
        if (!loaded.ok()) return nullptr;
        EXPECT_EQ((*loaded)->packing(), packing);
        return std::move(*loaded);
    }
};

TEST_P(CpuParity, BitLinears) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    const auto found = device(model);
    if (!found) GTEST_SKIP() << std::get<0>(GetParam()) << " has it not, or the processor has not " << std::get<0>(GetParam());
    parity::expectSameBitLinears(*reference(model), *found);
}

TEST_P(CpuParity, Passes) {
    for (const auto& model : parity::models()) {
        const auto found = device(model);
        if (!found)
            GTEST_SKIP() << std::get<0>(GetParam()) << " has it not, or the processor has not " << std::get<0>(GetParam());
        parity::expectSamePasses(*reference(model), *found);
    }
}

TEST_P(CpuParity, InterventionsAndReadOuts) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    const auto found = device(model);
    if (!found) GTEST_SKIP() << std::get<0>(GetParam()) << " has it not, or the processor has not " << std::get<0>(GetParam());
    parity::expectSameInterventions(*reference(model), *found);
    parity::expectSameReadOuts(*reference(model), *found);
}

INSTANTIATE_TEST_SUITE_P(All, CpuParity,
                         testing::Combine(testing::Values("scalar", "avx2", "avx512vnni"), testing::Values(1, 2, 3),
                                          testing::Values(Packing::TwoBit, Packing::Dense)),
                         [](const auto& instance) {
                             return std::string(std::get<0>(instance.param)) + "_" +
                                    std::to_string(std::get<1>(instance.param)) +
                                    (std::get<2>(instance.param) == Packing::Dense ? "_dense" : "_two_bit");
                         });

/// What a BitLinear is, written down once more without anything of the engine's: trits one by one, sums in double.
TEST(CpuReference, BitLinearIsTheFormula) {
    const auto device = reference(parity::oddModel(parity::oddConfig(61, 77)));
    for (const parity::Shape shape : parity::shapes()) {
        const BitLinear linear = parity::bitLinear(shape, 21);
        const auto cols = static_cast<std::size_t>(shape.cols), rows = static_cast<std::size_t>(shape.rows);
        for (const auto& input : parity::inputs(shape.cols)) {
            if (input.name == "squares overflow") continue;  // in single precision only
            SCOPED_TRACE(std::to_string(shape.rows) + "x" + std::to_string(shape.cols) + ", " + input.name);
            const auto found = device->bitLinear(linear, input.x);
            ASSERT_TRUE(found.ok());
            for (std::size_t t = 0; t < input.x.size() / cols; ++t) {
                const float* x = input.x.data() + t * cols;
                double squares = 0.0, largest = 0.0;
                for (std::size_t k = 0; k < cols; ++k) squares += static_cast<double>(x[k]) * x[k];
                const double rms = std::sqrt(squares / static_cast<double>(cols) + 1e-6);
                for (std::size_t k = 0; k < cols; ++k) largest = std::max(largest, std::fabs(x[k] / rms * linear.norm[k]));
                const double s = 127.0 / std::max(largest, 1e-5);
                ASSERT_NEAR(found->steps[t] * s, 1.0, 1e-5);
                for (std::size_t k = 0; k < cols; ++k)  // half a unit, and what single precision may add to it
                    ASSERT_NEAR(found->codes[t * cols + k], x[k] / rms * linear.norm[k] * s, 0.501);
                for (std::size_t r = 0; r < rows; ++r) {
                    std::int64_t sum = 0;
                    for (std::size_t k = 0; k < cols; ++k)
                        sum += linear.weight.trit(static_cast<int>(r), static_cast<int>(k)) * found->codes[t * cols + k];
                    ASSERT_EQ(found->accumulators[t * rows + r], sum);
                    const double y = static_cast<double>(sum) * linear.weight.gamma() / s;
                    ASSERT_NEAR(found->y[t * rows + r], y, 1e-5 * std::fabs(y));
                }
            }
        }
    }
}

/// oddModel with some of its parts changed before it becomes immutable.
template <class Change>
std::unique_ptr<DeviceModel> changedReference(const Change& change) {
    auto model = parity::makeOddModel(parity::oddConfig(61, 77));
    change(model);
    return reference(std::make_shared<const Model>(std::move(model)));
}

TEST(CpuReference, AnEditIsTheModelWithThatLineRemoved) {
    const auto ids = parity::tokenIds(19, 101);
    const auto whole = reference(parity::oddModel(parity::oddConfig(61, 77)));
    struct Removal {
        TraceTensor tensor;
        BitLinear Layer::*linear;  ///< whose product it is: with zeros alone it gives zero
    };
    for (const Removal& removal :
         {Removal{TraceTensor::CandidateProjection, &Layer::i}, Removal{TraceTensor::ForgetProjection, &Layer::f},
          Removal{TraceTensor::OutputGate, &Layer::g}, Removal{TraceTensor::TokenMixer, &Layer::o},
          Removal{TraceTensor::GluProjection, &Layer::gate}, Removal{TraceTensor::ChannelMixer, &Layer::down}}) {
        const auto without = changedReference([&](Model& model) {
            TernaryMatrix& weight = (model.layers[1].*removal.linear).weight;
            const std::vector<std::int8_t> zeros(static_cast<std::size_t>(weight.rows()) *
                                                 static_cast<std::size_t>(weight.cols()));
            weight = *TernaryMatrix::fromTrits(zeros, weight.rows(), weight.cols(), weight.gamma());
        });
        parity::expectSame(parity::pass(*without, ids, ids.size(), {}),
                           parity::pass(*whole, ids, ids.size(), {}, {{removal.tensor, 1}}),
                           std::string(nameOf(removal.tensor)));
    }
    const auto shorter = changedReference([](Model& model) {
        model.layers.erase(model.layers.begin() + 1);
        model.config.numLayers = 2;
    });
    const auto expected = parity::pass(*shorter, ids, ids.size(), {});
    const auto found = parity::pass(*whole, ids, ids.size(), {}, withoutLayer(1));
    parity::expectSameBits(expected.output.logits, found.output.logits, "without a layer");
}

/// Formulas of the design around what was edited, and untouched values before it.
TEST(CpuReference, AnEditIsSeenByAllThatComesAfterIt) {
    const auto device = reference(parity::oddModel(parity::oddConfig(61, 77)));
    const auto ids = parity::tokenIds(9, 101);
    const auto request = parity::everything(3);
    const auto plain = parity::pass(*device, ids, ids.size(), request);
    for (int k = 0; k < traceTensors; ++k) {
        const auto tensor = static_cast<TraceTensor>(k);
        SCOPED_TRACE(nameOf(tensor));
        const auto pinned = parity::pass(*device, ids, ids.size(), request, {{tensor, 1, 4, 2, Edit::Kind::Pin, 0.25F}});
        const auto value = [&](const parity::Passed& passed, TraceTensor of, std::size_t token, std::size_t channel) {
            const auto* found = parity::find(passed.output.trace, {of, 1});
            return found->values[token * static_cast<std::size_t>(found->width) + channel];
        };
        for (std::size_t t = 0; t < ids.size(); ++t) {
            EXPECT_EQ(value(pinned, tensor, t, 4), 0.25F);
            EXPECT_EQ(value(pinned, tensor, t, 5), 0.25F);
            if (t == 0) {
                EXPECT_EQ(value(pinned, tensor, t, 3), value(plain, tensor, t, 3));
            }
            for (const std::size_t c : {std::size_t{4}, std::size_t{9}}) {
                const auto at = [&](TraceTensor of) { return static_cast<double>(value(pinned, of, t, c)); };
                const auto follows = [&](TraceTensor of, double expected) {  // unless it is what was edited
                    EXPECT_NEAR(at(of), of == tensor && c == 4 ? 0.25 : expected, 1e-5) << nameOf(of) << " of token " << t;
                };
                const auto silu = [](double x) { return x / (1.0 + std::exp(-x)); };
                const double before = t == 0 ? 0.0 : value(pinned, TraceTensor::State, t - 1, c);
                follows(TraceTensor::State, at(TraceTensor::ForgetGate) * before + at(TraceTensor::Candidate));
                follows(TraceTensor::Candidate,
                        silu(at(TraceTensor::CandidateProjection)) * (1.0 - at(TraceTensor::ForgetGate)));
                follows(TraceTensor::MidResidual, at(TraceTensor::Residual) + at(TraceTensor::TokenMixer));
                follows(TraceTensor::LayerOutput, at(TraceTensor::MidResidual) + at(TraceTensor::ChannelMixer));
                follows(TraceTensor::Glu,
                        silu(at(TraceTensor::GluProjection)) * value(pinned, TraceTensor::GluProjection, t, c + 77));
            }
        }
        parity::expectSameBits(parity::find(plain.output.trace, {TraceTensor::LayerOutput, 0})->values,
                               parity::find(pinned.output.trace, {TraceTensor::LayerOutput, 0})->values, "the layer before");
    }
}

TEST(CpuReference, LogitsAreTheRowsAskedFor) {
    const auto device = reference(parity::oddModel(parity::oddConfig(61, 77)));
    const auto ids = parity::tokenIds(70, 101);
    const auto all = parity::pass(*device, ids, ids.size(), {}).output.logits;
    ASSERT_EQ(all.size(), 70U * 101U);
    for (const std::size_t count : {std::size_t{1}, std::size_t{64}, std::size_t{65}, std::size_t{70}}) {
        auto state = device->createState();
        const auto last = device->forward(std::span(ids).first(count), **state, {});
        ASSERT_TRUE(last.ok());
        EXPECT_TRUE(last->trace.tensors.empty());
        parity::expectSameBits(std::span(all).subspan((count - 1) * 101, 101), last->logits,
                               "last of " + std::to_string(count));
    }
    auto state = device->createState();
    ForwardOptions none;
    none.logits = LogitsWanted::None;
    const auto silent = device->forward(ids, **state, none);
    ASSERT_TRUE(silent.ok());
    EXPECT_TRUE(silent->logits.empty());
    EXPECT_EQ((*state)->snapshot()->position, 70);
}

TEST(CpuModel, StopsBetweenChunksAndKeepsWhatIsDone) {
    const auto model = parity::oddModel(parity::oddConfig(257, 300));
    auto device = load(model, {});
    ASSERT_TRUE(device.ok());
    const auto ids = parity::tokenIds(20000, 101);
    auto state = (*device)->createState();
    std::stop_source stop;
    ForwardOptions options;
    options.stop = stop.get_token();
    std::jthread user([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        stop.request_stop();
    });
    const auto stopped = (*device)->forward(ids, **state, options);
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
    const auto left = *(*state)->snapshot();
    ASSERT_LT(left.position, 20000);
    auto fresh = (*device)->createState();
    ASSERT_TRUE((*device)->forward(std::span(ids).first(static_cast<std::size_t>(left.position)), **fresh, {}).ok());
    parity::expectSameBits((*fresh)->snapshot()->h, left.h, "state of the finished chunks");
}

TEST(CpuModel, RefusesWhatItCannotRunAndRunsNothing) {
    auto device = load(parity::oddModel(parity::oddConfig(61, 77)), {});
    ASSERT_TRUE(device.ok());
    auto state = (*device)->createState();
    for (const TokenId bad : {-1, 101}) {
        const auto refused = (*device)->forward(std::vector<TokenId>{1, 2, bad}, **state, {});
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().code, ErrorCode::InvalidArgument);
    }
    ForwardOptions options;
    options.trace.items = {{TraceTensor::State, 3}};
    EXPECT_EQ((*device)->forward(std::vector<TokenId>{1}, **state, options).error().code, ErrorCode::InvalidArgument);
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const Edit& bad : {Edit{TraceTensor::State, 3}, Edit{TraceTensor::Residual, -1}, Edit{TraceTensor::State, 0, 61, 1},
                            Edit{TraceTensor::GluProjection, 0, 150, 5}, Edit{TraceTensor::State, 0, -1, 1},
                            Edit{TraceTensor::State, 0, 0, 1, Edit::Kind::Clamp, 1.0F, 0.0F},
                            Edit{TraceTensor::State, 0, 0, 1, Edit::Kind::Pin, nan}}) {
        ForwardOptions edited;
        edited.intervention = {&bad, 1};
        EXPECT_EQ((*device)->forward(std::vector<TokenId>{1}, **state, edited).error().code, ErrorCode::InvalidArgument)
            << describe(bad);
    }
    EXPECT_EQ((*device)->readOut(std::vector<float>(60), {}).error().code, ErrorCode::InvalidArgument);
    const auto untouched = *(*state)->snapshot();
    EXPECT_EQ(untouched.position, 0);
    EXPECT_EQ(untouched.h, std::vector<float>(3 * 61));
    EXPECT_EQ((*state)->restore({std::vector<float>(3 * 60), 4}).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ((*device)->forwardLayer(3, std::vector<float>(61), **state).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ((*device)->forwardLayer(0, std::vector<float>(60), **state).error().code, ErrorCode::InvalidArgument);
}

TEST(CpuModel, StateGoesBackToASnapshot) {
    auto device = load(parity::oddModel(parity::oddConfig(61, 77)), {});
    ASSERT_TRUE(device.ok());
    const auto ids = parity::tokenIds(9, 101);
    auto state = (*device)->createState();
    ASSERT_TRUE((*device)->forward(ids, **state, {}).ok());
    const auto saved = *(*state)->snapshot();
    const auto first = (*device)->forward(ids, **state, {});
    ASSERT_TRUE((*state)->restore(saved).ok());
    const auto again = (*device)->forward(ids, **state, {});
    ASSERT_TRUE(first.ok() && again.ok());
    EXPECT_EQ(first->logits, again->logits);
    ASSERT_TRUE((*state)->reset().ok());
    EXPECT_EQ((*state)->snapshot()->position, 0);
}

TEST(CpuBackend, TellsWhatItIs) {
    const auto devices = makeCpuBackend({.instructionSet = {}, .threads = 2})->devices();
    ASSERT_EQ(devices.size(), 1U);
    EXPECT_EQ(devices[0].id(), "cpu");
    EXPECT_TRUE(devices[0].usable);
    EXPECT_FALSE(devices[0].name.empty());
    EXPECT_TRUE(devices[0].driver.ends_with(", 2 threads")) << devices[0].driver;
    EXPECT_GT(devices[0].memoryBytes, std::uint64_t{64} << 20);

    const CpuOptions unknown{.instructionSet = "abacus", .threads = 1};
    EXPECT_FALSE(makeCpuBackend(unknown)->devices().front().usable);
    const auto refused = load(parity::oddModel(parity::oddConfig(61, 77)), unknown);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::DeviceUnavailable);

    const auto dense = load(parity::oddModel(parity::oddConfig(61, 77)), {.instructionSet = "scalar"}, Packing::Dense);
    ASSERT_FALSE(dense.ok());
    EXPECT_EQ(dense.error().code, ErrorCode::InvalidArgument);
}

TEST(CpuModel, MeasuresItsMemory) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    auto device = load(model, {}, Packing::TwoBit);
    ASSERT_TRUE(device.ok());
    const auto memory = (*device)->memory();
    EXPECT_EQ(memory.perToken, model->ternaryBytes());
    EXPECT_EQ(memory.weights, model->ternaryBytes() + model->embeddingBytes());
    EXPECT_EQ(memory.state, 3U * 61U * 4U);
    EXPECT_GT(memory.scratch, 0U);
    const auto bandwidth = (*device)->measureReadBandwidth();
    ASSERT_TRUE(bandwidth.ok());
    EXPECT_GT(*bandwidth, 1e8);
    EXPECT_LT(*bandwidth, 1e13);
}

}  // namespace
}  // namespace ternion
