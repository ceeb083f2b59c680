// The paper's table says of every value where it comes from, and makes none up.
#include "estimate/paper_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "store/run_reader.h"
#include "store/run_store.h"

namespace ternion::fpga {
namespace {

class PaperTableTest : public testing::Test {
protected:
    static RunFacts factsOf(const std::string& preset, bool software = false) {
        RunFacts facts;
        facts.kind = "bench";
        facts.model = {"hash of " + preset, preset + " (random trits)", "preset:" + preset, 1, 2};
        facts.device.backend = "vulkan";
        facts.device.name = "A graphics card";
        facts.device.software = software;
        facts.packing = "dense";
        facts.program = "ternion 9";
        return facts;
    }
    std::int64_t add(const RunFacts& facts, double milliseconds, RunState state = RunState::Finished) const {
        const auto run = store_->begin(facts).value();
        RunEnd end;
        end.state = state;
        end.figures = {{"peak_device_bytes", 1.5e8, "B"},
                       {"decode_ms_p50", milliseconds, "ms"},
                       {"mean_power", 200.0, "W", Source::VendorEstimate},
                       {"energy_per_token", 0.25, "J", Source::VendorEstimate}};
        EXPECT_TRUE(store_->finish(run, end).ok());
        return run;
    }
    PaperTable table() const {
        return paperTable(store_->reader().value()->list().value(), AreaTable::builtIn().value()).value();
    }
    static const PaperRow* find(const PaperTable& table, const std::string& model, const std::string& kind,
                                const std::string& who, const std::string& device = {}) {
        for (const PaperRow& row : table.rows)
            if (row.model == model && row.kind == kind && row.who == who && row.device.find(device) != std::string::npos)
                return &row;
        return nullptr;
    }

