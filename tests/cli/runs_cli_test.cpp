// Runs on the command line: what is recorded, and what can be asked, carried and run again.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "cli/program.h"
#include "runs/run_bundle.h"

namespace ternion {
namespace {

using Arguments = std::vector<std::string>;

class RunsCli : public testing::Test {
protected:
    std::string store() const { return scratch_ / "runs.db"; }
    Finished withStore(Arguments arguments) const {
        arguments.insert(arguments.end(), {"--store", store()});
        return cli(std::move(arguments));
    }
    nlohmann::json json(Arguments arguments) const {
        arguments.emplace_back("--json");
        const auto finished = withStore(std::move(arguments));
        EXPECT_EQ(finished.exitCode, 0) << finished.err;
        return finished.json();
    }
    /// A generated answer: its JSON.
    nlohmann::json generated(const Arguments& more = {}) const {
        Arguments arguments{"generate", "--model", golden,   "--ids", "5,6,7",     "-n",  "12",
                            "--temp",   "0.9",     "--seed", "7",     "--backend", "cpu", "--ignore-eos"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return json(arguments);
    }
    nlohmann::json rows() const { return json({"runs"})["rows"]; }

    Scratch scratch_;
};

std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(RunsCli, BenchGenerateAndChatAreRecorded) {
    const auto bench = json({"bench", "--model", golden, "-p", "16", "-n", "8", "--backend", "cpu"});
    const auto answer = generated();
    const Finished chat =
        Program({"chat", "--model", sample, "-n", "3", "--backend", "cpu", "--store", store()}, "Hello\n/quit\n").wait();
    EXPECT_EQ(chat.exitCode, 0) << chat.err;
    const auto all = rows();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0]["kind"], "chat");
    EXPECT_EQ(all[1]["kind"], "generate");
    EXPECT_EQ(all[2]["kind"], "bench");
    EXPECT_EQ(all[2]["id"], bench["run"]);
    EXPECT_EQ(all[1]["id"], answer["run"]);
    EXPECT_EQ(all[1]["seed"], 7);
    EXPECT_EQ(all[1]["max_tokens"], 12);
    EXPECT_EQ(all[1]["model_path"], golden);
    EXPECT_EQ(all[1]["figures"]["decode_tokens"]["value"], 12);
    for (const auto& row : all) {
        EXPECT_EQ(row["state"], "finished");
        const auto& speed = row["figures"]["decode_tok_s"];
        EXPECT_GT(speed["value"].get<double>(), 0.0);
        EXPECT_EQ(speed["unit"], "1/s");
        EXPECT_EQ(speed["source"], "measured");
        // Energy is there with its source, or missing with a reason.
        const bool known = row["figures"].contains("energy_per_token");
        EXPECT_NE(known, row["missing"].contains("energy_per_token"));
        EXPECT_TRUE(known || !row["missing"]["energy_per_token"].get<std::string>().empty());
    }
    EXPECT_EQ(all[2]["figures"]["decode_tok_s"]["value"], bench["decode_tok_s"]);
    EXPECT_NE(bench.contains("energy_per_token_J"), all[2]["missing"].contains("energy_per_token"));
    EXPECT_EQ(bench.contains("energy_per_token_J"), bench.contains("energy_source"));
    if (!bench.contains("energy_per_token_J")) {
        EXPECT_EQ(bench["energy_missing"], all[2]["missing"]["energy_per_token"]);
    }

