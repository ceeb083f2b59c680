// Runs come back as they were written, and plots of them are true.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>

#include "base/process_mark.h"
#include "store/database.h"
#include "unit/run_store_fixture.h"

namespace ternion {
namespace {

class RunStoreTest : public RunStoreFixture {
protected:
    const std::unique_ptr<RunStore> store_ = openedRuns();

    std::int64_t begun() const { return store_->begin(facts()).value(); }
    std::unique_ptr<RunReader> reader() const { return std::move(store_->reader()).value(); }

    /// A series with these values, a microsecond apart, written in batches of uneven sizes.
    std::int64_t series(std::int64_t run, const std::string& name, const std::vector<double>& values) const {
        const auto id = store_->addSeries(run, {0, name, "s", Source::Measured, 0.0, "a clock", {}}).value();
        std::size_t size = 1;
        for (std::size_t at = 0; at < values.size(); at += size, size = size * 7 % 50021 + 1) {
            RunBatch batch;
            batch.run = run;
            auto& part = batch.samples.emplace_back(RunBatch::Samples{id, {}});
            for (std::size_t k = at; k < std::min(values.size(), at + size); ++k)
                part.samples.push_back({static_cast<std::int64_t>(k) * 1000, values[k]});
            const auto written = store_->write(batch);
            EXPECT_TRUE(written.ok()) << written.error().text();
        }
        return id;
    }
};

std::vector<double> noise(std::size_t count) {
    std::mt19937 random(7);
    std::vector<double> values(count);
    for (double& value : values) value = static_cast<double>(random() % 100000) / 1e6;
    return values;
}

TEST_F(RunStoreTest, ARunComesBackAsItWasWritten) {
    RunTexts texts{"What is a trit?", std::vector<TokenId>{1, 2, 32000}, {}};
    const auto run = store_->begin(facts(), texts).value();
    const auto power = store_->addSeries(run, {0, "power.gpu", "W", Source::VendorEstimate, 0.1, "NVML", {}}).value();
    ASSERT_TRUE(store_->addSeries(run, {0, "energy.cpu", "J", Source::VendorEstimate, 0.1, "RAPL", "no powercap here"}).ok());
    RunBatch batch;
    batch.run = run;
    batch.samples = {{power, {{5, 70.5}, {5, 71.0}, {9, 72.0}}}};
    batch.tokens = {{0, 100, 17}, {1, 200, -1}};
    batch.kernels = {{false, 1, {"bit_linear", 1e-6, 4096, 3}}, {true, 512, {"mlgru", 2e-6, 0, 0}}};
    ASSERT_TRUE(store_->write(batch).ok());
    EXPECT_EQ(reader()->load(run)->state, RunState::Running);
    ASSERT_TRUE(store_->setTags(run, {"b", "a", "a"}).ok());
    ASSERT_TRUE(store_->setNote(run, "quiet machine").ok());
    ASSERT_TRUE(store_->annotate(run, 0.5, "here").ok());
    ASSERT_TRUE(store_->annotate(run, {}, "all of it").ok());
    ASSERT_TRUE(store_
                    ->finish(run, {RunState::Failed,
                                   1.5,
                                   "the device is lost",
                                   {{"decode_tok_s", 4800.0, "1/s", Source::Measured},
                                    {"energy_per_token", 0.02, "J", Source::VendorEstimate}},
                                   {{"energy_above_idle", "too short"}},
                                   "Three values."})
                    .ok());

    const auto read = reader();
    const RunSummary back = read->load(run).value();
    const RunFacts want = facts();
    EXPECT_EQ(back.facts.kind, want.kind);
    EXPECT_EQ(back.facts.model.hash, want.model.hash);
    EXPECT_EQ(back.facts.model.path, want.model.path);
    EXPECT_EQ(back.facts.model.unoptimisedBytes, want.model.unoptimisedBytes);
    EXPECT_EQ(back.facts.device.id(), "cpu");
    EXPECT_EQ(back.facts.device.memoryBytes, want.device.memoryBytes);
    EXPECT_EQ(back.facts.sampler, want.sampler);
    EXPECT_EQ(back.facts.settings, want.settings);
    EXPECT_EQ(back.facts.sweep, want.sweep);
    ASSERT_EQ(back.facts.intervention.size(), 1U);
    EXPECT_EQ(back.facts.intervention[0], want.intervention[0]);
    EXPECT_EQ(back.state, RunState::Failed);
    EXPECT_EQ(back.error, "the device is lost");
    EXPECT_EQ(back.seconds, 1.5);
    EXPECT_EQ(back.tags, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(back.note, "quiet machine");
    ASSERT_NE(back.figure("energy_per_token"), nullptr);
    EXPECT_EQ(back.figure("energy_per_token")->source, Source::VendorEstimate);
    EXPECT_EQ(back.figure("no such"), nullptr);
    EXPECT_EQ(back.figure("energy_above_idle"), nullptr);
    ASSERT_EQ(back.missing.size(), 1U);
    EXPECT_EQ(back.missing[0].reason, "too short");
    const RunTexts said = read->texts(run).value();
    EXPECT_EQ(said.prompt, texts.prompt);
    EXPECT_EQ(said.promptIds, texts.promptIds);
    EXPECT_EQ(said.answer, "Three values.");
    const auto all = read->series(run).value();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].source, Source::VendorEstimate);
    EXPECT_EQ(all[1].missing, "no powercap here");
    const auto samples = read->samples(power).value();
    ASSERT_EQ(samples.size(), 3U);
    EXPECT_EQ(samples[1].time, 6);  // moved apart
    const auto tokens = read->tokens(run).value();
    ASSERT_EQ(tokens.size(), 2U);
    EXPECT_EQ(tokens[0].token, 17);
    EXPECT_EQ(tokens[1].token, -1);
    const auto kernels = read->kernels(run).value();
    ASSERT_EQ(kernels.size(), 2U);
    EXPECT_EQ(kernels[0].time.layer, 3);
    EXPECT_TRUE(kernels[1].prefill);
    EXPECT_EQ(read->annotations(run)->size(), 2U);
}

TEST_F(RunStoreTest, ARunOutlivesItsConversation) {
    const auto chats = opened();
    RunFacts asked = facts();
    asked.conversation = chats->createConversation("c", "").value();
    const auto run = store_->begin(asked).value();
    EXPECT_EQ(reader()->load(run)->facts.conversation, asked.conversation);
    auto database = Database::connect(path_);
    ASSERT_TRUE(database->script("PRAGMA foreign_keys=ON").ok());
    ASSERT_TRUE(database->run("DELETE FROM conversations").ok());
    EXPECT_EQ(reader()->load(run)->facts.conversation, 0);
    EXPECT_EQ(reader()->load(store_->begin(asked).value())->facts.conversation, 0);  // one that is kept elsewhere
}

TEST_F(RunStoreTest, TextsThatAreNotRecordedAreNowhereInTheFile) {
    const auto run = begun();
    ASSERT_TRUE(store_->finish(run, {}).ok());
    const auto texts = reader()->texts(run).value();
    EXPECT_FALSE(texts.prompt || texts.promptIds || texts.answer);
    const auto database = Database::connect(path_);
    EXPECT_EQ(database->number("SELECT count(*) FROM run_texts").value(), 0);
}

TEST_F(RunStoreTest, PointsCarryTheExtremesOfTheRawSamples) {
    const auto values = noise(100000);
    const auto run = begun();
    const auto id = series(run, "token_latency", values);
    const auto read = reader();
    for (const auto& [from, to] : {std::pair<std::size_t, std::size_t>{0, values.size() - 1},
                                   {3, 99990},
                                   {255, 256},
                                   {256, 511},
                                   {40000, 40900},
                                   {99999, 99999}}) {
        for (const std::size_t most : {1U, 7U, 300U, 5000U}) {
            const TimeRange range{static_cast<std::int64_t>(from) * 1000, static_cast<std::int64_t>(to) * 1000};
            const auto points = read->points(id, range, most).value();
            const std::size_t count = to - from + 1;
            if (count <= most) {
                EXPECT_EQ(points.size(), count);
            } else {
                EXPECT_LE(points.size(), 2 * most);
                EXPECT_GE(2 * points.size(), std::min<std::size_t>(most, 200)) << from << " " << to << " " << most;
            }
            std::size_t at = from;
            for (const SeriesPoint& point : points) {
                EXPECT_EQ(point.first, static_cast<std::int64_t>(at) * 1000);
                double sum = 0.0;
                const auto begin = values.begin() + static_cast<std::ptrdiff_t>(at);
                for (std::int64_t k = 0; k < point.count; ++k) sum += begin[k];
                EXPECT_EQ(point.least, *std::min_element(begin, begin + point.count));
                EXPECT_EQ(point.most, *std::max_element(begin, begin + point.count));
                EXPECT_NEAR(point.sum, sum, 1e-9 * sum);
                at += static_cast<std::size_t>(point.count);
                EXPECT_EQ(point.last, static_cast<std::int64_t>(at - 1) * 1000);
            }
            EXPECT_EQ(at, to + 1);
        }
    }
    EXPECT_TRUE(read->points(id, {-5000, -1000}, 100)->empty());
    EXPECT_TRUE(read->points(id + 1, {}, 100)->empty());
}

TEST_F(RunStoreTest, SummariesAreThoseOfTheRawSamples) {
    auto values = noise(12345);
    const auto run = begun();
    const auto id = series(run, "token_latency", values);
    const auto running = reader()->summary(id).value();
    ASSERT_TRUE(store_->finish(run, {}).ok());
    const auto ended = reader()->summary(id).value();
    std::sort(values.begin(), values.end());
    const auto rank = [&](double share) {
        return values[static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size()))) - 1];
    };
    for (const auto& summary : {running, ended}) {
        EXPECT_EQ(summary.count, 12345);
        EXPECT_EQ(summary.p50, rank(0.5));
        EXPECT_EQ(summary.p90, rank(0.9));
        EXPECT_EQ(summary.p99, rank(0.99));
        EXPECT_EQ(summary.least, values.front());
        EXPECT_EQ(summary.most, values.back());
        EXPECT_EQ(summary.last, 12344000);
    }
    EXPECT_EQ(reader()->summary(id, {1000, 1000})->count, 1);
    EXPECT_EQ(reader()->summary(id, {-9, -1})->count, 0);
}

