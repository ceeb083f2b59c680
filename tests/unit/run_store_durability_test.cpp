// What may befall the runs: kills under load, old formats, damage, full disks, millions of samples.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <random>
#include <thread>

#include "store/database.h"
#include "unit/file_size_limit.h"
#include "unit/run_store_fixture.h"

namespace ternion {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

class RunStoreDurability : public RunStoreFixture {
protected:
    std::string integrity() const {
        const auto database = Database::connect(path_);
        auto check = database->query("PRAGMA integrity_check");
        EXPECT_TRUE(check->step().value());
        return check->bytes(0);
    }

    static std::vector<fs::path> beside(const fs::path& path, const std::string& word) {
        std::vector<fs::path> found;
        for (const auto& entry : fs::directory_iterator(path.parent_path()))
            if (entry.path().filename().string().find(word) != std::string::npos) found.push_back(entry.path());
        return found;
    }
};

/// A child's work until it is killed: 3,000 samples a second, in batches, each reported once it is written.
[[noreturn]] void writeForever(const fs::path& path, const RunFacts& facts, int report) {
    auto opened = RunStore::open(path);
    if (!opened) _exit(1);
    const auto run = opened->store->begin(facts);
    if (!run) _exit(1);
    const auto series = opened->store->addSeries(*run, {0, "token_latency", "s", Source::Measured, 0.0, {}, {}});
    if (!series) _exit(1);
    for (std::int64_t k = 0;;) {
        RunBatch batch;
        batch.run = *run;
        batch.samples = {{*series, {}}};
        for (int n = 0; n < 100; ++n, ++k) {
            batch.samples[0].samples.push_back({k, static_cast<double>(k)});
            batch.tokens.push_back({static_cast<int>(k), k, 7});
        }
        if (!opened->store->write(batch)) _exit(1);
        if (::write(report, &k, sizeof k) != sizeof k) _exit(1);
    }
}

TEST_F(RunStoreDurability, TwoHundredKillsLoseNothingThatWasWrittenAndDamageNothing) {
    { openedRuns(); }
    std::mt19937 random(3);
    std::int64_t total = 0;
    for (int round = 0; round < 200; ++round) {
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        const pid_t child = fork();
        if (child == 0) writeForever(path_, facts(), ends[1]);
        close(ends[1]);
        std::int64_t last = 0;
        ASSERT_EQ(read(ends[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));  // it is under way
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 20000));
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status));
        while (read(ends[0], &last, sizeof last) == sizeof last) {
        }
        close(ends[0]);

        const auto store = openedRuns();
        const auto read = std::move(store->reader()).value();
        const auto runs = read->list().value();
        ASSERT_EQ(runs.size(), static_cast<std::size_t>(round) + 1);
        EXPECT_EQ(runs[0].state, RunState::Interrupted);
        const auto series = read->series(runs[0].id)->at(0).id;
        const auto whole = read->points(series, {}, 1)->at(0);
        EXPECT_GE(whole.count, last);
        EXPECT_LE(whole.count, last + 100);  // the batch in flight, wholly or not at all
        EXPECT_EQ(whole.count % 100, 0);
        EXPECT_EQ(static_cast<std::int64_t>(read->tokens(runs[0].id)->size()), whole.count);
        EXPECT_EQ(whole.sum, static_cast<double>(whole.count) * static_cast<double>(whole.count - 1) / 2);
        total += whole.count;
        if (round % 20 == 19) {
            EXPECT_EQ(integrity(), "ok");
        }
    }
    EXPECT_GT(total, 40000);
}

