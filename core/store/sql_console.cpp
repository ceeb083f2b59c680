#include "store/sql_console.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>

#include "tokenizer/utf8.h"

namespace ternion {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int stepsBetweenLooks = 1000;     // of SQLite's machine, well under a millisecond
constexpr int longestValue = 1 << 24;       // bytes of one text or blob
constexpr int longestQuestion = 1 << 20;    // bytes
constexpr std::size_t mostBytes = 1 << 28;  // of one answer
constexpr int busyMilliseconds = 1000;
constexpr int shownBytes = 16;  // of a blob

struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Connection = std::unique_ptr<sqlite3, Close>;
using Prepared = std::unique_ptr<sqlite3_stmt, Close>;

/// What ends a question before its time.
struct Watch {
    std::stop_token stop;
    Clock::time_point end;
    bool refused = false;  // by the authorizer
};

bool readingPragma(std::string_view name, bool argued) {
    constexpr std::array ofTables{"table_info", "table_xinfo", "index_list", "index_info", "index_xinfo", "foreign_key_list"};
    constexpr std::array ofTheFile{"table_list",     "database_list", "collation_list", "function_list", "compile_options",
                                   "freelist_count", "page_count",    "page_size",      "user_version"};
    const auto is = [name](const char* known) { return name == known; };
    return std::any_of(ofTables.begin(), ofTables.end(), is) ||
           (!argued && std::any_of(ofTheFile.begin(), ofTheFile.end(), is));
}

int authorize(void* data, int action, const char* first, const char* second, const char*, const char*) {
    bool allowed = false;
    switch (action) {
        case SQLITE_SELECT:
        case SQLITE_READ:
        case SQLITE_RECURSIVE:
            allowed = true;
            break;
        case SQLITE_UPDATE:  // asked where a table function (json_each) is first used; a real one is refused by what follows
            allowed = std::string_view(first) == "sqlite_master";
            break;
        case SQLITE_FUNCTION:
            allowed = sqlite3_stricmp(second, "load_extension") != 0 && sqlite3_stricmp(second, "fts3_tokenizer") != 0;
            break;
        case SQLITE_PRAGMA: {
            std::string name = first;
            std::transform(name.begin(), name.end(), name.begin(), [](char letter) {
                return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
            });
            allowed = readingPragma(name, second != nullptr);
            break;
        }
        default:
            break;
    }
    if (!allowed) static_cast<Watch*>(data)->refused = true;
    return allowed ? SQLITE_OK : SQLITE_DENY;
}

int isOver(void* data) {
    const auto* watch = static_cast<const Watch*>(data);
    return watch->stop.stop_requested() || Clock::now() >= watch->end ? 1 : 0;
}

std::string textOf(const SqlPlace& place) {
    return "line " + std::to_string(place.line) + ", column " + std::to_string(place.column);
}

SqlPlace placeIn(std::string_view sql, std::size_t offset) {
    SqlPlace place;
    for (const char byte : sql.substr(0, offset)) {
        if (byte == '\n')
            place = {place.line + 1, 1};
        else if ((static_cast<unsigned char>(byte) & 0xC0U) != 0x80U)  // the first byte of a character
            ++place.column;
    }
    return place;
}

Error errorOf(sqlite3* connection, const Watch& watch, std::string_view sql, const std::string& file) {
    const std::string reason = sqlite3_errmsg(connection);
    switch (sqlite3_errcode(connection)) {
        case SQLITE_INTERRUPT:
            if (watch.stop.stop_requested()) return {ErrorCode::Cancelled, "stopped", {}};
            return {ErrorCode::Unsupported, "it took longer than the limit of time: ask for less, or allow it more time", {}};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {ErrorCode::BadInput, "it is damaged, or no database (" + reason + ")", file};
        case SQLITE_NOMEM:
            return {ErrorCode::OutOfMemory, "not enough memory", file};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {ErrorCode::Io, "another program keeps it busy: try again", file};
        case SQLITE_CANTOPEN:
        case SQLITE_IOERR:
        case SQLITE_PERM:
        case SQLITE_READONLY: {
            const int number = sqlite3_system_errno(connection);
            return {ErrorCode::Io, "cannot read it: " + (number != 0 ? std::strerror(number) : reason), file};
        }
        default:
            break;
    }
    if (watch.refused)
        return {ErrorCode::InvalidArgument,
                "this console only reads: ask with SELECT, WITH, VALUES or EXPLAIN; nothing is written, attached or loaded",
                {}};
    const int offset = sqlite3_error_offset(connection);
    return {ErrorCode::InvalidArgument, reason, offset < 0 ? "" : textOf(placeIn(sql, static_cast<std::size_t>(offset)))};
}

Result<Connection> open(const std::filesystem::path& path, Watch& watch) {
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
        return Error{ErrorCode::NotFound, "there is no database yet: it is made when the workbench starts", path.string()};
    sqlite3* opened = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
    Connection connection(opened);
    if (!connection) return Error{ErrorCode::OutOfMemory, "not enough memory", path.string()};
    if (code != SQLITE_OK) return errorOf(opened, watch, {}, path.string());
    sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, longestValue);
    sqlite3_limit(opened, SQLITE_LIMIT_SQL_LENGTH, longestQuestion);
    sqlite3_limit(opened, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_busy_timeout(opened, busyMilliseconds);
    sqlite3_set_authorizer(opened, &authorize, &watch);
    sqlite3_progress_handler(opened, stepsBetweenLooks, &isOver, &watch);
    return connection;
}

/// One statement, with nothing but blanks and comments behind it.
Result<Prepared> prepare(sqlite3* connection, Watch& watch, std::string_view sql, const std::string& file) {
    if (const std::size_t zero = sql.find('\0'); zero != std::string_view::npos)
        return Error{ErrorCode::InvalidArgument, "a zero byte stands in the text: remove it", textOf(placeIn(sql, zero))};
    if (sql.size() > longestQuestion) return Error{ErrorCode::InvalidArgument, "the text is longer than 1 MiB: shorten it", {}};
    sqlite3_stmt* statement = nullptr;
    const char* rest = nullptr;
    const char* begin = sql.empty() ? "" : sql.data();
    const auto length = static_cast<int>(sql.size());
    if (sqlite3_prepare_v2(connection, begin, length, &statement, &rest) != SQLITE_OK)
        return errorOf(connection, watch, sql, file);
    Prepared prepared(statement);
    if (!prepared) return Error{ErrorCode::InvalidArgument, "there is no question in it: begin with SELECT", {}};
    sqlite3_stmt* second = nullptr;
    const auto used = static_cast<std::size_t>(rest - begin);
    const bool more = sqlite3_prepare_v2(connection, rest, length - static_cast<int>(used), &second, nullptr) != SQLITE_OK;
    const Prepared ended(second);
    if (more || ended) {
        const std::size_t at = std::min(sql.find_first_not_of(" \t\r\n;", used), sql.size());
        return Error{ErrorCode::InvalidArgument, "only one question at a time: remove what stands behind the first “;”",
                     textOf(placeIn(sql, at))};
    }
    if (sqlite3_bind_parameter_count(statement) > 0)
        return Error{
            ErrorCode::InvalidArgument, "there are no values for its ?, :name or @name: write the values themselves", {}};
    if (sqlite3_stmt_readonly(statement) == 0) return Error{ErrorCode::InvalidArgument, "this console only reads", {}};
    return prepared;
}

TableCell cellOf(sqlite3_stmt* statement, int column, std::size_t& bytes) {
    switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER:
            return std::int64_t{sqlite3_column_int64(statement, column)};
        case SQLITE_FLOAT:
            return sqlite3_column_double(statement, column);
        case SQLITE_NULL:
            return {};
        default:
            break;
    }
    const bool text = sqlite3_column_type(statement, column) == SQLITE_TEXT;
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement, column));
    const int length = sqlite3_column_bytes(statement, column);
    if (text) {
        bytes += static_cast<std::size_t>(length);
        return data == nullptr ? std::string() : utf8::lossy({data, static_cast<std::size_t>(length)});
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string shown = std::to_string(length) + (length == 1 ? " byte" : " bytes");
    for (int k = 0; k < std::min(length, shownBytes); ++k) {
        const auto byte = static_cast<unsigned char>(data[k]);
        shown += k == 0 ? ": " : " ";
        shown += digits[byte >> 4U];
        shown += digits[byte & 15U];
    }
    if (length > shownBytes) shown += " …";
    return shown;
}

