// What may befall the file: kills, damage, other programs, full disks, folders without permission.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <random>
#include <thread>
#include <vector>

#include "store/database.h"
#include "store/migrations.h"
#include "unit/file_size_limit.h"
#include "unit/store_fixture.h"

namespace ternion {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write(const fs::path& path, std::string_view bytes) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
}

unsigned modeOf(const fs::path& path) {
    struct stat facts {};
    EXPECT_EQ(stat(path.c_str(), &facts), 0) << path;
    return facts.st_mode & 0777U;
}

class StoreDurability : public StoreFixture {
protected:
    /// A closed file with one conversation of 200 messages.
    std::int64_t filled() const {
        const auto store = opened();
        const auto id = store->createConversation("kept", "").value();
        for (int k = 0; k < 200; ++k) EXPECT_TRUE(store->appendMessage(id, Role::User, std::string(200, 'm')).ok());
        return id;
    }

    std::string integrity() const {
        const auto database = Database::connect(path_);
        auto check = database->query("PRAGMA integrity_check");
        EXPECT_TRUE(check->step().value());
        return check->bytes(0);
    }

    /// Opens `path_`, which must be set aside with these bytes; the new store must work.
    void expectSetAside(const std::string& bytes) const {
        auto result = ConversationStore::open(path_);
        ASSERT_TRUE(result.ok()) << result.error().text();
        EXPECT_TRUE(result->store->list()->empty());
        EXPECT_TRUE(result->store->createConversation("new", "").ok());
        EXPECT_NE(result->notice.find(path_.string() + ".damaged-"), std::string::npos) << result->notice;
        int found = 0;
        for (const auto& entry : fs::directory_iterator(path_.parent_path()))
            if (entry.path().string().find(".damaged-") != std::string::npos && contents(entry) == bytes) ++found;
        EXPECT_EQ(found, 1);
    }
};

/// A child's work until it is killed: appends tokens 0, 1, 2, … and reports each once it is stored.
[[noreturn]] void appendForever(const fs::path& path, std::int64_t message, int first, int report) {
    auto opened = ConversationStore::open(path);
    if (!opened) _exit(1);
    for (int k = first;; ++k) {
        if (!opened->store->appendTokens(message, {{k, std::to_string(k) + " ", 0.5F, {{k, 0.5F}}}})) _exit(1);
        if (::write(report, &k, sizeof k) != sizeof k) _exit(1);
    }
}

TEST_F(StoreDurability, AKilledProgramLosesAtMostTheTokenInFlight) {
    std::int64_t conversation = 0;
    std::int64_t message = 0;
    {
        const auto store = opened();
        conversation = store->createConversation("killed", "").value();
        message = store->appendMessage(conversation, Role::Assistant, "").value();
    }
    std::mt19937 random(1);
    int stored = 0;
    for (int round = 0; round < 20; ++round) {
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        const pid_t child = fork();
        if (child == 0) appendForever(path_, message, stored, ends[1]);
        close(ends[1]);
        int last = stored - 1;
        ASSERT_EQ(read(ends[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));  // it is under way
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 30000));
        kill(child, SIGKILL);
        int status = 0;
        waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status));
        while (read(ends[0], &last, sizeof last) == sizeof last) {
        }
        close(ends[0]);

        const auto store = opened();
        const auto answer = store->load(conversation)->messages.at(0);
        EXPECT_EQ(integrity(), "ok");
        EXPECT_FALSE(answer.complete);
        EXPECT_GE(static_cast<int>(answer.tokens.size()), last + 1);
        EXPECT_LE(static_cast<int>(answer.tokens.size()), last + 2);
        stored = static_cast<int>(answer.tokens.size());
        std::string text;
        for (int k = 0; k < stored; ++k) {
            EXPECT_EQ(answer.tokens[k].id, k);
            text += std::to_string(k) + " ";
        }
        EXPECT_EQ(answer.text, text);
    }
    EXPECT_GT(stored, 200);
}

TEST_F(StoreDurability, TwoProgramsWriteAtOnce) {
    constexpr int count = 300;
    const auto store = opened();
    const auto id = store->createConversation("shared", "").value();
    const auto append = [&](const std::string& text) {
        const auto own = opened();
        for (int k = 0; k < count; ++k) {
            const auto appended = own->appendMessage(id, Role::User, text);
            EXPECT_TRUE(appended.ok()) << appended.error().text();
        }
    };
    std::thread first(append, "a");
    std::thread second(append, "b");
    first.join();
    second.join();
    std::string all;
    const auto loaded = store->load(id).value();
    for (const auto& message : loaded.messages) all += message.text;
    EXPECT_EQ(std::count(all.begin(), all.end(), 'a'), count);
    EXPECT_EQ(std::count(all.begin(), all.end(), 'b'), count);
}

TEST_F(StoreDurability, StartingTogetherMakesOneStore) {
    std::vector<std::thread> programs;
    for (int k = 0; k < 8; ++k) programs.emplace_back([&] { EXPECT_TRUE(opened()->createConversation("c", "").ok()); });
    for (auto& program : programs) program.join();
    EXPECT_EQ(opened()->list()->size(), 8U);
}