TEST_F(RunStoreDurability, EveryEarlierFormatIsBroughtToThisOneAndBackedUp) {
    for (int version = 1; version <= 4; ++version) {
        path_ = folder_ / ("from-" + std::to_string(version)) / "ternion.db";
        fs::create_directories(path_.parent_path());
        fs::copy_file(fs::path(TERNION_TEST_DATA) / "store" / ("version-" + std::to_string(version) + ".db"), path_);
        const auto runs = openedRuns();
        EXPECT_TRUE(runs->begin(facts()).ok());
        const auto chats = opened();
        const auto kept = chats->load(1).value();
        EXPECT_EQ(kept.summary.title, "Kept since version " + std::to_string(version));
        EXPECT_EQ(kept.maxTokens, version > 1 ? 77 : 512);
        ASSERT_EQ(kept.intervention.size(), version > 2 ? 1U : 0U);
        ASSERT_EQ(kept.messages.size(), 2U);
        EXPECT_EQ(kept.messages[1].text, "I am well.");
        const auto read = std::move(runs->reader()).value();
        const auto all = read->list("kept").value();
        ASSERT_EQ(all.size(), version > 3 ? 2U : 0U);
        for (const RunSummary& run : all) EXPECT_NE(run.figure("decode_tok_s"), nullptr);
        EXPECT_TRUE(read->comparisons()->empty());
        if (version > 3) {
            EXPECT_EQ(read->tokens(all[1].id)->size(), 8U);
            EXPECT_EQ(read->summary(read->series(all[1].id)->at(0).id)->count, 8);
            EXPECT_TRUE(runs->addComparison({0, 1, {all[1].id, all[0].id}, "{}"}).ok());
        }
        const auto backups = beside(path_, ".backup");
        ASSERT_EQ(backups.size(), 1U);
        const auto backup = Database::connect(backups[0]);
        EXPECT_EQ(backup->number("PRAGMA user_version").value(), version);
        EXPECT_EQ(backup->number("SELECT count(*) FROM tokens").value(), 4);
        EXPECT_EQ(fs::status(backups[0]).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    }
    path_ = folder_ / "new" / "ternion.db";
    openedRuns();
    EXPECT_TRUE(beside(path_, ".backup").empty());
}

// As its tables may have been made by hand already: the last step fails, and nothing of it stays.
TEST_F(RunStoreDurability, AMigrationThatFailsLosesNoRow) {
    path_ = folder_ / "four" / "ternion.db";
    fs::create_directories(path_.parent_path());
    fs::copy_file(fs::path(TERNION_TEST_DATA) / "store" / "version-4.db", path_);
    const auto rows = [&] {
        const auto database = Database::connect(path_);
        std::vector<std::int64_t> counts{database->number("PRAGMA user_version").value()};
        for (const char* table : {"runs", "figures", "samples", "run_tokens", "run_texts", "messages", "tokens"})
            counts.push_back(database->number(std::string("SELECT count(*) FROM ") + table).value());
        counts.push_back(database->number("SELECT count(*) FROM sqlite_master").value());
        return counts;
    };
    {
        auto database = Database::connect(path_);
        ASSERT_TRUE(database->run("CREATE TABLE comparison_sides (anything)").ok());
    }
    const auto before = rows();
    ASSERT_EQ(before[0], 4);
    EXPECT_FALSE(RunStore::open(path_).ok());
    EXPECT_EQ(rows(), before);
    {
        auto database = Database::connect(path_);
        ASSERT_TRUE(database->run("DROP TABLE comparison_sides").ok());
    }
    for (const auto& backup : beside(path_, ".backup")) fs::remove(backup);
    EXPECT_EQ(openedRuns()->reader().value()->list()->size(), 2U);
}

TEST_F(RunStoreDurability, WithoutRoomForABackupNothingIsChanged) {
    path_ = folder_ / "old" / "ternion.db";
    fs::create_directories(path_.parent_path());
    fs::copy_file(fs::path(TERNION_TEST_DATA) / "store" / "version-2.db", path_);
    {
        auto database = Database::connect(path_);
        ASSERT_TRUE(database->run("UPDATE conversations SET system_prompt = ?", {std::string(300000, 's')}).ok());
    }
    Result<RunStore::Opened> opened = Error{};
    {
        const FileSizeLimit limit(200000);
        opened = RunStore::open(path_);
    }
    ASSERT_FALSE(opened.ok());
    EXPECT_NE(opened.error().text().find("backup"), std::string::npos) << opened.error().text();
    EXPECT_TRUE(beside(path_, ".backup").empty());
    const auto database = Database::connect(path_);
    EXPECT_EQ(database->number("PRAGMA user_version").value(), 2);
}

TEST_F(RunStoreDurability, AFullDiskIsToldAndWritingGoesOnAfterwards) {
    const auto store = openedRuns();
    const auto run = store->begin(facts()).value();
    const auto series = store->addSeries(run, {0, "s", "s", Source::Measured, 0.0, {}, {}}).value();
    std::int64_t next = 0;
    const auto writeSome = [&] {
        RunBatch batch;
        batch.run = run;
        batch.samples = {{series, {}}};
        for (int k = 0; k < 1000; ++k) batch.samples[0].samples.push_back({next + k, 1.0});
        const auto done = store->write(batch);
        if (done) next += 1000;
        return done;
    };
    Status done;
    {
        const FileSizeLimit limit(400000);
        for (int k = 0; k < 1000 && done.ok(); ++k) done = writeSome();
    }
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, ErrorCode::Io) << done.error().text();
    EXPECT_TRUE(writeSome().ok());
    const auto whole = store->reader().value()->points(series, {}, 1)->at(0);
    EXPECT_EQ(whole.count, next);
    EXPECT_EQ(integrity(), "ok");
}

