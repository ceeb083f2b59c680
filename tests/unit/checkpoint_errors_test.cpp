// What is wrong with a checkpoint is named: file, tensor or field, what was expected and what was found. And nothing is left
// behind.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <array>
#include <cmath>
#include <limits>

#include "checkpoint_files.h"

namespace ternion {
namespace {

using namespace files;

struct Row {
    const char* what;
    std::function<void(LatentModel&)> change;
    ErrorCode code;
    std::vector<std::string> named;
};

void expectErrors(const std::vector<Row>& rows, const ModelConfig& config = smallConfig()) {
    for (const auto& row : rows) {
        SCOPED_TRACE(row.what);
        const Scratch scratch;
        auto model = latentModel(config, FloatType::F16);
        row.change(model);
        const auto opened = openCheckpoint(writeSafetensorsFolder(model, scratch / "folder"));
        ASSERT_FALSE(opened.ok());
        EXPECT_EQ(opened.error().code, row.code);
        for (const auto& name : row.named)
            EXPECT_NE(opened.error().text().find(name), std::string::npos) << name << " is not in: " << opened.error().text();
    }
}

TEST(CheckpointErrors, TensorsAreNamedWithWhatWasExpectedAndFound) {
    const auto weight = std::string("model.layers.1.mlp.down_proj.weight");
    expectErrors({
        {"missing",
         [&](auto& m) { m.remove(weight); },
         ErrorCode::BadInput,
         {"model.safetensors", weight, "[24, 36]", "no tensor of this name"}},
        {"extra",
         [](auto& m) {
             m.tensors.push_back({"model.layers.2.attn_norm.weight", FloatType::F16, {1}, "xx"});
         },
         ErrorCode::BadInput,
         {"model.safetensors", "model.layers.2.attn_norm.weight", "no such tensor"}},
        {"transposed",
         [&](auto& m) {
             m.find(weight).shape = {36, 24};
         },
         ErrorCode::BadInput,
         {"model.safetensors", weight, "[24, 36]", "[36, 24]"}},
        {"NaN",
         [&](auto& m) { m.find(weight).bytes.replace(2 * (5 * 36 + 7), 2, raw(std::uint16_t{0x7E00})); },
         ErrorCode::BadInput,
         {"model.safetensors", weight, "row 5, column 7", "not a finite number"}},
        {"infinite embedding",
         [](auto& m) { m.find("model.embeddings.weight").bytes.replace(2 * (3 * 24 + 4), 2, raw(std::uint16_t{0xFC00})); },
         ErrorCode::BadInput,
         {"model.embeddings.weight", "row 3, column 4"}},
        {"NaN norm",
         [](auto& m) { m.find("model.norm.weight").bytes.replace(10, 2, raw(std::uint16_t{0x7C01})); },
         ErrorCode::BadInput,
         {"model.norm.weight", "row 0, column 5"}},
        {"head not tied", [](auto& m) { m.remove("lm_head.weight"); }, ErrorCode::BadInput, {"lm_head.weight", "[40, 24]"}},
        {"configuration of another model",
         [](auto& m) { m.config["hidden_size"] = 48; },
         ErrorCode::BadInput,
         {"model.embeddings.weight", "[40, 48]", "[40, 24]"}},
    });
}

TEST(CheckpointErrors, BoundsNarrowerThanTheGatesAreExplained) {
    ModelConfig config = smallConfig();
    config.expandRatio = 2;
    expectErrors({{"[L, D] where [L, S] is needed",
                   [](auto& m) {
                       auto& bounds = m.find(rawLowerBounds);
                       bounds.shape = {2, 24};
                       bounds.bytes.resize(bounds.bytes.size() / 2);
                   },
                   ErrorCode::BadInput,
                   {"model.lower_bounds", "[2, 48]", "[2, 24]", "expand_ratio of 2"}}},
                 config);
}

TEST(CheckpointErrors, SettingsThatWeDoNotImplementAreRefusedByName) {
    const auto set = [](const char* field, const nlohmann::json& value, const char* named) {
        return Row{
            field, [=](LatentModel& m) { m.config[field] = value; }, ErrorCode::Unsupported, {"config.json", field, named}};
    };
    expectErrors({set("model_type", "llama", "llama"), set("architectures", {"LlamaForCausalLM"}, "LlamaForCausalLM"),
                  set("use_short_conv", true, "true"), set("hidden_act", "gelu", "gelu"), set("attn_mode", "chunk", "chunk"),
                  set("quantization_config", {{"bits", 4}}, "bits")});
}

TEST(CheckpointErrors, ConfigurationsOfNoSenseNameTheField) {
    const auto set = [](const char* field, const nlohmann::json& value, const char* named) {
        return Row{field, [=](LatentModel& m) { m.config[field] = value; }, ErrorCode::BadInput, {"config.json", field, named}};
    };
    expectErrors({set("vocab_size", 0, "is 0"), set("hidden_size", -24, "-24"), set("num_hidden_layers", 1 << 30, "1073741824"),
                  set("hidden_size", 1e300, "1e+300"), set("vocab_size", nullptr, "missing"), set("vocab_size", "40", "\"40\""),
                  set("num_heads", 7, "7"), set("expand_ratio", 1.5, "1.5"), set("hidden_ratio", 0, "0"),
                  set("intermediate_size", -1, "-1"), set("rms_norm_eps", "x", "\"x\""),
                  set("use_lower_bound", 1, "true or false"), set("eos_token_id", 4000, "4000"),
                  set("num_hidden_layers", nlohmann::json::array(), "[]")});
}

TEST(CheckpointErrors, WhatIsNotThereIsNamed) {
    const Scratch scratch;
    const auto text = [](const std::filesystem::path& path) { return openCheckpoint(path).error().text(); };
    EXPECT_EQ(openCheckpoint(scratch / "nothing").error().code, ErrorCode::NotFound);
    EXPECT_NE(text(scratch.path()).find("config.json"), std::string::npos);
    write(scratch / "picture.png", "x");
    EXPECT_NE(text(scratch / "picture.png").find("no checkpoint"), std::string::npos);
    writeConfig(latentModel(smallConfig(), FloatType::F16), scratch.path());
    EXPECT_EQ(openCheckpoint(scratch.path()).error().code, ErrorCode::NotFound);
    EXPECT_NE(text(scratch.path()).find("pytorch_model.bin.index.json"), std::string::npos);
}

TEST(CheckpointErrors, ShardsThatDisagreeWithTheirIndexAreNamed) {
    const Scratch scratch;
    const auto folder = writeShardedFolder(latentModel(smallConfig(), FloatType::F16), scratch / "folder", ".safetensors");
    const auto index = folder / "model.safetensors.index.json";
    const auto original = nlohmann::json::parse(read(index));
    const auto withMap = [&](auto change) {
        auto json = original;
        change(json["weight_map"]);
        write(index, json.dump());
        return openCheckpoint(folder).error().text();
    };
    EXPECT_NE(withMap([](auto& m) { m["model.norm.weight"] = "../../etc/passwd"; }).find("file in the same folder"),
              std::string::npos);
    EXPECT_NE(withMap([](auto& m) { m["model.norm.weight"] = 5; }).find("model.norm.weight"), std::string::npos);
    EXPECT_NE(withMap([](auto& m) { m["no.such"] = "model-00001-of-00002.safetensors"; }).find("no.such"), std::string::npos);
    EXPECT_NE(withMap([](auto& m) { m["no.such"] = "third.safetensors"; }).find("third.safetensors"), std::string::npos);
    write(index, original.dump());
    write(folder / "model-00002-of-00002.safetensors", read(folder / "model-00001-of-00002.safetensors"));
    EXPECT_NE(openCheckpoint(folder).error().text().find("there twice"), std::string::npos);
}

std::vector<std::string> namesIn(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
    return names;
}

TEST(CheckpointWriting, CancelAndAFullDiskLeaveTheOldFileAndNothingElse) {
    const Scratch scratch;
    const auto checkpoint = openCheckpoint(std::filesystem::path(TERNION_TEST_DATA) / "hgrn-256x4");
    ASSERT_TRUE(checkpoint.ok());
    std::filesystem::create_directory(scratch / "out");
    const auto target = scratch / "out/model.gguf";
    write(target, "the old file");
    const auto expectUntouched = [&] {
        EXPECT_EQ(read(target), "the old file");
        EXPECT_EQ(namesIn(scratch / "out"), std::vector<std::string>{"model.gguf"});
    };

    std::stop_source source;
    Progress progress{[&](std::string_view, double fraction) {
                          if (fraction > 0.5) source.request_stop();
                      },
                      source.get_token()};
    EXPECT_EQ(writeGguf(*checkpoint, target, TritEncoding::TQ2_0, progress).error().code, ErrorCode::Cancelled);
    expectUntouched();

    // A limit on the size of files stops the writing as a full disk does.
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit small = before;
    small.rlim_cur = 400000;
    const auto handler = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    const auto refused = writeGguf(*checkpoint, target, TritEncoding::TQ2_0);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handler);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::Io);
    EXPECT_NE(refused.error().text().find("model.gguf: cannot write it"), std::string::npos);
    expectUntouched();

