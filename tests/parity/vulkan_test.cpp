// Every Vulkan device of this machine against the plain CPU path, to the bit, with the validation layer watching.
#include "backend/vulkan/vulkan_backend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "backend/cpu/cpu_backend.h"
#include "backend/vulkan/kept_file.h"
#include "engine/session.h"
#include "parity/parity_cases.h"
#include "scratch.h"

namespace ternion {
namespace {

/// A way to the same bits.
struct Path {
    std::string name;
    Packing packing = Packing::TwoBit;
    VulkanPaths choices = {};
};

std::vector<Path> inBothPackings(const std::vector<std::pair<const char*, VulkanPaths>>& choices) {
    std::vector<Path> all;
    for (const auto& [name, choice] : choices)
        for (const Packing packing : {Packing::TwoBit, Packing::Dense})
            all.push_back({std::string(name) + (packing == Packing::Dense ? "_dense" : "_two_bit"), packing, choice});
    return all;
}

using Use = VulkanPaths::Use;

/// Every way to multiply, to add up over invocations and to decode.
std::vector<Path> paths() {
    return inBothPackings({
        {"default", {}},
        {"dot", {.packedDot = Use::On, .shape = {64, 8, 2, 3}}},
        {"multiply", {.packedDot = Use::Off, .shape = {64, 8, 2, 3}}},
        {"no_shuffles", {.shuffles = Use::Off, .shape = {32, 4, 1, 2}}},
        {"one_dispatch_a_step", {.persistent = Use::Off}},
        {"persistent", {.packedDot = Use::Off, .persistent = Use::On}},
        {"persistent_dot", {.packedDot = Use::On, .persistent = Use::On}},
        // Lavapipe does not let them wait for each other: the watchdog's turn. Hardware does.
        {"persistent_in_two", {.persistent = Use::On, .computeUnits = 2}},
        {"khr_matrix", {.khrMatrix = Use::On}},
    });
}

/// Shapes that hardware takes. Lanes beyond the device's subgroup meet in shared memory.
std::vector<Path> shapes() {
    return inBothPackings({
        {"hardware", {.packedDot = Use::On, .shape = {256, 16, 1, 8}}},
        {"subgroup_8", {.subgroupSize = 8, .shape = {256, 8, 4, 1}}},
        {"subgroup_16", {.subgroupSize = 16, .shape = {32, 16, 2, 4}}},
        {"subgroup_32", {.subgroupSize = 32, .shape = {64, 32, 4, 2}}},
        {"subgroup_64", {.subgroupSize = 64, .shape = {64, 64, 2, 1}}},
    });
}

/// Fails the test on any validation message; unwatched where the KHR's matrices are asked for, which the oldest layer that the
/// tests run with (Debian 12's) does not know.
VulkanOptions watched(const VulkanPaths& choices) {
    VulkanOptions options;
    options.paths = choices;
    options.validation = choices.khrMatrix != Use::On;
    options.onValidationMessage = [](const std::string& message) { ADD_FAILURE() << message; };
    return options;
}

std::unique_ptr<Backend> watchedBackend(const VulkanPaths& choices) { return makeVulkanBackend(watched(choices)); }

class VulkanParity : public testing::TestWithParam<Path> {
protected:
    /// Calls `test` for each usable device; there must be one (lavapipe is among the packages).
    template <class Test>
    void onEveryDevice(const std::shared_ptr<const Model>& model, const Test& test) {
        const auto backend = watchedBackend(GetParam().choices);
        int tested = 0;
        for (const DeviceInfo& info : backend->devices()) {
            if (!info.usable) continue;
            SCOPED_TRACE(info.id() + " " + info.name);
            auto device = backend->load(model, info.index, {}, {GetParam().packing});
            ASSERT_TRUE(device.ok()) << device.error().text();
            EXPECT_EQ((*device)->packing(), GetParam().packing);
            test(**device);
            ++tested;
        }
        EXPECT_GT(tested, 0) << "no Vulkan device: install mesa-vulkan-drivers";
    }
};

std::unique_ptr<DeviceModel> reference(const std::shared_ptr<const Model>& model) {
    auto loaded = makeCpuBackend({.instructionSet = "scalar", .threads = 1})->load(model, 0, {});
    EXPECT_TRUE(loaded.ok());
    return std::move(*loaded);
}

class VulkanBitLinears : public VulkanParity {};

TEST_P(VulkanBitLinears, AreTheReferences) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    onEveryDevice(model, [&](DeviceModel& device) { parity::expectSameBitLinears(*reference(model), device); });
}

TEST_P(VulkanParity, Passes) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    onEveryDevice(model, [&](DeviceModel& device) { parity::expectSamePasses(*reference(model), device); });
}

