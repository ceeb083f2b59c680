// Rows and columns of what a view shows, for CSV: on the command line and from every dock alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

#include "base/progress.h"
#include "base/result.h"

namespace ternion {

using TableCell = std::variant<std::monostate, std::int64_t, double, std::string>;  ///< the first: nothing is known

/// Filled a row at a time, so that millions of rows take no memory. What `fill` reads must outlive the table.
struct Table {
    std::vector<std::string> columns;  ///< names with their units: "half_life_tokens"
    std::size_t rows = 0;
    /// Puts row `row` into `cells`, one a column. Called from any one thread at a time.
    std::function<void(std::size_t row, std::vector<TableCell>& cells)> fill;
};

/// RFC 4180, with a header row; `separator` is a tab where people paste it into a sheet. Numbers are written in the shortest
/// form that reads back to the same single or double. False where the stream failed.
bool writeCsv(const Table& table, std::ostream& out, char separator = ',');

/// To a file that appears under its name when it is complete (base/atomic_file.h). Io, Cancelled.
Status writeCsv(const Table& table, const std::filesystem::path& path, const Progress& progress = {});

}  // namespace ternion