TEST_F(RunStoreTest, BlocksGoOnWhereAnotherProgramWroteBefore) {
    const auto run = begun();
    const auto id = store_->addSeries(run, {0, "s", "s", Source::Measured, 0.0, {}, {}}).value();
    std::int64_t time = 0;
    for (int round = 0; round < 5; ++round) {
        const auto other = openedRuns();
        RunBatch batch;
        batch.run = run;
        batch.samples = {{id, {}}};
        for (int k = 0; k < 300; ++k, ++time) batch.samples[0].samples.push_back({time, static_cast<double>(time)});
        ASSERT_TRUE(other->write(batch).ok());
    }
    const auto database = Database::connect(path_);
    EXPECT_EQ(database->number("SELECT count(*) FROM sample_blocks").value(), 1500 / blockSamples);
    EXPECT_EQ(database->number("SELECT sum(count) FROM sample_blocks").value(), 1500 / blockSamples * blockSamples);
    EXPECT_EQ(reader()->points(id, {}, 1)->front().count, 1500);
}

TEST_F(RunStoreTest, AListIsFilteredByWords) {
    const auto first = begun();
    RunFacts other = facts();
    other.kind = "chat";
    other.model = {"ffff", "Größer", "", 1, 2};
    const auto second = store_->begin(other).value();
    ASSERT_TRUE(store_->setTags(second, {"Night"}).ok());
    const auto read = reader();
    ASSERT_EQ(read->list()->size(), 2U);
    EXPECT_EQ(read->list()->front().id, second);
    EXPECT_EQ(read->list("GRÖSSER night")->size(), 1U);
    EXPECT_EQ(read->list("night bench")->size(), 0U);
    EXPECT_EQ(read->list("bench")->front().id, first);
}