/// "name TYPE,  -- note" as the schema has it, a column a line.
std::map<std::string, std::string> notesOf(const std::string& schema) {
    std::map<std::string, std::string> notes;
    std::size_t begin = 0;
    while (begin < schema.size()) {
        const std::size_t end = std::min(schema.find('\n', begin), schema.size());
        const std::string_view line(schema.data() + begin, end - begin);
        begin = end + 1;
        const std::size_t note = line.find("--");
        const std::size_t name = line.find_first_not_of(" \t\"");
        if (note == std::string_view::npos || name >= note) continue;
        const std::size_t nameEnd = line.find_first_of(" \t\",", name);
        const std::size_t noteBegin = line.find_first_not_of(" \t", note + 2);
        if (noteBegin == std::string_view::npos) continue;
        const std::size_t last = line.find_last_not_of(" \t\r");
        notes.emplace(line.substr(name, nameEnd - name), line.substr(noteBegin, last + 1 - noteBegin));
    }
    return notes;
}

}  // namespace

Result<SqlAnswer> askDatabase(const std::filesystem::path& path, std::string_view sql, const SqlLimits& limits) {
    const auto begin = Clock::now();
    Watch watch{limits.stop, begin + limits.time};
    TERNION_TRY(const Connection connection, open(path, watch));
    TERNION_TRY(const Prepared prepared, prepare(connection.get(), watch, sql, path.string()));
    SqlAnswer answer;
    const int columns = sqlite3_column_count(prepared.get());
    answer.columns.reserve(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column)
        answer.columns.push_back(utf8::lossy(sqlite3_column_name(prepared.get(), column)));
    std::size_t bytes = 0;
    for (;;) {
        const int code = sqlite3_step(prepared.get());
        if (code == SQLITE_DONE) break;
        if (code != SQLITE_ROW) return errorOf(connection.get(), watch, sql, path.string());
        if (answer.rows.size() >= limits.rows || bytes > mostBytes) {
            answer.more = true;
            break;
        }
        auto& row = answer.rows.emplace_back();
        row.reserve(static_cast<std::size_t>(columns));
        for (int column = 0; column < columns; ++column) row.push_back(cellOf(prepared.get(), column, bytes));
        bytes += row.size() * sizeof(TableCell);
    }
    answer.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return answer;
}