TEST_P(VulkanParity, InterventionsAndReadOuts) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    onEveryDevice(model, [&](DeviceModel& device) {
        parity::expectSameInterventions(*reference(model), device);
        parity::expectSameReadOuts(*reference(model), device);
    });
}

class VulkanDecode : public VulkanParity {};

TEST_P(VulkanDecode, TokenByTokenAndAhead) {
    const auto config = parity::oddConfig(300, 700);
    const auto model = parity::oddModel(config);
    const auto cpu = reference(model);
    onEveryDevice(model, [&](DeviceModel& device) {
        const auto there = device.createState(), here = cpu->createState();
        ASSERT_TRUE(there.ok() && here.ok());
        const auto expectSameStates = [&](std::int64_t position) {
            const auto left = (*there)->snapshot(), right = (*here)->snapshot();
            ASSERT_TRUE(left.ok() && right.ok());
            parity::expectSameBits(right->h, left->h, "state");
            EXPECT_EQ(left->position, position);
        };
        std::vector<float> logits;
        for (const TokenId id : parity::tokenIds(6, config.vocabSize)) {
            auto found = device.forward({&id, 1}, **there, {});
            const auto expected = cpu->forward({&id, 1}, **here, {});
            ASSERT_TRUE(found.ok() && expected.ok());
            parity::expectSameBits(expected->logits, found->logits, "token " + std::to_string(id));
            logits = std::move(found->logits);
        }
        expectSameStates(6);

        // Ahead: the device chooses. Each token that it fed is the first of the largest logits before it.
        const auto largest = [](const std::vector<float>& of) {
            return static_cast<TokenId>(std::max_element(of.begin(), of.end()) - of.begin());
        };
        const TokenId first = largest(logits);
        const auto before = (*there)->snapshot();
        const auto ahead = device.decode({first, 5}, **there);
        ASSERT_TRUE(before.ok() && ahead.ok());
        EXPECT_EQ(ahead->chosen.size() + 1, static_cast<std::size_t>(std::min(5, device.mostAhead())));
        std::vector<TokenId> fed{first};
        fed.insert(fed.end(), ahead->chosen.begin(), ahead->chosen.end());
        for (const TokenId id : fed) {
            EXPECT_EQ(id, largest(logits));
            auto expected = cpu->forward({&id, 1}, **here, {});
            ASSERT_TRUE(expected.ok());
            logits = std::move(expected->logits);
        }
        parity::expectSameBits(logits, ahead->logits, "logits ahead");
        expectSameStates(static_cast<std::int64_t>(6 + fed.size()));

        const auto& choices = GetParam().choices;
        const bool persistent =
            choices.persistent == Use::On && choices.computeUnits == 0 && GetParam().packing == Packing::TwoBit;
        EXPECT_TRUE(device.mostAhead() > 1 || !persistent);
        if (device.mostAhead() == 1) return;
        ASSERT_TRUE((*there)->rewind().ok());
        EXPECT_FALSE((*there)->rewind().ok());
        ASSERT_TRUE((*here)->restore(*before).ok());
        expectSameStates(6);
        const auto stopped = device.decode({first, 5, fed[2]}, **there);
        ASSERT_TRUE(stopped.ok());
        EXPECT_EQ(stopped->chosen, std::vector(fed.begin() + 1, std::find(fed.begin() + 1, fed.end(), fed[2])));
    });
}