TEST_F(RunStoreTest, RemovedRunsCanBeRestoredUntilTheProgramEnds) {
    const auto kept = begun();
    const auto gone = begun();
    const std::vector<std::int64_t> one{gone};
    ASSERT_TRUE(store_->remove(one).ok());
    EXPECT_EQ(reader()->list()->size(), 1U);
    EXPECT_EQ(reader()->load(gone).error().code, ErrorCode::NotFound);
    { const auto other = openedRuns(); }  // this program lives: nothing is deleted
    ASSERT_TRUE(store_->restore(one).ok());
    EXPECT_EQ(reader()->list()->size(), 2U);
    ASSERT_TRUE(store_->remove(one).ok());
    {
        auto database = Database::connect(path_);
        ASSERT_TRUE(database->run("UPDATE runs SET removed_by = '1 2 another boot' WHERE removed_by <> ''").ok());
    }
    const auto other = openedRuns();
    const auto database = Database::connect(path_);
    EXPECT_EQ(database->number("SELECT count(*) FROM runs").value(), 1);
    EXPECT_EQ(reader()->list()->front().id, kept);
    const std::vector<std::int64_t> unknown{gone};
    EXPECT_EQ(store_->remove(unknown).error().code, ErrorCode::NotFound);
}

TEST_F(RunStoreTest, OneRunAtMostIsTheBaseline) {
    const auto a = begun();
    const auto b = begun();
    ASSERT_TRUE(store_->setBaseline(a).ok());
    ASSERT_TRUE(store_->setBaseline(b).ok());
    EXPECT_FALSE(reader()->load(a)->baseline);
    EXPECT_TRUE(reader()->load(b)->baseline);
    ASSERT_TRUE(store_->setBaseline(0).ok());
    EXPECT_FALSE(reader()->load(b)->baseline);
}

