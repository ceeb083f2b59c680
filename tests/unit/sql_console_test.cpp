#include "store/sql_console.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "scratch.h"
#include "store/database.h"

namespace ternion {
namespace {

using namespace std::chrono_literals;

class SqlConsole : public testing::Test {
protected:
    void SetUp() override {
        std::ofstream(path_).close();
        auto database = Database::connect(path_);
        ASSERT_TRUE(database.ok());
        ASSERT_TRUE(database
                        ->script(R"(PRAGMA journal_mode = WAL;
CREATE TABLE things (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,  -- as people call it
    weight REAL,
    raw BLOB             -- bytes, any
);
CREATE INDEX by_name ON things (name);
CREATE VIEW heavy AS SELECT name FROM things WHERE weight > 1;
INSERT INTO things VALUES (1, 'ä', 1.5, x'00ff10');
INSERT INTO things VALUES (2, '', NULL, zeroblob(40));
)")
                        .ok());
    }

    std::string bytesOfFile() const {
        std::ifstream file(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    Error refused(std::string_view sql, const SqlLimits& limits = {}) const {
        const auto answer = askDatabase(path_, sql, limits);
        EXPECT_FALSE(answer.ok()) << sql;
        return answer ? Error{} : answer.error();
    }

    const files::Scratch scratch_;
    std::filesystem::path path_ = scratch_.path() / "some.db";
};

constexpr std::string_view endless = "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n) SELECT count(*) FROM n";

TEST_F(SqlConsole, ReadsEveryKindOfCell) {
    const auto answer =
        askDatabase(path_, "SELECT id, name, weight, raw, id + 0.25 AS more FROM things ORDER BY id; -- all\n ");
    ASSERT_TRUE(answer.ok()) << answer.error().text();
    EXPECT_EQ(answer->columns, (std::vector<std::string>{"id", "name", "weight", "raw", "more"}));
    ASSERT_EQ(answer->rows.size(), 2U);
    EXPECT_EQ(answer->rows[0][0], TableCell(std::int64_t{1}));
    EXPECT_EQ(answer->rows[0][1], TableCell(std::string("ä")));
    EXPECT_EQ(answer->rows[0][2], TableCell(1.5));
    EXPECT_EQ(answer->rows[0][3], TableCell(std::string("3 bytes: 00 ff 10")));
    EXPECT_EQ(answer->rows[0][4], TableCell(1.25));
    EXPECT_EQ(answer->rows[1][1], TableCell(std::string()));
    EXPECT_EQ(answer->rows[1][2], TableCell());
    EXPECT_EQ(answer->rows[1][3], TableCell(std::string("40 bytes: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 …")));
    EXPECT_FALSE(answer->more);
    EXPECT_GT(answer->seconds, 0.0);
}

TEST_F(SqlConsole, TakesEveryFormOfQuestion) {
    for (const char* sql :
         {"VALUES (1), (2)", "WITH a AS (SELECT 1) SELECT * FROM a", "EXPLAIN QUERY PLAN SELECT * FROM things",
          "/* first */ SELECT * FROM heavy ;;; /* done */", "PRAGMA table_info(things)", "pragma user_version",
          "SELECT * FROM pragma_table_info('things')", "SELECT value FROM json_each('[1,2]')"})
        EXPECT_TRUE(askDatabase(path_, sql).ok()) << sql;
}

TEST_F(SqlConsole, RefusesWhateverWouldWriteAttachOrLoad) {
    const std::string before = bytesOfFile();
    const std::string other = (scratch_.path() / "other.db").string();
    const std::string attach = "ATTACH '" + other + "' AS other";
    const std::string vacuum = "VACUUM INTO '" + other + "'";
    for (const std::string& sql : {std::string("INSERT INTO things VALUES (3, 'x', 1, NULL)"),
                                   std::string("UPDATE things SET name = 'x'"),
                                   std::string("DELETE FROM things"),
                                   std::string("DROP TABLE things"),
                                   std::string("CREATE TABLE x (y)"),
                                   std::string("CREATE TEMP TABLE x (y)"),
                                   std::string("ALTER TABLE things RENAME TO x"),
                                   std::string("REINDEX"),
                                   std::string("ANALYZE"),
                                   std::string("VACUUM"),
                                   std::string("BEGIN"),
                                   std::string("SAVEPOINT x"),
                                   attach,
                                   vacuum,
                                   std::string("DETACH main"),
                                   std::string("PRAGMA journal_mode = DELETE"),
                                   std::string("PRAGMA user_version = 7"),
                                   std::string("PRAGMA writable_schema = 1"),
                                   std::string("PRAGMA query_only = 0"),
                                   std::string("PRAGMA wal_checkpoint(TRUNCATE)"),
                                   std::string("SELECT load_extension('x')"),
                                   std::string("WITH a AS (SELECT 1) DELETE FROM things"),
                                   std::string("EXPLAIN DELETE FROM things"),
                                   std::string("SELECT 1; DELETE FROM things"),
                                   std::string("INSERT INTO things (name) VALUES ('x') RETURNING id")})
        EXPECT_EQ(refused(sql).code, ErrorCode::InvalidArgument) << sql;
    EXPECT_EQ(bytesOfFile(), before);
    EXPECT_FALSE(std::filesystem::exists(other));
    EXPECT_EQ(askDatabase(path_, "SELECT count(*) FROM things")->rows[0][0], TableCell(std::int64_t{2}));
    EXPECT_NE(refused("DELETE FROM things").message.find("only reads"), std::string::npos);
}

TEST_F(SqlConsole, NamesThePlaceOfAMistake) {
    const Error column = refused("SELECT id,\n  nmae\nFROM things");
    EXPECT_EQ(column.code, ErrorCode::InvalidArgument);
    EXPECT_NE(column.message.find("nmae"), std::string::npos);
    ASSERT_TRUE(placeOf(column));
    EXPECT_EQ(placeOf(column)->line, 2);
    EXPECT_EQ(placeOf(column)->column, 3);
    const Error second = refused("SELECT 'ä' ;\n SELECT 2");
    ASSERT_TRUE(placeOf(second));
    EXPECT_EQ(placeOf(second)->line, 2);
    EXPECT_EQ(placeOf(second)->column, 2);
    const Error word = refused("SELECT 'äöü' FRM things");
    ASSERT_TRUE(placeOf(word));
    EXPECT_EQ(placeOf(word)->column, 18);  // characters, not bytes: FRM reads as a name, so it stumbles behind it
    for (const char* sql : {"", "  -- nothing\n", "SELECT ?", "SELECT 'open", "SELECT nothing(1)"})
        EXPECT_EQ(refused(sql).code, ErrorCode::InvalidArgument) << sql;
    EXPECT_FALSE(placeOf(refused("")));
    EXPECT_EQ(refused(std::string_view("SELECT 1\0, 2", 12)).code, ErrorCode::InvalidArgument);
}

TEST_F(SqlConsole, AQuestionWithoutEndEndsInTime) {
    const auto begin = std::chrono::steady_clock::now();
    const Error error = refused(endless, {.time = 200ms});
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(error.code, ErrorCode::Unsupported);
    EXPECT_GE(took, 200ms);
    EXPECT_LT(took, 2s);
}

TEST_F(SqlConsole, AQuestionIsCancelled) {
    std::stop_source stop;
    std::jthread canceller([&] {
        std::this_thread::sleep_for(100ms);
        stop.request_stop();
    });
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(refused(endless, {.time = 60s, .stop = stop.get_token()}).code, ErrorCode::Cancelled);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
    EXPECT_EQ(refused("WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n LIMIT 100000) SELECT sum(k) FROM n",
                      {.stop = stop.get_token()})
                  .code,
              ErrorCode::Cancelled);
}

TEST_F(SqlConsole, ManyRowsAreCut) {
    constexpr const char* ten = "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 10) SELECT k FROM n";
    const auto cut = askDatabase(path_, ten, {.rows = 9});
    ASSERT_TRUE(cut.ok());
    EXPECT_EQ(cut->rows.size(), 9U);
    EXPECT_TRUE(cut->more);
    const auto all = askDatabase(path_, ten, {.rows = 10});
    EXPECT_EQ(all->rows.size(), 10U);
    EXPECT_FALSE(all->more);
    EXPECT_TRUE(askDatabase(path_, "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n) SELECT k FROM n")->more);
}

TEST_F(SqlConsole, AValueCannotTakeAllMemory) {
    EXPECT_EQ(refused("SELECT zeroblob(1000000000)").code, ErrorCode::InvalidArgument);
    EXPECT_EQ(refused("SELECT '" + std::string(2 << 20, 'x') + "'").code, ErrorCode::InvalidArgument);
    const auto many = askDatabase(
        path_,
        "WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n LIMIT 1000) SELECT hex(zeroblob(2000000)) FROM n");
    ASSERT_TRUE(many.ok());
    EXPECT_TRUE(many->more);
    EXPECT_LT(many->rows.size(), 100U);
}

TEST_F(SqlConsole, WhatIsNoDatabaseIsNamed) {
    const auto missing = askDatabase(scratch_.path() / "missing.db", "SELECT 1");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
    EXPECT_FALSE(std::filesystem::exists(scratch_.path() / "missing.db"));
    const auto text = scratch_.path() / "text.db";
    std::ofstream(text) << std::string(10000, 'x');
    const auto damaged = askDatabase(text, "SELECT * FROM things");
    ASSERT_FALSE(damaged.ok());
    EXPECT_EQ(damaged.error().code, ErrorCode::BadInput);
    EXPECT_NE(damaged.error().text().find("text.db"), std::string::npos);
    const auto folder = askDatabase(scratch_.path(), "SELECT * FROM things");
    ASSERT_FALSE(folder.ok());
    EXPECT_EQ(folder.error().code, ErrorCode::Io);
}

TEST_F(SqlConsole, ReadsWhileAnotherConnectionWrites) {
    auto writer = Database::connect(path_);
    ASSERT_TRUE(writer.ok());
    {
        auto writing = writer->beginWriting();
        ASSERT_TRUE(writing.ok());
        ASSERT_TRUE(writer->run("INSERT INTO things (name) VALUES ('new')").ok());
        EXPECT_EQ(askDatabase(path_, "SELECT count(*) FROM things")->rows[0][0], TableCell(std::int64_t{2}));
        ASSERT_TRUE(writing->commit().ok());
    }
    EXPECT_EQ(askDatabase(path_, "SELECT count(*) FROM things")->rows[0][0], TableCell(std::int64_t{3}));
}

TEST_F(SqlConsole, TellsTheSchemaWithItsNotes) {
    const auto schema = databaseSchema(path_);
    ASSERT_TRUE(schema.ok()) << schema.error().text();
    ASSERT_EQ(schema->size(), 2U);
    EXPECT_EQ((*schema)[0].name, "heavy");
    const SqlTable& things = (*schema)[1];
    EXPECT_EQ(things.name, "things");
    ASSERT_EQ(things.columns.size(), 4U);
    EXPECT_EQ(things.columns[0].name, "id");
    EXPECT_EQ(things.columns[0].type, "INTEGER");
    EXPECT_EQ(things.columns[0].note, "");
    EXPECT_EQ(things.columns[1].note, "as people call it");
    EXPECT_EQ(things.columns[3].note, "bytes, any");
}

}  // namespace
}  // namespace ternion