TEST_F(StoreDurability, IsPrivate) {
    write(path_, "");
    chmod(path_.c_str(), 0644);
    auto store = opened();
    ASSERT_TRUE(store->createConversation("a", "").ok());
    for (const auto* suffix : {"", "-wal", "-shm"}) EXPECT_EQ(modeOf(path_.string() + suffix), 0600U) << suffix;
    path_ = folder_ / "deep" / "new" / "ternion.sqlite";
    store = opened();
    EXPECT_EQ(modeOf(path_), 0600U);
    EXPECT_EQ(modeOf(path_.parent_path()), 0700U);
}

TEST_F(StoreDurability, AnEmptyFileIsANewStore) {
    write(path_, "");
    EXPECT_TRUE(opened()->createConversation("a", "").ok());
}

TEST_F(StoreDurability, SetsAsideWhatIsNoDatabase) {
    std::string garbage(10000, '\0');
    std::mt19937 random(2);
    for (auto& byte : garbage) byte = static_cast<char>(random());
    write(path_, garbage);
    expectSetAside(garbage);
}

TEST_F(StoreDurability, SetsAsideADamagedFile) {
    filled();
    auto bytes = contents(path_);
    for (std::size_t k = 4096; k < bytes.size(); k += 7) bytes[k] = static_cast<char>(k);
    write(path_, bytes);
    expectSetAside(bytes);
}

TEST_F(StoreDurability, SetsAsideATruncatedFile) {
    filled();
    const auto bytes = contents(path_).substr(0, 20000);
    write(path_, bytes);
    expectSetAside(bytes);
}

TEST_F(StoreDurability, SetsTheLogAsideWithItsFile) {
    write(path_, "no database at all");
    write(path_.string() + "-wal", "its log");
    expectSetAside("no database at all");
    bool found = false;
    for (const auto& entry : fs::directory_iterator(path_.parent_path()))
        found = found || (entry.path().string().find(".damaged-") != std::string::npos && contents(entry) == "its log");
    EXPECT_TRUE(found);
}

TEST_F(StoreDurability, KeepsALogWhoseFileIsGone) {
    write(path_.string() + "-wal", "its log");
    expectSetAside("its log");
}

TEST_F(StoreDurability, DoesNotSetAsideWhatAnotherProgramUses) {
    filled();
    const auto store = opened();
    const std::string garbage(10000, 'g');
    write(path_, garbage);
    const auto second = ConversationStore::open(path_);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::BadInput);
    EXPECT_EQ(contents(path_), garbage);
}

TEST_F(StoreDurability, RefusesANewerVersionAndLeavesIt) {
    filled();
    {
        auto database = Database::connect(path_);
        ASSERT_TRUE(database->script("PRAGMA user_version=" + std::to_string(migrations().size() + 1)).ok());
    }
    const auto before = contents(path_);
    const auto result = ConversationStore::open(path_);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::Unsupported);
    EXPECT_NE(result.error().text().find("newer version"), std::string::npos);
    EXPECT_EQ(contents(path_), before);
}

TEST_F(StoreDurability, SaysWhyAFolderCannotBeUsed) {
    write(folder_ / "file", "x");
    for (const fs::path& path : {fs::path("/proc/ternion/a.sqlite"), folder_ / "file" / "a.sqlite", folder_}) {
        const auto result = ConversationStore::open(path);
        ASSERT_FALSE(result.ok()) << path;
        EXPECT_EQ(result.error().code, ErrorCode::Io) << result.error().text();
        EXPECT_NE(result.error().text().find(path.has_extension() ? path.parent_path().string() : path.string()),
                  std::string::npos)
            << result.error().text();
    }
    EXPECT_EQ(contents(folder_ / "file"), "x");
}

TEST_F(StoreDurability, AFullDiskIsAnErrorAndLosesNothing) {
    const auto store = opened();
    const auto id = store->createConversation("full", "").value();
    const std::string text(5000, 'f');
    std::size_t stored = 0;
    Status status;
    {
        const FileSizeLimit limit(600000);
        while (status.ok() && stored < 1000) {
            const auto appended = store->appendMessage(id, Role::User, text);
            if (appended)
                ++stored;
            else
                status = appended.error();
        }
        ASSERT_FALSE(status.ok());
        EXPECT_EQ(store->load(id)->messages.size(), stored);
    }
    EXPECT_EQ(status.error().code, ErrorCode::Io) << status.error().text();
    EXPECT_TRUE(store->appendMessage(id, Role::User, text).ok());  // there is room again
    const auto messages = opened()->load(id)->messages;
    EXPECT_EQ(messages.size(), stored + 1);
    for (const auto& message : messages) EXPECT_EQ(message.text, text);
    EXPECT_EQ(integrity(), "ok");
}

}  // namespace
}  // namespace ternion
