#include <algorithm>
#include <chrono>
#include <iostream>

#include "base/table.h"
#include "command.h"
#include "store/sql_console.h"
#include "store_options.h"

namespace ternion::cli {
namespace {

struct SqlOptions {
    StoreOptions store;
    std::string question;
    double seconds = 10.0;
};

nlohmann::ordered_json toJson(const TableCell& cell) {
    return std::visit(
        []<class T>(const T& value) -> nlohmann::ordered_json {
            if constexpr (std::is_same_v<T, std::monostate>)
                return nullptr;
            else
                return value;
        },
        cell);
}

/// Every column by a name of its own: of two with one name the second gets a number.
std::vector<std::string> distinct(const std::vector<std::string>& columns) {
    std::vector<std::string> names;
    names.reserve(columns.size());
    for (const std::string& column : columns) {
        std::string name = column;
        for (int n = 2; std::find(names.begin(), names.end(), name) != names.end(); ++n)
            name = column + "_" + std::to_string(n);
        names.push_back(std::move(name));
    }
    return names;
}

Result<nlohmann::ordered_json> runSql(const SqlOptions& options, const Context& context) {
    TERNION_TRY(const auto file, options.store.path());
    SqlLimits limits;
    limits.time = std::chrono::milliseconds(static_cast<std::int64_t>(options.seconds * 1e3));
    limits.stop = context.armInterrupt();
    TERNION_TRY(const SqlAnswer answer, askDatabase(file, options.question, limits));
    if (answer.more) std::cerr << "ternion-cli: there are more rows than these " << answer.rows.size() << "\n";
    if (!context.json) {
        const Table table{answer.columns, answer.rows.size(),
                          [&](std::size_t row, std::vector<TableCell>& cells) { cells = answer.rows[row]; }};
        static_cast<void>(writeCsv(table, std::cout));  // main looks whether the output could be written
        return nlohmann::ordered_json::object();
    }
    const auto names = distinct(answer.columns);
    auto rows = nlohmann::ordered_json::array();
    for (const auto& cells : answer.rows) {
        auto& row = rows.emplace_back(nlohmann::ordered_json::object());
        for (std::size_t k = 0; k < cells.size(); ++k) row[names[k]] = toJson(cells[k]);
    }
    return nlohmann::ordered_json{{"columns", names}, {"rows", std::move(rows)}, {"more", answer.more}};
}

}  // namespace

Run setupSql(CLI::App& app, Context& context) {
    auto options = std::make_shared<SqlOptions>();
    constexpr double aDay = 86400.0;
    app.add_option("SELECT", options->question, "One question in SQL; it can only read")->required();
    app.add_option("--time-limit", options->seconds, "Seconds that it may take")
        ->check(CLI::Range(0.001, aDay))
        ->capture_default_str();
    options->store.addTo(app);
    return [&context, options] { return runSql(*options, context); };
}

}  // namespace ternion::cli