TEST_F(RunStoreDurability, TwoProgramsRecordAtOnce) {
    const auto one = openedRuns();
    const auto record = [&](int count) {
        const auto store = openedRuns();
        const auto run = store->begin(facts()).value();
        const auto series = store->addSeries(run, {0, "s", "s", Source::Measured, 0.0, {}, {}}).value();
        for (int k = 0; k < count; ++k) {
            RunBatch batch;
            batch.run = run;
            batch.samples = {{series, {{k, 1.0}}}};
            const auto written = store->write(batch);
            EXPECT_TRUE(written.ok()) << written.error().text();
        }
        EXPECT_TRUE(store->finish(run, {}).ok());
    };
    std::thread first(record, 300);
    std::thread second(record, 300);
    first.join();
    second.join();
    const auto read = std::move(one->reader()).value();
    ASSERT_EQ(read->list()->size(), 2U);
    const auto runs = read->list().value();
    for (const auto& run : runs) EXPECT_EQ(read->summary(read->series(run.id)->at(0).id)->count, 300);
}

// Times are printed, never asserted: the machine may be busy.
TEST_F(RunStoreDurability, TenMillionSamplesOpenQuicklyAndDamageAmongThemIsSetAsideAtTheNextStart) {
    auto store = openedRuns();
    const auto run = store->begin(facts()).value();
    const auto series = store->addSeries(run, {0, "token_latency", "s", Source::Measured, 0.0, {}, {}}).value();
    constexpr std::int64_t count = 10'000'000, batchSize = 50'000;
    const auto start = Clock::now();
    for (std::int64_t k = 0; k < count;) {
        RunBatch batch;
        batch.run = run;
        batch.samples = {{series, {}}};
        for (std::int64_t n = 0; n < batchSize; ++n, ++k)
            batch.samples[0].samples.push_back({k * 300'000, 1e-4 + 1e-9 * static_cast<double>(k % 977)});
        ASSERT_TRUE(store->write(batch).ok());
    }
    const double writing = std::chrono::duration<double>(Clock::now() - start).count();
    ASSERT_TRUE(store->finish(run, {}).ok());
    const auto fresh = Clock::now();
    auto read = std::move(openedRuns()->reader()).value();
    const double opening = std::chrono::duration<double>(Clock::now() - fresh).count();
    const auto plot = Clock::now();
    const auto points = read->points(series, {}, 1500).value();
    const auto summary = read->summary(series).value();
    const double plotting = std::chrono::duration<double>(Clock::now() - plot).count();
    const auto zoom = Clock::now();
    const auto part =
        read->points(series, {0, std::int64_t{300'000} * 256 * 1499}, 1500).value();  // the most raw samples that are read
    const double zooming = std::chrono::duration<double>(Clock::now() - zoom).count();
    std::int64_t seen = 0;
    for (const auto& point : points) seen += point.count;
    EXPECT_EQ(seen, count);
    EXPECT_EQ(summary.count, count);
    EXPECT_EQ(summary.p50, 1e-4 + 1e-9 * 488);
    EXPECT_GE(part.size(), 750U);
    std::printf("10,000,000 samples: %.0f written a second, opened in %.3f s, plotted in %.3f s, zoomed in %.3f s\n",
                static_cast<double>(count) / writing, opening, plotting, zooming);

    read.reset();
    store.reset();
    ASSERT_GT(fs::file_size(path_), std::uintmax_t{64} << 20U);
    {
        std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
        constexpr std::streamoff page = 4096;
        file.seekp(static_cast<std::streamoff>(fs::file_size(path_)) / 2 / page * page);
        const std::string garbage(2 * page, 'x');
        file.write(garbage.data(), static_cast<std::streamsize>(garbage.size()));
    }
    store = openedRuns();  // the conversations and all small tables are whole
    const auto damaged = store->reader().value()->samples(series);
    ASSERT_FALSE(damaged.ok());
    EXPECT_EQ(damaged.error().code, ErrorCode::BadInput) << damaged.error().text();
    store.reset();
    auto again = RunStore::open(path_);
    ASSERT_TRUE(again.ok()) << again.error().text();
    EXPECT_NE(again->notice.find(".damaged-"), std::string::npos);
    EXPECT_EQ(again->store->reader().value()->list()->size(), 0U);
    EXPECT_FALSE(beside(path_, ".damaged-").empty());
    EXPECT_TRUE(beside(path_, ".check").empty());
}

}  // namespace
}  // namespace ternion