    EXPECT_TRUE(writeGguf(*checkpoint, target, TritEncoding::TQ2_0).ok());
    EXPECT_EQ(namesIn(scratch / "out").size(), 1U);
    EXPECT_EQ(openCheckpoint(target)->model->hash(), checkpoint->model->hash());
}

TEST(CheckpointWriting, OnlyRegularFilesAreReplaced) {
    const auto checkpoint = openCheckpoint(std::filesystem::path(TERNION_TEST_DATA) / "hgrn-256x4");
    const auto refused = writeGguf(*checkpoint, "/dev/full", TritEncoding::TQ2_0);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::Io);
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
    const Scratch scratch;
    EXPECT_EQ(writeGguf(*checkpoint, scratch / "no/such/out.gguf", TritEncoding::TQ2_0).error().code, ErrorCode::Io);
}

TEST(CheckpointReading, ReportsProgressAndStopsBetweenTensors) {
    const auto golden = std::filesystem::path(TERNION_TEST_DATA) / "hgrn-256x4";
    std::vector<double> fractions;
    std::stop_source source;
    const Progress watching{[&](std::string_view, double fraction) { fractions.push_back(fraction); }, source.get_token()};
    ASSERT_TRUE(openCheckpoint(golden, watching).ok());
    EXPECT_GT(fractions.size(), 50U);
    EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
    EXPECT_EQ(fractions.back(), 1.0);

    const Progress stopping{[&](std::string_view, double fraction) {
                                EXPECT_LT(fraction, 0.7);
                                if (fraction > 0.5) source.request_stop();
                            },
                            source.get_token()};
    EXPECT_EQ(openCheckpoint(golden, stopping).error().code, ErrorCode::Cancelled);
}

