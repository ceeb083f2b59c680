// Comparisons on the command line: what is recorded, listed and judged, and the paper's table.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "cli/program.h"

namespace ternion {
namespace {

using Arguments = std::vector<std::string>;

class CompareCli : public testing::Test {
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
    nlohmann::json compared(const Arguments& more = {}) const {
        Arguments arguments{"compare", "--model", golden,    "--ids",      "5,6,7",     "-n",
                            "6",       "-b",      "cpu,cpu", "--packings", "2bit,dense"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return json(arguments);
    }
    nlohmann::json asked(const std::string& question) const { return json({"sql", question})["rows"]; }

    Scratch scratch_;
};

std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(CompareCli, BothSidesAreLinkedRuns) {
    const std::string report = scratch_ / "report.md";
    const auto made = compared({"--report", report});
    EXPECT_EQ(made["max_abs"], 0.0) << "the packing changes no bit";
    EXPECT_EQ(made["kl"], 0.0);
    EXPECT_EQ(made["top1_agreement"], 1.0);
    EXPECT_TRUE(made["first_divergence"].is_null());
    EXPECT_FALSE(made["per_layer"].empty());
    ASSERT_EQ(made["sides"].size(), 2U);
    const auto rows = asked(
        "SELECT comparison, side, run, packing, kind, sweep FROM comparison_sides JOIN runs ON runs.id = run ORDER BY side");
    ASSERT_EQ(rows.size(), 2U);
    for (std::size_t side = 0; side < 2; ++side) {
        EXPECT_EQ(rows[side]["comparison"], made["comparison"]);
        EXPECT_EQ(rows[side]["run"], made["sides"][side]["run"]);
        EXPECT_EQ(rows[side]["kind"], "compare");
        EXPECT_EQ(rows[side]["packing"], side == 0 ? "2bit" : "dense");
        EXPECT_EQ(rows[side]["sweep"], rows[0]["sweep"]);
        const auto& figures = made["sides"][side]["figures"];
        EXPECT_EQ(figures["decode_tokens"]["value"], 6);
        EXPECT_EQ(figures["decode_ms_p50"]["value"], made["sides"][side]["wall_ms_p50"]);
        EXPECT_EQ(figures["decode_ms_p50"]["source"], "measured");
        EXPECT_NE(figures.contains("energy_per_token"), made["sides"][side]["missing"].contains("energy_per_token"));
    }
    EXPECT_EQ(made["sides"][1]["figures"]["compared_tokens"]["value"], 9);
    const std::string page = contents(report);
    for (const char* part : {"| A | cpu", "| B | cpu", "device memory, measured", "energy a token", "is run 1"})
        EXPECT_NE(page.find(part), std::string::npos) << part << "\n" << page;
}

TEST_F(CompareCli, TheUserMayWantNoneOfItKept) {
    const auto made = compared({"--no-record"});
    EXPECT_FALSE(made.contains("comparison"));
    EXPECT_FALSE(made["sides"][0].contains("run"));
    EXPECT_TRUE(made["sides"][0]["figures"].contains("decode_ms_p50"));
    EXPECT_FALSE(std::filesystem::exists(store()));
    compared({"--no-texts"});
    EXPECT_TRUE(asked("SELECT * FROM run_texts").empty());
    EXPECT_TRUE(asked("SELECT * FROM run_tokens WHERE token IS NOT NULL").empty());
    EXPECT_EQ(asked("SELECT * FROM comparisons WHERE report LIKE '%\"ids\"%'").size(), 0U);
}

TEST_F(CompareCli, ComparisonsAreListedAndJudged) {
    const auto first = compared(), second = compared(), other = compared({"--profiles", "fixed,float"});
    auto rows = json({"comparisons"})["rows"];
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0]["comparison"], other["comparison"]);
    EXPECT_EQ(rows[2]["comparison"], first["comparison"]);
    EXPECT_EQ(rows[2]["runs"], nlohmann::json::array({first["sides"][0]["run"], first["sides"][1]["run"]}));
    EXPECT_EQ(rows[2]["report"]["max_abs"], 0.0);
    EXPECT_TRUE(rows[1]["judged"].empty());

    rows = json({"comparisons", "--baseline", first["comparison"].dump()})["rows"];
    EXPECT_TRUE(rows[2]["baseline"].get<bool>());
    EXPECT_TRUE(rows[0]["judged"].empty()) << "another profile";
    ASSERT_FALSE(rows[1]["judged"].empty());
    EXPECT_EQ(rows[1]["judged"][0]["what"], "max_abs");
    EXPECT_EQ(rows[1]["judged"][0]["verdict"], "same");
    const auto list = withStore({"comparisons"});
    EXPECT_NE(list.out.find("1 (baseline)"), std::string::npos) << list.out;
    EXPECT_NE(list.out.find("max_abs 0,"), std::string::npos) << list.out;

    EXPECT_EQ(withStore({"comparisons", "--baseline", "77"}).exitCode, 3);
    EXPECT_EQ(json({"comparisons", "--remove", second["comparison"].dump()})["rows"].size(), 2U);
    EXPECT_EQ(json({"runs", "compare"})["rows"].size(), 6U);
    EXPECT_EQ(cli({"comparisons", "--store", scratch_ / "none.db"}).exitCode, 3);
}

TEST_F(CompareCli, StoppedItIsKeptAsStopped) {
    const Program program({"compare", "--model", sample, "--ids", "5", "-n", "100000", "-b", "cpu,cpu", "--store", store()});
    const auto begun = [&] { return withStore({"runs", "--json"}).out.find("running") != std::string::npos; };
    for (int k = 0; k < 600 && !begun(); ++k) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    program.send(SIGINT);
    EXPECT_EQ(program.wait().exitCode, 5);
    for (const auto& run : json({"runs"})["rows"]) EXPECT_EQ(run["state"], "stopped");
    EXPECT_EQ(json({"comparisons"})["rows"].size(), 1U);
}

TEST_F(CompareCli, ThePapersTableIsThereWithoutAnyRun) {
    const std::string report = scratch_ / "paper.md";
    const auto table = json({"paper", "--report", report});
    ASSERT_FALSE(table["rows"].empty());
    EXPECT_FALSE(std::filesystem::exists(store()));
    for (const auto& row : table["rows"])
        for (const char* column : {"memory_bytes", "latency_s", "power_W", "energy_per_token_J"})
            EXPECT_NE(row[column].contains("source"), row[column].contains("missing")) << row;
    EXPECT_EQ(contents(report), withStore({"paper"}).out);
    // A run of another model, on a processor, is none of the table's.
    ASSERT_EQ(withStore({"bench", "--model", golden, "-p", "0", "-n", "2", "-b", "cpu"}).exitCode, 0);
    EXPECT_EQ(json({"paper"}), table);
}

}  // namespace
}  // namespace ternion
