#include "base/table.h"

#include <array>
#include <charconv>
#include <span>

#include "base/atomic_file.h"

namespace ternion {
namespace {

constexpr std::size_t flushBytes = std::size_t{1} << 20;

template <class Number>
void append(std::string& line, Number value, char) {
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    line.append(digits.data(), end);
}

void append(std::string& line, const std::string& text, char separator) {
    if (text.find_first_of("\"\r\n") == std::string::npos && text.find(separator) == std::string::npos) {
        line += text;
        return;
    }
    line += '"';
    for (const char c : text) {
        if (c == '"') line += '"';
        line += c;
    }
    line += '"';
}

void append(std::string& line, const TableCell& cell, char separator) {
    std::visit(
        [&]<class T>(const T& value) {
            if constexpr (std::is_same_v<T, double>) {
                // What began as a single is written as one: 0.1, not 0.10000000149011612.
                if (const auto single = static_cast<float>(value); static_cast<double>(single) == value)
                    append(line, single, separator);
                else
                    append(line, value, separator);
            } else if constexpr (!std::is_same_v<T, std::monostate>) {
                append(line, value, separator);
            }
        },
        cell);
}

/// Hands the text over piece by piece; stops where `write` gives false.
template <class Write>
bool writePieces(const Table& table, char separator, const Write& write) {
    std::string text;
    const auto appendCell = [&](std::size_t column, const auto& cell) {
        if (column > 0) text += separator;
        append(text, cell, separator);
    };
    for (std::size_t k = 0; k < table.columns.size(); ++k) appendCell(k, table.columns[k]);
    text += "\r\n";
    std::vector<TableCell> cells;
    for (std::size_t row = 0; row < table.rows; ++row) {
        cells.assign(table.columns.size(), {});
        table.fill(row, cells);
        for (std::size_t k = 0; k < cells.size(); ++k) appendCell(k, cells[k]);
        text += "\r\n";
        if (text.size() < flushBytes) continue;
        if (!write(text, row)) return false;
        text.clear();
    }
    return write(text, table.rows);
}

}  // namespace

bool writeCsv(const Table& table, std::ostream& out, char separator) {
    return writePieces(table, separator, [&](const std::string& text, std::size_t) { return static_cast<bool>(out << text); });
}

Status writeCsv(const Table& table, const std::filesystem::path& path, const Progress& progress) {
    TERNION_TRY(auto file, AtomicFile::create(path));
    std::uint64_t offset = 0;
    Status status;
    const bool whole = writePieces(table, ',', [&](const std::string& text, std::size_t row) {
        progress.tell("Writing " + path.filename().string(), double(row) / double(table.rows + 1));
        status = progress.stopped() ? Status(Error{ErrorCode::Cancelled, "writing was stopped", path.string()})
                                    : file.write(offset, std::as_bytes(std::span(text)));
        offset += text.size();
        return status.ok();
    });
    return whole ? file.commit() : status;
}

}  // namespace ternion