TEST(VulkanSession, StopsAmidTokensThatWereChosenAhead) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    auto loaded = watchedBackend({.persistent = Use::On})->load(model, 0, {}, {});
    ASSERT_TRUE(loaded.ok()) << loaded.error().text();
    const std::shared_ptr<DeviceModel> vulkan = std::move(*loaded);
    ASSERT_GT(vulkan->mostAhead(), 3);
    const std::shared_ptr<DeviceModel> cpu = reference(model);
    std::vector<std::vector<TokenId>> told;
    for (const auto& device : {vulkan, cpu}) {
        const auto session = Session::create(device, nullptr);
        ASSERT_TRUE(session.ok());
        ASSERT_TRUE((*session)->prefill(parity::tokenIds(3, model->config.vocabSize), {}).ok());
        GenerateOptions options;
        options.stopAtEos = false;
        for (const int stopAfter : {3, 1, 40}) {
            options.maxTokens = stopAfter == 40 ? 40 : 20;
            int seen = 0;
            const auto result = (*session)->generate(options, [&](const GeneratedToken&) { return ++seen < stopAfter; });
            ASSERT_TRUE(result.ok());
            EXPECT_EQ(result->tokens, stopAfter);
        }
        const auto tokens = (*session)->tokens();
        told.emplace_back(tokens.begin(), tokens.end());
    }
    EXPECT_EQ(told[0].size(), 3U + 3U + 1U + 40U);
    EXPECT_EQ(told[0], told[1]);
}

/// Model of `vocabulary` tokens, whose logits are often equal: few channels make them.
std::shared_ptr<const Model> talkative(int vocabulary) {
    auto config = parity::oddConfig(31, 40);
    config.vocabSize = vocabulary;
    return parity::oddModel(config);
}

TEST(VulkanSession, DrawsOnTheDeviceWhatTheHostDraws) {
    const std::vector<SamplerSettings> samplers{
        {.temperature = 1.0F},
        {.temperature = 0.3F, .seed = 1},
        {.temperature = 1e-30F},
        {.temperature = 1.0F, .topK = 1},
        {.temperature = 3.0F, .topK = 40, .seed = 2},
        {.temperature = 1.0F, .topK = 1 << 30},
        {.temperature = 1.0F, .topP = 0.9F, .seed = 3},
        {.temperature = 100.0F, .topP = 0.5F},
        {.temperature = 1.0F, .topP = 1e-12F},
        {.temperature = 0.8F, .minP = 0.05F, .seed = 4},
        {.temperature = 2.0F, .topK = 300, .topP = 0.95F, .minP = 0.01F, .seed = 5},
        {.temperature = 1.0F, .repetitionPenalty = 1.1F, .seed = 6},
    };
    for (const int vocabulary : {101}) {
        const auto model = talkative(vocabulary);
        auto loaded = watchedBackend({.persistent = Use::On})->load(model, 0, {}, {});
        ASSERT_TRUE(loaded.ok()) << loaded.error().text();
        const std::shared_ptr<DeviceModel> vulkan = std::move(*loaded), cpu = reference(model);
        for (const SamplerSettings& sampler : samplers) {
            std::vector<std::vector<TokenId>> told;
            for (const auto& device : {vulkan, cpu}) {
                const auto session = Session::create(device, nullptr);
                ASSERT_TRUE(session.ok());
                ASSERT_TRUE((*session)->prefill(parity::tokenIds(3, 101), {}).ok());
                GenerateOptions options;
                options.sampler = sampler;
                options.maxTokens = 40;
                ASSERT_TRUE((*session)->generate(options, {}).ok());
                const auto tokens = (*session)->tokens();
                told.emplace_back(tokens.begin(), tokens.end());
            }
            EXPECT_EQ(told[0], told[1]) << "sampler " << &sampler - samplers.data() << " of " << vocabulary;
        }
        const auto state = vulkan->createState();
        const auto drawn = vulkan->decode({1, 5, {}, Sampler(samplers[0]).choice(), {7, 1U << 31, ~0U}}, **state);
        ASSERT_TRUE(drawn.ok());
        EXPECT_EQ(drawn->chosen.size(), 3U) << "as many as there are draws";
    }
}

TEST(VulkanSession, DrawsOnTheHostFromMoreTokensThanAKernelAddsUp) {
    const auto model = talkative(65537);
    auto loaded = watchedBackend({.persistent = Use::On})->load(model, 0, {}, {});
    ASSERT_TRUE(loaded.ok()) << loaded.error().text();
    const auto state = (*loaded)->createState();
    const auto drawn = (*loaded)->decode({1, 5, {}, {.inverseTemperature = 1.0F}, {1, 2, 3, 4}}, **state);
    ASSERT_TRUE(drawn.ok());
    EXPECT_TRUE(drawn->chosen.empty());
    const auto chosen = (*loaded)->decode({1, 5}, **state);
    ASSERT_TRUE(chosen.ok());
    EXPECT_EQ(chosen->chosen.size(), 4U);
}