std::optional<SqlPlace> placeOf(const Error& error) {
    constexpr std::string_view line = "line ";
    constexpr std::string_view column = ", column ";
    const std::string_view text = error.context;
    const std::size_t comma = text.find(column);
    if (!text.starts_with(line) || comma == std::string_view::npos) return std::nullopt;
    SqlPlace place;
    const char* end = text.data() + text.size();
    const bool read = std::from_chars(text.data() + line.size(), end, place.line).ec == std::errc() &&
                      std::from_chars(text.data() + comma + column.size(), end, place.column).ec == std::errc();
    return read ? std::optional(place) : std::nullopt;
}

Result<std::vector<SqlTable>> databaseSchema(const std::filesystem::path& path) {
    TERNION_TRY(const SqlAnswer answer,
                askDatabase(path,
                            "SELECT t.name, coalesce(t.sql, ''), c.name, c.type FROM sqlite_schema AS t, "
                            "pragma_table_xinfo(t.name) AS c WHERE t.type IN ('table', 'view') AND t.name NOT LIKE "
                            "'sqlite\\_%' ESCAPE '\\' ORDER BY t.name, c.cid"));
    std::vector<SqlTable> tables;
    std::map<std::string, std::string> notes;
    const auto text = [](const TableCell& cell) {
        const auto* found = std::get_if<std::string>(&cell);
        return found != nullptr ? *found : std::string();
    };
    for (const auto& row : answer.rows) {
        if (tables.empty() || tables.back().name != text(row[0])) {
            tables.push_back({text(row[0]), {}});
            notes = notesOf(text(row[1]));
        }
        const std::string name = text(row[2]);
        const auto note = notes.find(name);
        tables.back().columns.push_back({name, text(row[3]), note == notes.end() ? std::string() : note->second});
    }
    return tables;
}

}  // namespace ternion
