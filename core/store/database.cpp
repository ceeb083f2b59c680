#include "store/database.h"

#include <sqlite3.h>

#include <cstring>

#include "tokenizer/utf8.h"

namespace ternion {
namespace {

constexpr int busyMilliseconds = 5000;

Error errorOf(sqlite3* connection) {
    const char* file = sqlite3_db_filename(connection, "main");
    const std::string context = file != nullptr ? file : "";
    const std::string reason = sqlite3_errmsg(connection);
    switch (sqlite3_errcode(connection)) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return {ErrorCode::BadInput, "it is damaged (" + reason + "); start the program again to set it aside", context};
        case SQLITE_FULL:
            return {ErrorCode::Io, "the disk is full: free some space and try again", context};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {ErrorCode::Io, "another program keeps it busy: try again, or close that program", context};
        case SQLITE_NOMEM:
            return {ErrorCode::OutOfMemory, "not enough memory", context};
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_IOERR:
        case SQLITE_PERM:
        case SQLITE_AUTH: {
            const int number = sqlite3_system_errno(connection);
            return {ErrorCode::Io, "cannot read or write it: " + (number != 0 ? std::strerror(number) : reason), context};
        }
        default:
            return {ErrorCode::InvalidArgument, reason, context};
    }
}

/// As TEXT where it is one, readable in any SQLite program; SQLite does not promise to keep other bytes unless they are a BLOB.
int bindBytes(sqlite3_stmt* statement, int index, std::string_view bytes) {
    const char* data = bytes.empty() ? "" : bytes.data();  // a null pointer would bind NULL
    if (bytes.find('\0') == std::string_view::npos && utf8::lossy(bytes) == bytes)
        return sqlite3_bind_text64(statement, index, data, bytes.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    return sqlite3_bind_blob64(statement, index, data, bytes.size(), SQLITE_TRANSIENT);
}

int bind(sqlite3_stmt* statement, int index, const SqlValue& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return sqlite3_bind_int64(statement, index, *integer);
    if (const auto* real = std::get_if<double>(&value)) return sqlite3_bind_double(statement, index, *real);
    if (std::holds_alternative<std::nullptr_t>(value)) return sqlite3_bind_null(statement, index);
    return bindBytes(statement, index, *std::get_if<std::string_view>(&value));
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW || code == SQLITE_DONE) return code == SQLITE_ROW;
    return errorOf(sqlite3_db_handle(statement_.get()));
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }

std::string Statement::bytes(int column) const {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::isNull(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

Status Statement::run(std::initializer_list<SqlValue> values) {
    sqlite3_reset(statement_.get());  // what the last run failed with, it has told
    int index = 0;
    for (const auto& value : values)
        if (bind(statement_.get(), ++index, value) != SQLITE_OK) return errorOf(sqlite3_db_handle(statement_.get()));
    for (;;) {
        TERNION_TRY(const bool row, step());
        if (!row) return {};
    }
}

void Transaction::Rollback::operator()(sqlite3* database) const {
    sqlite3_exec(database, "ROLLBACK", nullptr, nullptr, nullptr);  // fails only where SQLite has rolled back already
}

Status Transaction::commit() {
    if (sqlite3_exec(database_.get(), "COMMIT", nullptr, nullptr, nullptr) != SQLITE_OK) return errorOf(database_.get());
    (void)database_.release();
    return {};
}

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Result<Database> Database::open(const std::filesystem::path& path, int flags) {
    sqlite3* connection = nullptr;
    const std::string name = path.empty() ? ":memory:" : path.string();
    const int code = sqlite3_open_v2(name.c_str(), &connection, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    if (connection == nullptr) return Error{ErrorCode::OutOfMemory, "not enough memory", path.string()};
    Database database(connection);
    if (code != SQLITE_OK) {
        Error error = errorOf(connection);
        error.context = path.string();
        return error;
    }
    sqlite3_busy_timeout(connection, busyMilliseconds);
    return database;
}

Result<Database> Database::connect(const std::filesystem::path& path) {
    TERNION_TRY(auto database, open(path, SQLITE_OPEN_READWRITE));
    if (sqlite3_db_readonly(database.connection_.get(), "main") == 1)
        return Error{ErrorCode::Io, "it can be read, but not written: change its permissions", path.string()};
    return database;
}

Result<Database> Database::connectReadOnly(const std::filesystem::path& path) {
    std::error_code code;
    if (!std::filesystem::exists(path, code)) return Error{ErrorCode::NotFound, "there is no such database", path.string()};
    return open(path, SQLITE_OPEN_READONLY);
}

Result<Statement> Database::query(std::string_view sql, std::initializer_list<SqlValue> values) const {
    sqlite3_stmt* prepared = nullptr;
    if (sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &prepared, nullptr) != SQLITE_OK)
        return errorOf(connection_.get());
    Statement statement(prepared);
    int index = 0;
    for (const auto& value : values)
        if (bind(prepared, ++index, value) != SQLITE_OK) return errorOf(connection_.get());
    return statement;
}

Status Database::run(std::string_view sql, std::initializer_list<SqlValue> values) {
    TERNION_TRY(auto statement, query(sql, values));
    for (;;) {
        TERNION_TRY(const bool row, statement.step());
        if (!row) return {};
    }
}

Status Database::script(const std::string& sql) { return execute(sql.c_str()); }

Result<std::int64_t> Database::number(std::string_view sql, std::initializer_list<SqlValue> values) const {
    TERNION_TRY(auto statement, query(sql, values));
    TERNION_TRY(const bool row, statement.step());
    return row ? statement.integer(0) : 0;
}

std::int64_t Database::lastInsertId() const { return sqlite3_last_insert_rowid(connection_.get()); }

bool Database::changedRows() const { return sqlite3_changes(connection_.get()) > 0; }

// IMMEDIATE: waits for other writers here, where the busy timeout holds, and not halfway.
Result<Transaction> Database::beginWriting() {
    TERNION_CHECK(execute("BEGIN IMMEDIATE"));
    return Transaction(connection_.get());
}

Result<Transaction> Database::beginReading() const {
    TERNION_CHECK(execute("BEGIN"));
    return Transaction(connection_.get());
}

void Database::setMergeOnClose(bool merge) {
    sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, merge ? 0 : 1, nullptr);
}

Status Database::execute(const char* sql) const {
    if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) return errorOf(connection_.get());
    return {};
}

}  // namespace ternion