/// What a path is not part of, on the paths that a device takes by itself.
class VulkanModels : public VulkanParity {};

TEST_P(VulkanModels, Passes) {
    for (const auto& model : parity::models())
        onEveryDevice(model, [&](DeviceModel& device) { parity::expectSamePasses(*reference(model), device); });
}

TEST_P(VulkanModels, StatesMoveBetweenDevices) {
    const auto model = parity::oddModel(parity::oddConfig(257, 300));
    const auto cpu = reference(model);
    onEveryDevice(model, [&](DeviceModel& device) {
        const auto ids = parity::tokenIds(40, model->config.vocabSize);
        const auto there = device.createState(), here = cpu->createState();
        ASSERT_TRUE(there.ok() && here.ok());
        ASSERT_TRUE(device.forward(std::span(ids).first(20), **there, {}).ok());
        const auto snapshot = (*there)->snapshot();
        ASSERT_TRUE(snapshot.ok());
        EXPECT_EQ(snapshot->position, 20);
        ASSERT_TRUE((*here)->restore(*snapshot).ok());
        const auto rest = std::span(ids).subspan(20);
        const auto onDevice = device.forward(rest, **there, {}), onCpu = cpu->forward(rest, **here, {});
        ASSERT_TRUE(onDevice.ok() && onCpu.ok());
        parity::expectSameBits(onCpu->logits, onDevice->logits, "logits after the move");
        EXPECT_EQ((*there)->restore({std::vector<float>(3), 0}).error().code, ErrorCode::InvalidArgument);
    });
}

TEST_P(VulkanModels, DecodeGoesOnAfterTracesHaveMovedTheReadback) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    const auto cpu = reference(model);
    onEveryDevice(model, [&](DeviceModel& device) {
        const auto there = device.createState(), here = cpu->createState();
        ASSERT_TRUE(there.ok() && here.ok());
        for (int round = 0; round < 6; ++round) {
            const auto ids = parity::tokenIds(round % 2 == 0 ? 1 : 120, model->config.vocabSize);
            ForwardOptions options;
            if (round % 2 == 1) options.trace = parity::everything(model->config.numLayers);
            const auto found = device.forward(ids, **there, options), expected = cpu->forward(ids, **here, options);
            ASSERT_TRUE(found.ok() && expected.ok());
            parity::expectSameBits(expected->logits, found->logits, "round " + std::to_string(round));
        }
    });
}

TEST_P(VulkanModels, TimesEachDispatchOfAPass) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    const std::uint64_t rowBytes = GetParam().packing == Packing::Dense ? 16 : 64;  // of 77 columns and fewer
    onEveryDevice(model, [&](DeviceModel& device) {
        for (const int tokens : {1, 3}) {
            const auto times = device.timeKernels(tokens);
            ASSERT_TRUE(times.ok()) << times.error().text();
            EXPECT_EQ(times->tokens, tokens);
            EXPECT_EQ(times->kernels.size(), static_cast<std::size_t>(9 * model->config.numLayers + 2));
            std::uint64_t bytes = 0;
            double seconds = 0.0;
            for (const KernelTime& time : times->kernels) {
                EXPECT_GE(time.seconds, 0.0) << time.kernel;
                EXPECT_EQ(time.weightBytes > 0, time.kernel.starts_with("bit_linear")) << time.kernel;
                seconds += time.seconds;
                bytes += time.weightBytes;
            }
            EXPECT_GT(seconds, 0.0);
            EXPECT_LT(seconds, 60.0);
            std::uint64_t rows = 0;
            model->forEachBitLinear(
                [&](const std::string&, const BitLinear& linear) { rows += static_cast<std::uint64_t>(linear.weight.rows()); });
            EXPECT_EQ(bytes, rows * rowBytes);
        }
        // What comes after is none the wiser.
        const auto ids = parity::tokenIds(5, model->config.vocabSize);
        parity::expectSameBits(parity::pass(*reference(model), ids, 5).output.logits,
                               parity::pass(device, ids, 5).output.logits, "logits after");
    });
}