    const std::unique_ptr<RunStore> store_ = std::move(RunStore::open({})->store);
};

TEST_F(PaperTableTest, OursOnAGpuIsTheNewestBenchmarkThatRanHere) {
    add(factsOf("370M"), 0.9);
    const auto newest = add(factsOf("370M"), 0.25);
    add(factsOf("370M"), 0.1, RunState::Failed);
    add(factsOf("370M", true), 7.0);  // a processor that plays a graphics card
    RunSummary foreign;
    foreign.facts = factsOf("370M");
    foreign.state = RunState::Finished;
    foreign.origin = "elsewhere.ternion";
    foreign.figures = {{"decode_ms_p50", 0.01, "ms"}};
    ASSERT_TRUE(store_->import(foreign, {}).ok());
    RunFacts chat = factsOf("370M");
    chat.kind = "chat";
    add(chat, 0.02);

    const auto made = table();
    const PaperRow* ours = find(made, "370M", "GPU", "Ternion");
    ASSERT_NE(ours, nullptr);
    EXPECT_EQ(ours->device, "A graphics card");
    EXPECT_DOUBLE_EQ(*ours->latency.value, 0.25e-3);
    EXPECT_EQ(ours->latency.source, Source::Measured);
    EXPECT_EQ(ours->memory.value, 1.5e8);
    EXPECT_EQ(ours->power.value, 200.0);
    EXPECT_EQ(ours->power.source, Source::VendorEstimate);
    EXPECT_EQ(ours->energy.value, 0.25);
    EXPECT_EQ(ours->energy.source, Source::VendorEstimate);
    EXPECT_NE(ours->origin.find("run " + std::to_string(newest) + ","), std::string::npos) << ours->origin;
    const PaperRow* larger = find(made, "1.3B", "GPU", "Ternion");
    ASSERT_NE(larger, nullptr);
    EXPECT_FALSE(larger->latency.value);
    const std::string page = toMarkdown(made);
    for (const char* cell : {"| 0.25 ms, measured |", "| 150 MB, measured |", "| 200 W, vendor-estimate |",
                             "| 250 mJ, vendor-estimate |", "bench --preset 1.3B"})
        EXPECT_NE(page.find(cell), std::string::npos) << cell << "\n" << page;
    EXPECT_EQ(page.find("bench --preset 370M"), std::string::npos);
}

TEST_F(PaperTableTest, AnEnergyThatTheRunLacksIsMissingForItsReason) {
    const auto run = store_->begin(factsOf("2.7B")).value();
    RunEnd end;
    end.figures = {{"decode_ms_p50", 1.0, "ms"}};
    end.missing = {{"energy_per_token", "the run has to take 3 s"}};
    ASSERT_TRUE(store_->finish(run, end).ok());
    const auto made = table();
    const PaperRow* ours = find(made, "2.7B", "GPU", "Ternion");
    ASSERT_NE(ours, nullptr);
    EXPECT_EQ(ours->power.missing, "the run has to take 3 s");
    EXPECT_EQ(ours->energy.missing, "the run has to take 3 s");
    EXPECT_FALSE(ours->energy.value);
    EXPECT_FALSE(ours->memory.value);
    EXPECT_NE(ours->memory.missing, "");
}

TEST_F(PaperTableTest, WithoutRunsTheRestIsThereAndNothingIsMadeUp) {
    const auto made = table();
    std::set<std::string> models;
    for (const PaperRow& row : made.rows) {
        models.insert(row.model);
        for (const PaperValue* value : {&row.memory, &row.latency, &row.power, &row.energy}) {
            EXPECT_EQ(value->value.has_value(), value->missing.empty()) << row.model << " " << row.device;
            if (!value->value) continue;
            EXPECT_GT(*value->value, 0.0);
            // Nothing has been measured.
            EXPECT_TRUE(value->source == Source::Modelled || !value->source);
            EXPECT_EQ(row.who == "Ternion", value->source == Source::Modelled);
        }
    }
    EXPECT_EQ(models, (std::set<std::string>{"370M", "1.3B", "2.7B"}));

    // What the paper says of its FPGA; of a GPU it draws.
    const PaperRow* paper = find(made, "1.3B", "FPGA", "MatMul-free LM paper");
    ASSERT_NE(paper, nullptr);
    EXPECT_DOUBLE_EQ(*paper->latency.value, 1.0 / 23.8);
    EXPECT_DOUBLE_EQ(*paper->power.value, 13.67);
    EXPECT_DOUBLE_EQ(*paper->energy.value, 13.67 / 23.8);
    EXPECT_EQ(paper->energy.sourceName(), "published");
    EXPECT_FALSE(paper->memory.value);
    EXPECT_NE(paper->origin.find("arXiv 2406.02528"), std::string::npos);
    EXPECT_FALSE(find(made, "370M", "FPGA", "MatMul-free LM paper")->latency.value);
    EXPECT_NE(find(made, "370M", "GPU", "MatMul-free LM paper")->memory.missing.find("figure 4"), std::string::npos);
    // Several sequences at once: its throughput is no latency.
    EXPECT_FALSE(find(made, "2.7B", "FPGA", "TerEffic")->latency.value);
    EXPECT_TRUE(find(made, "2.7B", "FPGA", "TerEffic")->energy.value);

    // Ours on boards are the projection's, with its range the right way round.
    const auto projection = project(AreaTable::builtIn().value()).value();
    int boards = 0;
    for (const ProjectionRow& row : projection.rows) {
        const PaperRow* ours = find(made, row.model, "FPGA", "Ternion", row.board);
        ASSERT_NE(ours, nullptr) << row.model << " " << row.board;
        if (!row.missing.empty()) {
            EXPECT_EQ(ours->latency.missing, row.missing);
            continue;
        }
        ++boards;
        EXPECT_DOUBLE_EQ(*ours->latency.value, 1.0 / row.tokensPerSecond.typical);
        EXPECT_LE(ours->latency.range->low, *ours->latency.value);
        EXPECT_GE(ours->latency.range->high, *ours->latency.value);
        EXPECT_EQ(*ours->energy.value, row.joulesPerToken.typical);
    }
    EXPECT_GE(boards, 3);
    const std::string json = toJson(made);
    for (const char* part : {R"("source":"published")", R"("source":"modelled","low":)", R"("missing":")", R"("on":"GPU")"})
        EXPECT_NE(json.find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace ternion::fpga
