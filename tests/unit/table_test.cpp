#include "base/table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>

#include "scratch.h"

namespace ternion {
namespace {

Table tableOf(std::vector<std::string> columns, const std::vector<std::vector<TableCell>>& rows) {
    return {std::move(columns), rows.size(), [rows](std::size_t row, std::vector<TableCell>& cells) {
                for (std::size_t k = 0; k < rows[row].size(); ++k) cells[k] = rows[row][k];
            }};
}

std::string csv(const Table& table, char separator = ',') {
    std::ostringstream out;
    EXPECT_TRUE(writeCsv(table, out, separator));
    return out.str();
}

std::string contentOf(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t filesIn(const std::filesystem::path& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

/// Of several pieces (table.cpp writes a mebibyte at a time).
Table large() {
    return {{"row", "square"}, 300000, [](std::size_t row, std::vector<TableCell>& cells) {
                cells[0] = static_cast<std::int64_t>(row);
                cells[1] = double(row) * double(row);
            }};
}

TEST(Table, QuotesWhatRfc4180Asks) {
    const Table table = tableOf({"plain", "with,comma"}, {{std::string("a b"), std::string("say \"the\"")},
                                                          {std::string("two\nlines"), std::string("\r")},
                                                          {std::string(" the"), std::string("a\tb")}});
    EXPECT_EQ(csv(table),
              "plain,\"with,comma\"\r\n"
              "a b,\"say \"\"the\"\"\"\r\n"
              "\"two\nlines\",\"\r\"\r\n"
              " the,a\tb\r\n");
    EXPECT_EQ(csv(tableOf({"a,b", "c"}, {{std::string("x\ty"), std::string("z")}}), '\t'), "a,b\tc\r\n\"x\ty\"\tz\r\n");
}

TEST(Table, WritesNumbersInTheirShortestForm) {
    const auto number = [](double value) { return csv(tableOf({"n"}, {{value}})).substr(3); };
    EXPECT_EQ(number(0.1F), "0.1\r\n");  // a single stays one
    EXPECT_EQ(number(0.1), "0.1\r\n");
    EXPECT_EQ(number(1.0 / 3.0), "0.3333333333333333\r\n");
    EXPECT_EQ(number(-1.0F / 3.0F), "-0.33333334\r\n");
    EXPECT_EQ(number(1e300), "1e+300\r\n");
    EXPECT_EQ(number(2), "2\r\n");
    EXPECT_EQ(csv(tableOf({"n"}, {{std::numeric_limits<std::int64_t>::min()}})), "n\r\n-9223372036854775808\r\n");
    for (const float value : {std::numeric_limits<float>::denorm_min(), std::nextafter(1.0F, 2.0F), 16777217.0F, -0.0F})
        EXPECT_EQ(std::strtof(number(value).c_str(), nullptr), value);
}

TEST(Table, LeavesUnknownCellsEmpty) {
    EXPECT_EQ(csv(tableOf({"a", "b", "c"}, {{{}, std::int64_t{1}, {}}, {}})), "a,b,c\r\n,1,\r\n,,\r\n");
    EXPECT_EQ(csv(tableOf({"", "b"}, {})), ",b\r\n");
}

TEST(Table, FileHoldsWhatTheStreamDoes) {
    const files::Scratch folder;
    double last = 0;
    ASSERT_TRUE(writeCsv(large(), folder / "t.csv",
                         {[&](std::string_view, double done) {
                              EXPECT_GE(done, last);
                              last = done;
                          },
                          {}}));
    EXPECT_EQ(contentOf(folder / "t.csv"), csv(large()));
    EXPECT_GT(last, 0.9);
    EXPECT_EQ(filesIn(folder.path()), 1U);
}

TEST(Table, StoppedLeavesWhatWasThere) {
    const files::Scratch folder;
    std::ofstream(folder / "t.csv") << "before";
    std::stop_source stop;
    const auto stopped =
        writeCsv(large(), folder / "t.csv", {[&](std::string_view, double) { stop.request_stop(); }, stop.get_token()});
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
    EXPECT_EQ(contentOf(folder / "t.csv"), "before");
    EXPECT_EQ(filesIn(folder.path()), 1U);
}

TEST(Table, SaysWhereItCannotWrite) {
    const files::Scratch folder;
    const auto refused = writeCsv(large(), folder / "none/t.csv");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Io);
    EXPECT_NE(refused.error().text().find("none/t.csv"), std::string::npos);
    std::ofstream full("/dev/full");
    EXPECT_FALSE(writeCsv(large(), full));
}

}  // namespace
}  // namespace ternion