TEST_F(RunStoreTest, ComparisonsLinkTheirRuns) {
    const auto a = begun(), b = begun(), c = begun();
    const auto first = store_->addComparison({77, 1'000, {a, b}, R"({"max_abs":0})", true}).value();
    const auto second = store_->addComparison({0, 2'000, {a, 0, c}, "{}"}).value();
    EXPECT_GT(second, first);
    auto all = reader()->comparisons().value();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].id, second);
    EXPECT_EQ(all[0].startedAt, 2'000);
    EXPECT_EQ(all[0].runs, (std::vector<std::int64_t>{a, 0, c}));
    EXPECT_EQ(all[1].id, first);
    EXPECT_EQ(all[1].runs, (std::vector<std::int64_t>{a, b}));
    EXPECT_EQ(all[1].report, R"({"max_abs":0})");
    EXPECT_FALSE(all[1].baseline) << "it is set apart";

    // A run that is not there is no side, and nothing of such a comparison stays.
    EXPECT_EQ(store_->addComparison({0, 3'000, {a, 12345}, "{}"}).error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(reader()->comparisons()->size(), 2U);
}

TEST_F(RunStoreTest, AComparisonOutlivesItsRuns) {
    const auto a = begun(), b = begun();
    const auto comparison = store_->addComparison({0, 1, {a, b}, "{}"}).value();
    const auto runs = [&] { return reader()->comparisons()->at(0).runs; };
    const std::vector<std::int64_t> removed{a};
    ASSERT_TRUE(store_->remove(removed).ok());
    EXPECT_EQ(runs(), (std::vector<std::int64_t>{0, b}));
    ASSERT_TRUE(store_->restore(removed).ok());
    EXPECT_EQ(runs(), (std::vector<std::int64_t>{a, b}));
    {
        auto database = Database::connect(path_);
        ASSERT_TRUE(database->run("PRAGMA foreign_keys = ON").ok());
        ASSERT_TRUE(database->run("DELETE FROM runs WHERE id = ?", {a}).ok());
    }
    EXPECT_EQ(runs(), (std::vector<std::int64_t>{0, b}));

    ASSERT_TRUE(store_->removeComparison(comparison).ok());
    EXPECT_TRUE(reader()->comparisons()->empty());
    EXPECT_EQ(reader()->load(b)->state, RunState::Running);
    EXPECT_EQ(Database::connect(path_)->number("SELECT count(*) FROM comparison_sides").value(), 0);
    EXPECT_EQ(store_->removeComparison(comparison).error().code, ErrorCode::NotFound);
}

TEST_F(RunStoreTest, OneComparisonAtMostIsTheBaseline) {
    const auto run = begun();
    const auto a = store_->addComparison({0, 1, {run, 0}, "{}"}).value();
    const auto b = store_->addComparison({0, 2, {run, 0}, "{}"}).value();
    const auto baselines = [&] {
        std::vector<std::int64_t> ids;
        const auto all = reader()->comparisons().value();
        for (const ComparisonRecord& one : all)
            if (one.baseline) ids.push_back(one.id);
        return ids;
    };
    ASSERT_TRUE(store_->setComparisonBaseline(a).ok());
    ASSERT_TRUE(store_->setComparisonBaseline(b).ok());
    EXPECT_EQ(baselines(), std::vector<std::int64_t>{b});
    EXPECT_EQ(store_->setComparisonBaseline(99).error().code, ErrorCode::NotFound);
    EXPECT_EQ(baselines(), std::vector<std::int64_t>{b});
    ASSERT_TRUE(store_->setComparisonBaseline(0).ok());
    EXPECT_TRUE(baselines().empty());
}

TEST_F(RunStoreTest, ViewsAreKeptByName) {
    ASSERT_TRUE(store_->saveView("b", "{}").ok());
    ASSERT_TRUE(store_->saveView("a", "1").ok());
    ASSERT_TRUE(store_->saveView("a", "2").ok());
    ASSERT_TRUE(store_->saveView("b", "").ok());
    const auto views = reader()->views().value();
    ASSERT_EQ(views.size(), 1U);
    EXPECT_EQ(views[0], (std::pair<std::string, std::string>{"a", "2"}));
}

TEST_F(RunStoreTest, AReaderCannotWriteAndSeesWhatIsWritten) {
    const auto read = reader();
    const auto before = read->version().value();
    begun();
    EXPECT_NE(read->version().value(), before);
    EXPECT_EQ(read->list()->size(), 1U);
    EXPECT_FALSE(Database::connectReadOnly(path_)->run("DELETE FROM runs").ok());
    EXPECT_EQ(Database::connectReadOnly(folder_ / "nothing.db").error().code, ErrorCode::NotFound);
}

TEST_F(RunStoreTest, AStoreWithoutAPlaceGoesWithTheProgram) {
    std::filesystem::path place;
    {
        auto opened = RunStore::open({});
        ASSERT_TRUE(opened.ok());
        place = opened->store->path();
        EXPECT_TRUE(opened->store->begin(facts()).ok());
        EXPECT_EQ(opened->store->reader().value()->list()->size(), 1U);
    }
    EXPECT_FALSE(std::filesystem::exists(place));
}

TEST_F(RunStoreTest, AClockThatWasSetBackChangesNoOrder) {
    const auto first = begun();
    {
        auto database = Database::connect(path_);
        ASSERT_TRUE(database->run("UPDATE runs SET started_at = 4000000000000").ok());  // a clock in the far future
    }
    const auto second = begun();
    const auto runs = reader()->list().value();
    ASSERT_EQ(runs.size(), 2U);
    EXPECT_EQ(runs[0].id, second);
    EXPECT_EQ(runs[1].id, first);
}

TEST(ProcessMark, NamesThisProcessAlone) {
    const auto mark = processMark();
    EXPECT_TRUE(processLives(mark));
    EXPECT_FALSE(processLives("1 " + mark));
    EXPECT_FALSE(processLives(""));
    EXPECT_FALSE(processLives("not a number"));
    EXPECT_FALSE(processLives("-1 2 3"));
}

}  // namespace
}  // namespace ternion
