// A connection to an SQLite database: statements, transactions, errors as values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ternion {

/// What a `?` stands for; a null pointer: NULL. A text comes back byte for byte, whatever it holds.
using SqlValue = std::variant<std::int64_t, double, std::string_view, std::nullptr_t>;

/// A query being read. It must not outlive its database.
class Statement {
public:
    Result<bool> step();  ///< true: there is a row, which the functions below read
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string bytes(int column) const;
    bool isNull(int column) const;
    /// With other values from its beginning to its end: for a statement that is run many times.
    Status run(std::initializer_list<SqlValue> values);

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Rolled back unless committed.
class [[nodiscard]] Transaction {
public:
    Status commit();

private:
    friend class Database;
    struct Rollback {
        void operator()(sqlite3* database) const;
    };
    explicit Transaction(sqlite3* database) : database_(database) {}
    std::unique_ptr<sqlite3, Rollback> database_;
};

/// Used by one thread. Errors name the file: BadInput where it is damaged or no database, Io where the system refuses
/// (with its reason) or another program keeps it busy for 5 s, OutOfMemory, InvalidArgument where a rule of the schema is
/// broken.
class Database {
public:
    /// The file must exist; an empty path is a database in memory. Nothing is read or written yet.
    static Result<Database> connect(const std::filesystem::path& path);
    /// What it can do is read; the file may be one that others write. NotFound where there is none.
    static Result<Database> connectReadOnly(const std::filesystem::path& path);

    Result<Statement> query(std::string_view sql, std::initializer_list<SqlValue> values = {}) const;
    /// Runs one statement to its end.
    Status run(std::string_view sql, std::initializer_list<SqlValue> values = {});
    /// Runs several statements, none with a `?`.
    Status script(const std::string& sql);
    /// The first column of the first row; 0 where there is none.
    Result<std::int64_t> number(std::string_view sql, std::initializer_list<SqlValue> values = {}) const;

    std::int64_t lastInsertId() const;
    bool changedRows() const;  ///< whether the last statement run changed any

    Result<Transaction> beginWriting();
    Result<Transaction> beginReading() const;  ///< the queries until its end see one state, whatever others write

    /// Whether the connection that closes last moves the -wal file into the database (it does by default).
    void setMergeOnClose(bool merge);

private:
    struct Close {
        void operator()(sqlite3* database) const;
    };
    explicit Database(sqlite3* connection) : connection_(connection) {}
    static Result<Database> open(const std::filesystem::path& path, int flags);
    Status execute(const char* sql) const;
    std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace ternion