TEST_P(VulkanModels, RefusesTheSameInputWithTheSameWords) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    const auto cpu = reference(model);
    onEveryDevice(model, [&](DeviceModel& device) {
        const auto refusals = [&](DeviceModel& on) {
            std::vector<std::string> said;
            const auto note = [&](const auto& result) {
                said.push_back(result ? "accepted" : result.error().text());
                EXPECT_TRUE(!result && result.error().code == ErrorCode::InvalidArgument) << said.back();
            };
            const auto state = on.createState();
            const std::vector<float> row(61), odd(62);
            note(on.forward(std::vector<TokenId>{1, 101}, **state, {}));
            note(on.forwardLayer(-1, row, **state));
            note(on.forwardLayer(3, row, **state));
            note(on.forwardLayer(0, odd, **state));
            note((*state)->restore({std::vector<float>(5), 0}));
            BitLinear linear = parity::bitLinear({7, 61}, 1);
            note(on.bitLinear(linear, odd));
            linear.norm.pop_back();
            note(on.bitLinear(linear, row));
            return said;
        };
        EXPECT_EQ(refusals(*cpu), refusals(device));
    });
}

const auto nameOf = [](const auto& instance) { return instance.param.name; };
INSTANTIATE_TEST_SUITE_P(Paths, VulkanBitLinears, testing::ValuesIn(paths()), nameOf);
INSTANTIATE_TEST_SUITE_P(Shapes, VulkanBitLinears, testing::ValuesIn(shapes()), nameOf);
INSTANTIATE_TEST_SUITE_P(Paths, VulkanDecode, testing::ValuesIn(paths()), nameOf);
INSTANTIATE_TEST_SUITE_P(Paths, VulkanParity, testing::ValuesIn(paths()), nameOf);
INSTANTIATE_TEST_SUITE_P(Packings, VulkanModels, testing::ValuesIn(inBothPackings({{"default", {}}})), nameOf);

TEST(VulkanBackend, NoSuchDeviceIsAnErrorThatNamesIt) {
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    const auto loaded = makeVulkanBackend()->load(model, 99, {});
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, ErrorCode::DeviceUnavailable);
    EXPECT_NE(loaded.error().text().find("vulkan:99"), std::string::npos);
}

TEST(VulkanBackend, AModelThatFitsDenselyOnlyIsPackedSoAndOneThatDoesNotFitSaysHowMuchThereIs) {
    const auto model = parity::oddModel(parity::oddConfig(512, 1536));
    const auto loadWithin = [&](std::uint64_t limit, Packing packing) {
        VulkanOptions options;
        options.memoryLimit = limit;
        return makeVulkanBackend(options)->load(model, 0, {}, {packing});
    };
    const auto weights = [&](Packing packing) { return (*loadWithin(0, packing))->memory().weights; };
    const std::uint64_t twoBit = weights(Packing::TwoBit), dense = weights(Packing::Dense);
    EXPECT_LT(dense, twoBit);
    // For the weights, and for what a pass works in.
    for (const auto& [limit, packing] : {std::pair{twoBit / 2, Packing::Auto}, std::pair{dense + 1024, Packing::Auto},
                                         std::pair{twoBit + 1024, Packing::TwoBit}}) {
        const auto loaded = loadWithin(limit, packing);
        ASSERT_FALSE(loaded.ok());
        EXPECT_EQ(loaded.error().code, ErrorCode::DeviceOutOfMemory);
        EXPECT_NE(loaded.error().message.find("MiB are available"), std::string::npos) << loaded.error().message;
    }
    std::uint64_t least = dense;
    while (!loadWithin(least, Packing::Dense)) least += std::uint64_t{1} << 18;
    const auto fits = loadWithin(least, Packing::Auto);
    ASSERT_TRUE(fits.ok()) << fits.error().text();
    EXPECT_EQ((*fits)->packing(), Packing::Dense);
}

