// A user's own questions to the database: they read, end in time, and can be cancelled.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/table.h"

namespace ternion {

struct SqlLimits {
    std::chrono::milliseconds time{10000};
    std::size_t rows = 100000;
    std::stop_token stop;
};

struct SqlAnswer {
    std::vector<std::string> columns;
    std::vector<std::vector<TableCell>> rows;  ///< a BLOB reads as its length and first bytes, in hexadecimal digits
    bool more = false;                         ///< there were more rows than the limit
    double seconds = 0.0;
};

/// A table or a view, with its columns.
struct SqlTable {
    std::string name;
    struct Column {
        std::string name, type;
        std::string note;  ///< what the schema says beside it
    };
    std::vector<Column> columns;
};

/// Runs one SELECT (or WITH, EXPLAIN, VALUES) on a connection of its own that cannot write, attach or load anything.
/// InvalidArgument with SQLite's reason, and where it stands in the text; Cancelled; Unsupported where the time is over; Io,
/// BadInput, NotFound where there is no database yet.
Result<SqlAnswer> askDatabase(const std::filesystem::path& path, std::string_view sql, const SqlLimits& limits = {});

/// Both from 1; a column is a character.
struct SqlPlace {
    int line = 1, column = 1;
};
/// Where in the text an error of askDatabase stands; nullopt: at no one place.
std::optional<SqlPlace> placeOf(const Error& error);

Result<std::vector<SqlTable>> databaseSchema(const std::filesystem::path& path);

}  // namespace ternion