    // People's list has the same, and a filter.
    const auto list = withStore({"runs", "BENCH", "cpu"});
    EXPECT_EQ(list.exitCode, 0);
    EXPECT_NE(list.out.find("bench"), std::string::npos);
    EXPECT_EQ(list.out.find("generate"), std::string::npos);
    EXPECT_TRUE(json({"runs", "nosuchword"})["rows"].empty());
}

TEST_F(RunsCli, WithoutAStoreItIsTheUsersOwn) {
    const std::string own = dataHome() + "/ternion/ternion.db";
    std::filesystem::remove_all(dataHome());
    const Finished none = cli({"runs"});
    EXPECT_EQ(none.exitCode, 3);
    EXPECT_NE(none.err.find("there are no runs yet"), std::string::npos) << none.err;
    EXPECT_FALSE(std::filesystem::exists(dataHome()));
    ASSERT_EQ(cli({"generate", "-m", golden, "--ids", "1", "-n", "1", "-b", "cpu", "--no-record"}).exitCode, 0);
    EXPECT_FALSE(std::filesystem::exists(dataHome()));
    ASSERT_EQ(cli({"generate", "-m", golden, "--ids", "1", "-n", "1", "-b", "cpu"}).exitCode, 0);
    EXPECT_TRUE(std::filesystem::exists(own));
    EXPECT_EQ(cli({"runs", "--json"}).json()["rows"].size(), 1U);
}

TEST_F(RunsCli, ExitCodesTellWhoseFaultItIs) {
    struct Row {
        Arguments arguments;
        int code;
        std::string said;
    };
    const std::string missing = scratch_ / "none.db", file = scratch_ / "some.zip";
    std::ofstream(file) << "this is no zip";
    generated();
    const std::vector<Row> rows{
        {{"runs", "--store", missing}, 3, "there are no runs yet"},
        {{"sql", "SELECT 1", "--store", missing}, 3, "none.db"},
        {{"export", "last", scratch_ / "o.zip", "--store", missing}, 3, "none.db"},
        {{"import", file, "--store", missing}, 3, "some.zip"},
        {{"replay", file, "--store", missing}, 3, "some.zip"},
        {{"import", scratch_ / "absent.zip", "--store", missing}, 3, "absent.zip"},
        {{"sql"}, 2, "SELECT"},
        {{"sql", "DELETE FROM runs", "--store", store()}, 2, ""},
        {{"sql", "SELECT nonsense", "--store", store()}, 2, "nonsense"},
        {{"sql", "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n", "--time-limit", "0.2",
          "--store", store()},
         3,
         ""},
        {{"sql", "SELECT 1", "--time-limit", "0", "--store", store()}, 2, "0.001"},
        {{"export", "first", scratch_ / "o.zip", "--store", store()}, 2, "last"},
        {{"export", "99", scratch_ / "o.zip", "--store", store()}, 3, "99"},
        {{"export", "last", scratch_ / "o.tar", "--store", store()}, 2, ".zip"},
        {{"export", "last", scratch_ / "no/such/o.zip", "--store", store()}, 3, "o.zip"},
        {{"export", "last", scratch_ / "o.csv", "--series", "mood", "--store", store()}, 3, "token_latency"},
        {{"bench", "-m", golden, "--energy", "-1"}, 2, "--energy"},
    };
    for (const auto& row : rows) {
        const Finished finished = cli(row.arguments);
        EXPECT_EQ(finished.exitCode, row.code) << row.arguments[0] << " " << row.arguments.back() << ": " << finished.err;
        EXPECT_NE(finished.err.find(row.said), std::string::npos) << row.arguments[0] << " said: " << finished.err;
    }
    EXPECT_FALSE(std::filesystem::exists(missing));
    EXPECT_EQ(this->rows().size(), 1U);  // nothing was deleted
}

TEST_F(RunsCli, SqlAnswersAsCsvAndJson) {
    const auto run = generated()["run"];
    const auto answer = json({"sql", "SELECT id, kind, 0.5 AS half, NULL AS none, kind FROM runs"});
    EXPECT_EQ(answer["columns"], (Arguments{"id", "kind", "half", "none", "kind_2"}));
    ASSERT_EQ(answer["rows"].size(), 1U);
    EXPECT_EQ(answer["rows"][0],
              (nlohmann::json{{"id", run}, {"kind", "generate"}, {"half", 0.5}, {"none", nullptr}, {"kind_2", "generate"}}));
    const auto plain = withStore({"sql", "SELECT 'a,b' AS x, 1 AS y"});
    EXPECT_EQ(plain.out, "x,y\r\n\"a,b\",1\r\n");
    const Program endless({"sql", "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n",
                           "--time-limit", "60", "--store", store()});
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    endless.send(SIGINT);
    EXPECT_EQ(endless.wait().exitCode, 5);
}

TEST_F(RunsCli, TextsAreRecordedOnlyWhereTheyMayBe) {
    const auto say = [&](const Arguments& more) {
        Arguments arguments{"generate", "-m", sample, "--prompt", "Xylophone", "-n", "4", "-b", "cpu"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        EXPECT_EQ(withStore(arguments).exitCode, 0);
        return contents(store()) + contents(store() + "-wal");
    };
    const std::string silent = say({"--no-texts"});
    EXPECT_EQ(silent.find("Xylophone"), std::string::npos);
    EXPECT_EQ(json({"sql", "SELECT count(*) AS n FROM run_texts"})["rows"][0]["n"], 0);
    EXPECT_EQ(json({"sql", "SELECT count(token) AS known, count(*) AS n FROM run_tokens"})["rows"][0],
              (nlohmann::json{{"known", 0}, {"n", 4}}));
    EXPECT_NE(say({}).find("Xylophone"), std::string::npos);
    ASSERT_EQ(withStore({"export", "1", scratch_ / "silent.zip"}).exitCode, 0);
    const auto refused = withStore({"replay", scratch_ / "silent.zip"});
    EXPECT_EQ(refused.exitCode, 3);
    EXPECT_NE(refused.err.find("prompt is not recorded"), std::string::npos) << refused.err;
    ASSERT_EQ(withStore({"export", "last", scratch_ / "quiet.zip", "--without-texts"}).exitCode, 0);
    const auto quiet = readBundle(scratch_ / "quiet.zip");
    ASSERT_TRUE(quiet.ok());
    EXPECT_FALSE(quiet->texts.prompt || quiet->texts.promptIds || quiet->texts.answer);
}

TEST_F(RunsCli, WhereItCannotBeRecordedItGoesOn) {
    std::ofstream(scratch_ / "file") << "no folder";
    const auto finished =
        cli({"generate", "-m", golden, "--ids", "1,2", "-n", "3", "-b", "cpu", "--json", "--store", scratch_ / "file/runs.db"});
    EXPECT_EQ(finished.exitCode, 0);
    EXPECT_EQ(finished.json()["ids"].size(), 3U);
    EXPECT_FALSE(finished.json().contains("run"));
    EXPECT_NE(finished.err.find("not recorded"), std::string::npos) << finished.err;
    EXPECT_EQ(std::count(finished.err.begin(), finished.err.end(), '\n'), 1) << finished.err;
}

TEST_F(RunsCli, RawSamplesAsCsv) {
    generated();
    ASSERT_EQ(withStore({"export", "last", scratch_ / "latency.csv"}).exitCode, 0);
    std::istringstream lines(contents(scratch_ / "latency.csv"));
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, "time_ns,value_s,source\r");
    const auto expected =
        json({"sql",
              "SELECT time, value FROM samples JOIN series ON series.id = series WHERE name = 'token_latency' "
              "ORDER BY time"})["rows"];
    ASSERT_EQ(expected.size(), 12U);
    for (const auto& sample : expected) {
        std::getline(lines, line);
        EXPECT_EQ(line.substr(0, line.find(',')), std::to_string(sample["time"].get<std::int64_t>()));
        EXPECT_EQ(std::stod(line.substr(line.find(',') + 1)), sample["value"].get<double>());
        EXPECT_NE(line.find(",measured"), std::string::npos);
    }
}

TEST_F(RunsCli, AnExportedRunIsImportedElsewhere) {
    generated();
    const std::string bundle = scratch_ / "a run.zip", other = scratch_ / "other.db";
    ASSERT_EQ(withStore({"export", "last", bundle}).exitCode, 0);
    const auto imported = cli({"import", bundle, "--store", other, "--json"});
    ASSERT_EQ(imported.exitCode, 0) << imported.err;
    const auto foreign = cli({"runs", "--store", other, "--json"}).json()["rows"][0];
    const auto own = rows()[0];
    EXPECT_EQ(foreign["id"], imported.json()["run"]);
    EXPECT_EQ(foreign["origin"], "a run.zip");
    EXPECT_EQ(foreign["figures"], own["figures"]);
    EXPECT_EQ(foreign["missing"], own["missing"]);
    EXPECT_EQ(foreign["seed"], own["seed"]);
    EXPECT_EQ(foreign["model_path"], "");
    EXPECT_NE(cli({"runs", "--store", other}).out.find("foreign"), std::string::npos);
}

TEST_F(RunsCli, AReplayIsTheSameOnEveryBackend) {
    const auto answer = generated();
    const std::string bundle = scratch_ / "run.zip";
    ASSERT_EQ(withStore({"export", "last", bundle}).exitCode, 0);
    const auto kinds = [](const nlohmann::json& replay) {
        Arguments what;
        for (const auto& one : replay["differences"])
            if (one["kind"] != "figure") what.push_back(one["what"]);
        return what;
    };
    const auto same = json({"replay", bundle});  // the model is found by its hash
    EXPECT_EQ(same["same"], true);
    EXPECT_EQ(same["ids"], answer["ids"]);
    EXPECT_EQ(same["tokens_compared"], 12);
    EXPECT_EQ(kinds(same), Arguments{});
    EXPECT_EQ(rows()[0]["kind"], "replay");
    EXPECT_EQ(rows()[0]["id"], same["run"]);
    const auto vulkan = json({"replay", bundle, "--backend", "vulkan:0"});
    EXPECT_EQ(vulkan["same"], true);
    EXPECT_EQ(vulkan["ids"], answer["ids"]);
    const auto told = kinds(vulkan);
    EXPECT_NE(std::find(told.begin(), told.end(), "backend"), told.end());
    EXPECT_NE(std::find(told.begin(), told.end(), "shaders"), told.end());

    // Elsewhere nobody knows the model; another one says something else.
    const std::string other = scratch_ / "other.db";
    const auto unknown = cli({"replay", bundle, "--store", other});
    EXPECT_EQ(unknown.exitCode, 3);
    EXPECT_NE(unknown.err.find("--model"), std::string::npos) << unknown.err;
    const auto another = cli({"replay", bundle, "--store", other, "--model", sample, "--backend", "cpu", "--json"});
    ASSERT_EQ(another.exitCode, 0) << another.err;
    EXPECT_EQ(another.json()["same"], false);
    const auto found = kinds(another.json());
    EXPECT_EQ(found.front(), "model hash");
    EXPECT_TRUE(std::any_of(found.begin(), found.end(), [](const std::string& what) { return what.starts_with("token "); }));
    const auto plain = cli({"replay", bundle, "--store", other, "--model", golden, "--no-record"});
    EXPECT_EQ(plain.exitCode, 0) << plain.err;
    EXPECT_NE(plain.out.find("same result, 12 tokens compared"), std::string::npos) << plain.out;
    EXPECT_EQ(cli({"runs", "--store", other, "--json"}).json()["rows"].size(), 1U);
}

TEST_F(RunsCli, ABenchmarkIsReplayed) {
    json({"bench", "--model", golden, "-p", "8", "-n", "4", "--backend", "cpu"});
    ASSERT_EQ(withStore({"export", "last", scratch_ / "bench.zip"}).exitCode, 0);
    const auto replay = json({"replay", scratch_ / "bench.zip"});
    EXPECT_EQ(replay["same"], true);
    EXPECT_EQ(replay["figures"]["decode_tokens"]["value"], 4);
    EXPECT_GT(replay["figures"]["prefill_tok_s"]["value"].get<double>(), 0.0);
}

TEST_F(RunsCli, AKilledBenchmarkIsInterrupted) {
    const Program program({"bench", "--model", sample, "-p", "0", "-n", "1000000", "--backend", "cpu", "--store", store()});
    for (int wait = 0; wait < 200; ++wait) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        const auto asked = withStore({"sql", "SELECT count(*) AS n FROM run_tokens", "--json"});
        if (asked.exitCode == 0 && asked.json()["rows"][0]["n"] > 0) break;
    }
    program.send(SIGKILL);
    EXPECT_EQ(program.wait().exitCode, 128 + SIGKILL);
    const auto all = rows();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0]["state"], "interrupted");
    EXPECT_GT(json({"sql", "SELECT count(*) AS n FROM run_tokens"})["rows"][0]["n"].get<int>(), 0);
}

}  // namespace
}  // namespace ternion