TEST(VulkanBackend, KeepsCompiledKernelsAndRunsWithoutWhatIsDamaged) {
    const files::Scratch scratch;
    VulkanOptions options = watched({});
    options.cacheFolder = scratch / "kept";
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    const auto expected = parity::pass(*reference(model), parity::tokenIds(3, 101), 3).output.logits;
    const auto kept = [&] {
        std::vector<std::filesystem::path> files;
        for (const auto& entry : std::filesystem::directory_iterator(options.cacheFolder)) files.push_back(entry.path());
        return files;
    };
    const auto run = [&] {
        const auto loaded = makeVulkanBackend(options)->load(model, 0, {});
        ASSERT_TRUE(loaded.ok()) << loaded.error().text();
        parity::expectSameBits(expected, parity::pass(**loaded, parity::tokenIds(3, 101), 3).output.logits, "logits");
        EXPECT_EQ(kept().size(), 1U);
    };
    run();
    const auto size = std::filesystem::file_size(kept().front());
    const auto written = std::filesystem::last_write_time(kept().front());
    run();
    EXPECT_EQ(std::filesystem::last_write_time(kept().front()), written) << "written again though nothing was compiled anew";
    std::filesystem::resize_file(kept().front(), size - 1);
    run();
    EXPECT_EQ(std::filesystem::file_size(kept().front()), size);
}

TEST(VulkanBackend, TriesShapesOnceAndIgnoresAFileThatNamesOthers) {
    const files::Scratch scratch;
    VulkanOptions options = watched({.persistent = Use::Off, .tune = Use::On});
    options.cacheFolder = scratch / "kept";
    const auto model = parity::oddModel(parity::oddConfig(61, 77));
    const auto expected = parity::pass(*reference(model), parity::tokenIds(3, 101), 3).output.logits;
    const auto kept = [&](const char* what) {
        std::vector<std::filesystem::path> files;
        for (const auto& entry : std::filesystem::directory_iterator(options.cacheFolder))
            if (entry.path().filename().string().starts_with(what)) files.push_back(entry.path());
        return files;
    };
    const auto run = [&] {
        const auto loaded = makeVulkanBackend(options)->load(model, 0, {}, {Packing::TwoBit});
        ASSERT_TRUE(loaded.ok()) << loaded.error().text();
        parity::expectSameBits(expected, parity::pass(**loaded, parity::tokenIds(3, 101), 3).output.logits, "logits");
    };
    run();
    ASSERT_EQ(kept("products-").size(), 1U);
    const auto path = kept("products-2bit").front();
    const auto written = std::filesystem::last_write_time(path);
    run();
    EXPECT_EQ(std::filesystem::last_write_time(path), written) << "tried again";
    const vulkan::FileKind kind{'T', 'R', 'N', 'T', 'U', 'N', 'E', '1'};
    const auto good = vulkan::loadKept(path, kind);
    ASSERT_EQ(good.size(), 2 * sizeof(ProductShape) + sizeof(double));
    std::vector<std::vector<std::byte>> hostile{{}, std::vector(good.size(), std::byte{0xFF})};
    hostile.emplace_back(good.begin(), good.end() - 1);
    for (const std::size_t field : {0U, 4U, 8U, 28U}) {  // a workgroup, lanes and rows of none, a tile of no tokens
        hostile.push_back(good);
        std::fill_n(hostile.back().begin() + static_cast<std::ptrdiff_t>(field), 4, std::byte{0});
    }
    hostile.push_back(good);
    std::fill_n(hostile.back().end() - 8, 8, std::byte{0xFF});  // a time that is no number
    for (const auto& data : hostile) {
        ASSERT_TRUE(vulkan::saveKept(path, kind, data).ok());
        run();
        EXPECT_NE(vulkan::loadKept(path, kind), data);
    }
    const auto faster = makeVulkanBackend(options)->load(model, 0, {});
    ASSERT_TRUE(faster.ok()) << faster.error().text();
    const auto both = kept("products-");
    if ((*faster)->device().software) {
        EXPECT_EQ(both.size(), 2U) << "the faster packing is found by trying both";
    }
    parity::expectSameBits(expected, parity::pass(**faster, parity::tokenIds(3, 101), 3).output.logits, "logits");

    options.paths.tune = Use::Off;
    ASSERT_TRUE(vulkan::saveKept(path, kind, hostile.back()).ok());
    run();
    EXPECT_EQ(vulkan::loadKept(path, kind), hostile.back()) << "not even looked at";
}

TEST(VulkanBackend, LoadingCanBeStopped) {
    std::stop_source stop;
    stop.request_stop();
    Progress progress;
    progress.stop = stop.get_token();
    const auto loaded = makeVulkanBackend()->load(parity::oddModel(parity::oddConfig(61, 77)), 0, progress);
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace ternion