TEST(FloatTypes, TellsFiniteValuesFromOthers) {
    for (std::uint32_t bits = 0; bits <= 0xFFFF; ++bits)
        for (const auto type : {FloatType::F16, FloatType::BF16}) {
            const std::array<std::uint16_t, 3> stored{0, static_cast<std::uint16_t>(bits), 0x1234};
            std::array<float, 3> values{};
            toFloats(type, std::as_bytes(std::span(stored)), values);
            ASSERT_EQ(allFinite(type, std::as_bytes(std::span(stored))), std::isfinite(values[1])) << bits;
        }
    const std::array<float, 3> good{-std::numeric_limits<float>::max(), 0.0F, 1e-40F};
    EXPECT_TRUE(allFinite(FloatType::F32, std::as_bytes(std::span(good))));
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
        const std::array<float, 3> values{1.0F, 2.0F, bad};
        EXPECT_FALSE(allFinite(FloatType::F32, std::as_bytes(std::span(values))));
    }
}

TEST(FloatTypes, HalvesRoundToTheNearestAndBack) {
    for (std::uint32_t bits = 0; bits < 0x7C00; ++bits) {
        const auto half = static_cast<std::uint16_t>(bits);
        float value = 0.0F;
        toFloats(FloatType::F16, std::as_bytes(std::span(&half, 1)), std::span(&value, 1));
        const int exponent = static_cast<int>(bits >> 10);
        const float expected = exponent == 0 ? std::ldexp(static_cast<float>(bits), -24)
                                             : std::ldexp(static_cast<float>((bits & 0x3FF) | 0x400), exponent - 25);
        ASSERT_EQ(value, expected) << bits;
        ASSERT_EQ(toHalf(value), half) << bits;
        ASSERT_EQ(toHalf(-value), half | 0x8000) << bits;
    }
    EXPECT_EQ(toHalf(1e30F), 0x7BFF);
    EXPECT_EQ(toHalf(1.0F + 0x1p-11F), 0x3C00);  // half way: to even
    EXPECT_EQ(toHalf(1.0F + 0x1.8p-10F), 0x3C02);
}

}  // namespace
}  // namespace ternion
