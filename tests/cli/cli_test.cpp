// The command line's contract: keys, exit codes, and that stdout holds one JSON object and nothing else.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "backend/cpu/cpu_backend.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/safetensors.h"
#include "cli/program.h"

namespace ternion {
namespace {

struct Keys {
    std::vector<std::string> arguments;
    std::vector<std::string> keys;
};

TEST(Cli, EveryCommandGivesTheKeysOfItsContract) {
    const Scratch scratch;
    const std::vector<Keys> rows{
        {{"devices"}, {"devices"}},
        {{"projection"}, {"rows", "published", "assumptions"}},
        {{"info", sample}, {"config", "tensors"}},
        {{"tokenize", "--tokenizer", sample, "--text", "Hello"}, {"ids", "pieces", "decoded"}},
        {{"convert", golden, scratch / "golden.gguf"}, {"bytes", "tensors"}},
        {{"logits", "--model", golden, "--ids", "1,2,3", "--out", scratch / "l.safetensors", "--backend", "cpu"},
         {"tokens", "seconds"}},
        {{"generate", "--model", sample, "--prompt", "Hello", "-n", "4", "--backend", "cpu"}, {"text", "ids", "decode_tok_s"}},
        {{"inspect", "--model", golden, "--what", "weights", "--out", scratch / "w.csv"}, {"what", "out", "matrices"}},
        {{"bench", "--model", golden, "-p", "16", "-n", "8", "--backend", "cpu"},
         {"backend", "device", "params", "weight_bytes", "prefill_tok_s", "decode_tok_s", "decode_ms_p50", "decode_ms_p99",
          "peak_device_bytes", "peak_host_bytes", "read_bandwidth_Bps", "roofline_fraction", "most_tokens_a_submission"}},
        {{"bench", "--model", golden, "-p", "4", "-n", "2", "--backend", "vulkan", "--profile-kernels"}, {"kernels"}},
        {{"inspect", "--model", golden, "--what", "gates", "--ids", "1,2,3", "--out", scratch / "gates.safetensors",
          "--backend", "cpu"},
         {"what", "out", "tokens", "layers"}},
        {{"inspect", "--model", golden, "--what", "quant", "--ids", "1,2,3", "--out", scratch / "quant.safetensors",
          "--backend", "cpu"},
         {"what", "out", "tokens", "bit_linears"}},
        {{"inspect", "--model", golden, "--what", "hidden", "--ids", "1,2,3", "--out", scratch / "hidden.safetensors",
          "--backend", "cpu"},
         {"what", "out", "tokens", "depths"}},
        {{"inspect", "--model", golden, "--what", "lens", "--ids", "1,2,3", "--out", scratch / "lens.safetensors", "--backend",
          "cpu"},
         {"what", "out", "tokens", "depths", "top"}},
    };
    for (auto row : rows) {
        row.arguments.emplace_back("--json");
        const Finished finished = cli(row.arguments);
        EXPECT_EQ(finished.exitCode, 0) << row.arguments[0] << ": " << finished.err;
        const auto json = finished.json();
        ASSERT_TRUE(json.is_object()) << row.arguments[0] << ": " << finished.out;
        for (const auto& key : row.keys) EXPECT_TRUE(json.contains(key)) << row.arguments[0] << " lacks " << key;
    }
}

TEST(Cli, ExitCodesTellWhoseFaultItIs) {
    const Scratch scratch;
    std::ofstream(scratch / "not-a-model.gguf") << "this is no model";
    struct Row {
        std::vector<std::string> arguments;
        int code;
        std::string said;  // what the message must name
    };
    const std::vector<Row> rows{
        {{}, 2, "subcommand"},
        {{"nonsense"}, 2, "nonsense"},
        {{"generate", "--model", sample, "--no-such-option"}, 2, "no-such-option"},
        {{"generate", "--model", sample}, 2, "--prompt"},
        {{"generate", "--model", sample, "--prompt", "x", "--temp", "-1"}, 2, "temperature"},
        {{"generate", "--model", sample, "--ids", "1,99999999", "--backend", "cpu"}, 2, "99999999"},
        {{"logits", "--model", golden, "--ids", "1,x", "--out", scratch / "o"}, 2, "'x'"},
        {{"logits", "--model", golden, "--ids", "", "--out", scratch / "o"}, 2, "''"},
        {{"generate", "--model", golden, "--ids", "1,2.5"}, 2, "'2.5'"},
        {{"generate", "--model", golden, "--ids", "99999999999"}, 2, "99999999999"},
        {{"generate", "--model", sample, "--prompt", "x", "-n", "-1"}, 2, "0 to 2147483647"},
        {{"inspect", "--model", golden, "--what", "weights"}, 2, "--out"},
        {{"inspect", "--model", golden, "--what", "dreams", "--out", scratch / "o.csv"}, 2, "weights"},
        {{"inspect", "--model", golden, "--what", "weights", "--out", scratch / "o.txt"}, 2, ".csv"},
        {{"inspect", "--model", golden, "--what", "weights", "--out", scratch / "o.csv", "--layer", "4"}, 2, "0 to 3"},
        {{"inspect", "--model", golden, "--what", "weights", "--out", scratch / "no/such/o.csv"}, 3, "o.csv"},
        {{"inspect", "--model", scratch / "missing", "--what", "weights", "--out", scratch / "o.csv"}, 3, "missing"},
        {{"bench"}, 2, "--preset"},
        {{"bench", "--preset", "9B"}, 3, "370M"},
        {{"inspect", "-m", golden, "--what", "gates", "--out", scratch / "g.csv"}, 2, "--prompt"},
        {{"inspect", "-m", golden, "--what", "gates", "--ids", "1", "--out", scratch / "g.txt"}, 2, ".safetensors"},
        {{"inspect", "-m", golden, "--what", "quant", "--ids", "1", "--layer", "4", "--out", scratch / "q.csv"}, 2, "0 to 3"},
        {{"inspect", "-m", golden, "--what", "quant", "--ids", "1,999999", "--out", scratch / "q.csv"}, 2, "999999"},
        {{"inspect", "-m", golden, "--what", "quant", "--ids", "1", "--out", scratch / "no/such/q.csv"}, 3, "q.csv"},
        {{"inspect", "-m", golden, "--what", "hidden", "--out", scratch / "h.csv"}, 2, "--prompt"},
        {{"inspect", "-m", golden, "--what", "lens", "--ids", "1", "--out", scratch / "l.txt"}, 2, ".safetensors"},
        {{"inspect", "-m", golden, "--what", "lens", "--ids", "1", "--layer", "4", "--out", scratch / "l.csv"}, 2, "0 to 3"},
        {{"inspect", "-m", golden, "--what", "hidden", "--ids", "1,999999", "--out", scratch / "h.csv"}, 2, "999999"},
        {{"inspect", "-m", golden, "--what", "lens", "--ids", "1", "--out", scratch / "no/such/l.csv"}, 3, "l.csv"},
        {{"info", scratch / "missing"}, 3, "missing"},
        {{"info", scratch / "not-a-model.gguf"}, 3, "not-a-model.gguf"},
        {{"convert", golden, scratch / "no/such/folder/out.gguf"}, 3, "out.gguf"},
        {{"generate", "--model", sample, "--prompt", "x", "--backend", "vulkan:99"}, 4, "vulkan:99"},
        {{"generate", "--model", sample, "--prompt", "x", "--backend", "abacus"}, 4, "abacus"},
        {{"generate", "--model", sample, "--prompt", "x", "--profile", "octal"}, 2, "octal"},
        {{"generate", "--model", sample, "--prompt", "x", "--backend", "fpga:sim", "--profile", "float"}, 3, "integers"},
    };
    for (const auto& row : rows) {
        const Finished finished = cli(row.arguments);
        const std::string name = row.arguments.empty() ? "nothing" : row.arguments[0];
        EXPECT_EQ(finished.exitCode, row.code) << name << ": " << finished.err;
        EXPECT_NE(finished.err.find(row.said), std::string::npos) << name << " said: " << finished.err;
    }
}

/// The engine's own values, for what a file is compared with.
Trace traced(const std::shared_ptr<const Model>& model, const std::vector<TokenId>& ids,
             std::vector<TraceRequest::Item> items) {
    const auto device = makeCpuBackend()->load(model, 0, {});
    EXPECT_TRUE(device.ok());
    const auto state = (*device)->createState();
    ForwardOptions options;
    options.trace.items = std::move(items);
    auto output = (*device)->forward(ids, **state, options);
    EXPECT_TRUE(output.ok());
    return std::move(output->trace);
}

/// Cells of a CSV without quotes, the header first.
std::vector<std::vector<std::string>> readCsv(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::vector<std::string>> rows;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        std::istringstream cells(line + ",");
        auto& row = rows.emplace_back();
        for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
    }
    return rows;
}

std::vector<float> readTensor(const TensorSource& source, const std::string& name) {
    const StoredTensor* tensor = source.find(name);
    EXPECT_NE(tensor, nullptr) << name;
    if (tensor == nullptr) return {};
    std::vector<float> values(tensor->bytes.size() / sizeof(float));
    std::memcpy(values.data(), tensor->bytes.data(), tensor->bytes.size());
    return values;
}

TEST(Cli, InspectedGatesAreTheEngines) {
    const Scratch scratch;
    const auto checkpoint = openCheckpoint(golden);
    ASSERT_TRUE(checkpoint.ok());
    const std::vector<TraceTensor> gates{TraceTensor::ForgetGate, TraceTensor::Candidate, TraceTensor::State,
                                         TraceTensor::OutputGate};
    std::vector<TraceRequest::Item> items;
    for (const TraceTensor gate : gates) items.push_back({gate, 2});
    const Trace expected = traced(checkpoint->model, {5, 6, 7}, items);
    const auto inspect = [&](const char* out, const std::vector<std::string>& more) {
        std::vector<std::string> arguments{"inspect", "-m", golden, "--what", "gates",       "--ids",
                                           "5,6,7",   "-b", "cpu",  "--out",  scratch / out, "--json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const auto finished = cli(arguments);
        EXPECT_EQ(finished.exitCode, 0) << finished.err;
        return finished.json();
    };

    ASSERT_EQ(inspect("gates.csv", {"--layer", "2"})["layers"].size(), 1U);
    const auto rows = readCsv(scratch / "gates.csv");
    ASSERT_EQ(rows.size(), 1U + 3 * 256);
    EXPECT_EQ(rows[0], (std::vector<std::string>{"layer", "token", "channel", "f", "i", "h", "g"}));
    for (std::size_t at = 0; at < 3U * 256; ++at) {
        const auto& row = rows[1 + at];
        EXPECT_EQ(row[0] + ' ' + row[1] + ' ' + row[2], "2 " + std::to_string(at / 256) + ' ' + std::to_string(at % 256));
        for (std::size_t k = 0; k < gates.size(); ++k) EXPECT_EQ(std::stof(row[3 + k]), expected.tensors[k].values[at]);
    }

    const auto json = inspect("gates.safetensors", {});
    TensorSource source;
    ASSERT_TRUE(readSafetensors(scratch / "gates.safetensors", source).ok());
    EXPECT_EQ(source.find("f")->shape, (std::vector<std::int64_t>{4, 3, 256}));
    for (std::size_t k = 0; k < gates.size(); ++k) {
        const auto values = readTensor(source, std::string(1, "fihg"[k]));
        EXPECT_TRUE(std::equal(values.begin() + 2 * 3 * 256, values.begin() + 3 * 3 * 256, expected.tensors[k].values.begin()));
    }
    const auto halfLives = readTensor(source, "half_life_tokens");
    ASSERT_EQ(halfLives.size(), 4U * 256);
    double logs = 0.0;
    for (std::size_t t = 0; t < 3; ++t) logs += std::log2(double{expected.tensors[0].values[t * 256 + 17]});
    EXPECT_NEAR(halfLives[2 * 256 + 17], -3.0 / logs, 1e-5 * halfLives[2 * 256 + 17]);
    EXPECT_EQ(json["layers"].size(), 4U);
}

TEST(Cli, InspectedStatesAreThoseOfLogits) {
    const Scratch scratch;
    const auto written = [&](std::vector<std::string> arguments, const char* out) {
        arguments.insert(arguments.end(), {"-m", golden, "--ids", "5,6,7", "-b", "cpu", "--out", scratch / out});
        const auto finished = cli(arguments);
        EXPECT_EQ(finished.exitCode, 0) << finished.err;
    };
    written({"logits"}, "logits.safetensors");
    written({"inspect", "--what", "hidden"}, "hidden.safetensors");
    written({"inspect", "--what", "hidden", "--layer", "1"}, "hidden.csv");
    TensorSource logits, hidden;
    ASSERT_TRUE(readSafetensors(scratch / "logits.safetensors", logits).ok());
    ASSERT_TRUE(readSafetensors(scratch / "hidden.safetensors", hidden).ok());
    ASSERT_EQ(hidden.find("states")->shape, (std::vector<std::int64_t>{5, 3, 256}));
    ASSERT_EQ(hidden.find("cosine")->shape, (std::vector<std::int64_t>{5, 5}));
    const auto entering = readTensor(logits, "hidden_states"), states = readTensor(hidden, "states");
    // What enters layer l is depth l; the last row of hidden_states is after the final norm.
    EXPECT_TRUE(std::equal(states.begin(), states.begin() + 4 * 3 * 256, entering.begin()));
    const auto product = [&](std::size_t a, std::size_t b) {
        double sum = 0.0;
        for (std::size_t k = 0; k < 256; ++k) sum += double{states[a * 256 + k]} * double{states[b * 256 + k]};
        return sum;
    };
    const auto norms = readTensor(hidden, "norms"), cosines = readTensor(hidden, "cosine");
    for (std::size_t row = 0; row < 15; ++row) EXPECT_NEAR(norms[row], std::sqrt(product(row, row)), 1e-6 * norms[row]);
    double mean = 0.0;
    for (std::size_t t = 0; t < 3; ++t)
        mean += product(3 + t, 12 + t) / std::sqrt(product(3 + t, 3 + t) * product(12 + t, 12 + t)) / 3.0;
    EXPECT_NEAR(cosines[1 * 5 + 4], mean, 1e-6);

    const auto rows = readCsv(scratch / "hidden.csv");
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_EQ(rows[0], (std::vector<std::string>{"depth", "token", "norm", "cosine_to_previous"}));
    EXPECT_EQ(rows[2][0] + rows[2][1], "21");
    EXPECT_NEAR(std::stod(rows[2][2]), norms[2 * 3 + 1], 1e-5);
    EXPECT_NEAR(std::stod(rows[2][3]), product(7, 4) / std::sqrt(product(7, 7) * product(4, 4)), 1e-9);
}

TEST(Cli, TheLensOfTheLastDepthIsTheModel) {
    const Scratch scratch;
    const std::vector<TokenId> ids{5, 6, 7};
    for (const auto& [command, out] :
         std::vector<std::pair<std::vector<std::string>, const char*>>{{{"logits"}, "logits.safetensors"},
                                                                       {{"inspect", "--what", "lens"}, "lens.safetensors"},
                                                                       {{"inspect", "--what", "lens"}, "lens.csv"}}) {
        auto arguments = command;
        arguments.insert(arguments.end(), {"-m", golden, "--ids", "5,6,7", "-b", "cpu", "--out", scratch / out});
        const auto finished = cli(arguments);
        ASSERT_EQ(finished.exitCode, 0) << finished.err;
    }
    TensorSource source, lens;
    ASSERT_TRUE(readSafetensors(scratch / "logits.safetensors", source).ok());
    ASSERT_TRUE(readSafetensors(scratch / "lens.safetensors", lens).ok());
    const auto logits = readTensor(source, "logits");
    const std::size_t vocab = logits.size() / 3;
    const auto topIds = readTensor(lens, "top_ids"), probabilities = readTensor(lens, "top_probabilities");
    const auto actual = readTensor(lens, "actual_rank_and_probability");
    ASSERT_EQ(topIds.size(), 5U * 3 * 10);
    const auto rows = readCsv(scratch / "lens.csv");
    ASSERT_EQ(rows.size(), 1U + 5 * 3 * 10);
    EXPECT_EQ(rows[0], (std::vector<std::string>{"depth", "token", "rank", "token_id", "piece", "probability", "actual_id",
                                                 "actual_rank", "actual_probability"}));
    for (std::size_t t = 0; t < 3; ++t) {
        const auto begin = logits.begin() + static_cast<std::ptrdiff_t>(t * vocab),
                   end = begin + static_cast<std::ptrdiff_t>(vocab);
        const auto best = std::max_element(begin, end);
        double all = 0.0;
        std::for_each(begin, end, [&](float x) { all += std::exp(double{x} - double{*best}); });
        const std::size_t at = (4 * 3 + t) * 10;
        EXPECT_EQ(topIds[at], static_cast<float>(best - begin));
        EXPECT_NEAR(probabilities[at], 1.0 / all, 1e-6);
        EXPECT_EQ(rows[1 + at][3], std::to_string(best - begin));
        EXPECT_EQ(rows[1 + at][0] + rows[1 + at][1] + rows[1 + at][2], "4" + std::to_string(t) + "1");
        const float rank = actual[(4 * 3 + t) * 2];
        if (t == 2) {
            EXPECT_TRUE(std::isnan(rank));
            continue;
        }
        const float own = begin[ids[t + 1]];
        EXPECT_EQ(rank, 1.0F + static_cast<float>(std::count_if(begin, end, [own](float x) { return x > own; })));
        EXPECT_NEAR(actual[(4 * 3 + t) * 2 + 1], std::exp(double{own} - double{*best}) / all, 1e-6);
        EXPECT_EQ(rows[1 + at][6], std::to_string(ids[t + 1]));
    }
}

TEST(Cli, InspectedCodesAreTheEngines) {
    const Scratch scratch;
    const auto checkpoint = openCheckpoint(golden);
    ASSERT_TRUE(checkpoint.ok());
    const auto finished = cli({"inspect", "-m", golden, "--what", "quant", "--ids", "5,6,7", "-b", "cpu", "--out",
                               scratch / "quant.safetensors", "--json"});
    ASSERT_EQ(finished.exitCode, 0) << finished.err;
    ASSERT_EQ(finished.json()["bit_linears"].size(), 4U * 6 + 1);
    TensorSource source;
    ASSERT_TRUE(readSafetensors(scratch / "quant.safetensors", source).ok());
    // What enters down_proj has no norm before it: the device says what its codes are.
    const Trace input = traced(checkpoint->model, {5, 6, 7}, {{TraceTensor::Glu, 3}});
    const auto device = makeCpuBackend()->load(checkpoint->model, 0, {});
    const auto expected = (*device)->bitLinear(checkpoint->model->layers[3].down, input.tensors[0].values);
    ASSERT_TRUE(expected.ok());
    const auto codes = readTensor(source, "layers.3.down_proj.codes");
    EXPECT_TRUE(std::equal(codes.begin(), codes.end(), expected->codes.begin(), expected->codes.end()));
    EXPECT_EQ(readTensor(source, "layers.3.down_proj.steps"), expected->steps);
    EXPECT_EQ(source.find("lm_head.codes")->shape, (std::vector<std::int64_t>{3, 256}));

    ASSERT_EQ(cli({"inspect", "-m", golden, "--what", "quant", "--ids", "5,6,7", "-b", "cpu", "--layer", "3", "--out",
                   scratch / "quant.csv"})
                  .exitCode,
              0);
    const auto rows = readCsv(scratch / "quant.csv");
    ASSERT_EQ(rows.size(), 1U + 7 * 3);
    EXPECT_EQ(rows[0][5], "clipped_share");
    const auto& row = rows[1 + 5 * 3 + 1];  // down_proj, token 1
    EXPECT_EQ(row[0] + row[1] + row[2], "3down_proj1");
    EXPECT_EQ(std::stof(row[3]), expected->steps[1]);
    const auto begin = expected->codes.begin() + static_cast<std::ptrdiff_t>(expected->codes.size() / 3);
    const auto end = begin + static_cast<std::ptrdiff_t>(expected->codes.size() / 3);
    const double width = static_cast<double>(end - begin);
    EXPECT_NEAR(std::stod(row[5]), static_cast<double>(std::count(begin, end, 127) + std::count(begin, end, -127)) / width,
                1e-12);
    EXPECT_NEAR(std::stod(row[6]), static_cast<double>(std::count(begin, end, 0)) / width, 1e-12);
    EXPECT_GE(std::stod(row[7]), std::stod(row[6]));
}

TEST(Cli, NothingOfAProjectionLooksMeasured) {
    const Finished finished = cli({"projection", "--json"});
    ASSERT_EQ(finished.exitCode, 0) << finished.err;
    const auto json = finished.json();
    ASSERT_EQ(json["rows"].size(), 9U);
    for (const auto& row : json["rows"]) EXPECT_EQ(row["source"], "modelled");
    ASSERT_FALSE(json["published"].empty());
    for (const auto& row : json["published"]) {
        EXPECT_EQ(row["source"], "published");
        EXPECT_NE(row["published_in"], "");
    }
    for (const auto& one : json["assumptions"]) EXPECT_NE(one["source"], "") << one["name"];
}

TEST(Cli, InterruptStopsAnAnswerWithItsOwnExitCode) {
    const Program program(
        {"generate", "--model", sample, "--prompt", "Once", "-n", "1000000", "--ignore-eos", "--backend", "cpu"});
    EXPECT_NE(program.firstCharacter(), '\0');  // it is talking
    const auto asked = std::chrono::steady_clock::now();
    program.send(SIGINT);
    EXPECT_EQ(program.wait().exitCode, 5);
    EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(2));
}

TEST(Cli, SameSeedSameText) {
    const std::vector<std::string> arguments{
        "generate",  "--model", sample,   "--prompt", "<|user|>Tell me a story.<|assistant|>", "-n", "24", "--temp", "0.9",
        "--backend", "cpu",     "--json", "--seed"};
    const auto text = [&](const std::string& seed) {
        auto all = arguments;
        all.push_back(seed);
        return cli(all).json().value("text", "");
    };
    const std::string first = text("7");
    EXPECT_FALSE(first.empty());
    EXPECT_EQ(first, text("7"));
    EXPECT_NE(first, text("8"));
}

TEST(Cli, PackedModelSaysTheSameAsItsFolder) {
    const Scratch scratch;
    const std::string packed = scratch / "packed.gguf";
    ASSERT_EQ(cli({"convert", golden, packed}).exitCode, 0);
    const auto folder = cli({"info", golden, "--json"}).json();
    const auto gguf = cli({"info", packed, "--json"}).json();
    EXPECT_EQ(folder["tensors"], gguf["tensors"]);
    EXPECT_EQ(folder["hash"], gguf["hash"]);
    EXPECT_EQ(folder["config"], gguf["config"]);
    EXPECT_EQ(folder["config"]["rms_norm_eps"], 1e-06);  // as config.json writes it, not as the nearest float
}

/// Rows of a CSV by the names of its columns.
std::vector<std::map<std::string, std::string>> readNamedCsv(const std::string& path) {
    const auto all = readCsv(path);
    std::vector<std::map<std::string, std::string>> rows;
    for (std::size_t k = 1; k < all.size(); ++k) {
        EXPECT_EQ(all[k].size(), all[0].size()) << "row " << k;
        auto& row = rows.emplace_back();
        for (std::size_t c = 0; c < std::min(all[k].size(), all[0].size()); ++c) row[all[0][c]] = all[k][c];
    }
    return rows;
}

TEST(Cli, InspectedWeightsAreThoseOfInfo) {
    const Scratch scratch;
    const auto tensors = cli({"info", golden, "--json"}).json()["tensors"];
    const auto inspect = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"inspect", "--model", golden, "--what", "weights", "--out", scratch / "w.csv", "--json"});
        return cli(more);
    };
    const auto finished = inspect({});
    ASSERT_EQ(finished.exitCode, 0) << finished.err;
    const auto rows = readNamedCsv(scratch / "w.csv");
    EXPECT_EQ(finished.json()["matrices"], rows.size());
    ASSERT_EQ(rows.size(), tensors.size());
    for (std::size_t k = 0; k < rows.size(); ++k) {
        const auto& tensor = tensors[k];
        auto row = rows[k];
        EXPECT_EQ(row["name"] + ".weight", tensor["name"]);
        EXPECT_EQ(std::stoi(row["rows"]), tensor["shape"][0]);
        EXPECT_EQ(std::stoi(row["columns"]), tensor["shape"][1]);
        EXPECT_EQ(std::stof(row["gamma"]), tensor["gamma"].get<float>());
        const double all = tensor["shape"][0].get<double>() * tensor["shape"][1].get<double>();
        double entropy = 0.0;
        for (const char* trit : {"minus", "zero", "plus"}) {
            EXPECT_EQ(std::stoll(row[trit]), tensor[trit]) << row["name"];
            const double share = tensor[trit].get<double>() / all;
            EXPECT_EQ(std::stof(row[std::string(trit) + "_share"]), static_cast<float>(share));
            entropy -= share * std::log2(share);
        }
        EXPECT_NEAR(std::stod(row["entropy_bits_per_trit"]), entropy, 1e-12);
        const double zero = std::stod(row["zero_share"]);
        for (const char* part : {"row", "column"}) {
            EXPECT_LE(std::stod(row["least_" + std::string(part) + "_zero_share"]), zero);
            EXPECT_GE(std::stod(row["most_" + std::string(part) + "_zero_share"]), zero);
        }
        EXPECT_EQ(row["layer"].empty(), row["projection"] == "lm_head");
    }
    ASSERT_EQ(cli({"inspect", "--model", golden, "--what", "weights", "--out", scratch / "w.safetensors"}).exitCode, 0);
    TensorSource source;
    ASSERT_TRUE(readSafetensors(scratch / "w.safetensors", source).ok());
    EXPECT_EQ(source.tensors().size(), 5 * rows.size());
    for (auto row : rows) {
        const auto shares = readTensor(source, row["name"] + ".shares");
        ASSERT_EQ(shares.size(), 3U);
        EXPECT_EQ(shares[1], std::stof(row["zero_share"]));
        EXPECT_EQ(readTensor(source, row["name"] + ".gamma"), std::vector{std::stof(row["gamma"])});
        EXPECT_EQ(readTensor(source, row["name"] + ".column_zero_share"),
                  (std::vector{std::stof(row["least_column_zero_share"]), std::stof(row["most_column_zero_share"])}));
    }
    ASSERT_EQ(inspect({"--layer", "2"}).exitCode, 0);
    const auto layer = readNamedCsv(scratch / "w.csv");
    EXPECT_EQ(layer.size(), 6U);
    for (auto row : layer) EXPECT_EQ(row["layer"], "2");
}

TEST(Cli, ChatRemembersAndAnswersFromStdin) {
    const auto finished = cli({"chat", "--model", sample, "--backend", "cpu", "--temp", "0", "--json"},
                              "My name is Sam. What is my name?\n/quit\n");
    ASSERT_EQ(finished.exitCode, 0) << finished.err;
    const auto messages = finished.json()["messages"];
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_NE(messages[1]["text"].get<std::string>().find("Sam"), std::string::npos) << messages;
}

TEST(Cli, BytesOfAFileGoThroughUnchanged) {
    const Scratch scratch;
    const std::string text = "tab\tnewline\n\xF0\x9F\x8C\x8D nul:" + std::string(1, '\0') + " end";
    std::ofstream(scratch / "text", std::ios::binary) << text;
    const auto json = cli({"tokenize", "--tokenizer", sample, "--file", scratch / "text", "--json"}).json();
    EXPECT_EQ(json.value("decoded", ""), text);
    EXPECT_EQ(json["ids"].size(), json["pieces"].size());
}

}  // namespace
}  // namespace ternion
