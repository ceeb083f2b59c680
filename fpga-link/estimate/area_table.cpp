#include "estimate/area_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>

#include "estimate/area_text.h"

namespace ternion::fpga {
namespace {

constexpr std::string_view arrayPart = "ternary_array", vectorPart = "vector_memory", codePart = "code_memory",
                           totalPart = "total";

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> fields;
    while (true) {
        const auto end = text.find(separator);
        fields.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return fields;
        text.remove_prefix(end + 1);
    }
}

Result<int> number(std::string_view field, const std::string& line) {
    int value = 0;
    const auto [end, failure] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (failure != std::errc() || end != field.data() + field.size() || value < 0)
        return Error{ErrorCode::BadInput, "'" + std::string(field) + "' is no count", line};
    return value;
}

Result<AreaRow> rowOf(std::string_view text, const std::string& line) {
    constexpr std::size_t fields = 10, numbers = 3;
    const auto columns = split(text, '\t');
    if (columns.size() != fields)
        return Error{ErrorCode::BadInput, std::to_string(columns.size()) + " fields instead of " + std::to_string(fields),
                     line};
    std::array<int, fields> values{};
    for (std::size_t k = 1; k < fields; ++k) {
        if (k == numbers + 1) continue;  // the part's name
        TERNION_TRY(values[k], number(columns[k], line));
    }
    AreaRow row;
    row.target = columns[0];
    row.configuration.lanes = values[1];
    row.configuration.groups = values[2];
    row.configuration.dense = values[numbers] != 0;
    row.part = columns[numbers + 1];
    row.area = {static_cast<double>(values[5]), static_cast<double>(values[6]), static_cast<double>(values[7]),
                static_cast<double>(values[8])};
    return row;
}

/// What the area of a part grows with.
double sizeOf(std::string_view part, const Configuration& c) {
    if (part == arrayPart) return c.lanes * c.groups;
    if (part == vectorPart) return static_cast<double>(c.wordBytes()) * c.vectorWords;
    if (part == codePart) return static_cast<double>(c.lanes) * c.codeWords;
    return c.wordBytes();
}

std::string nameOf(const Configuration& c) {
    return std::to_string(c.lanes) + "/" + std::to_string(c.groups) + "/" + (c.dense ? "1" : "0");
}

}  // namespace

Area& Area::operator+=(const Area& other) {
    luts += other.luts;
    flipFlops += other.flipFlops;
    blockRams += other.blockRams;
    dsps += other.dsps;
    return *this;
}

Area Area::operator*(double factor) const { return {luts * factor, flipFlops * factor, blockRams * factor, dsps * factor}; }

Area ChipArea::total() const {
    Area sum = array;
    sum += rest;
    return sum;
}

Result<AreaTable> AreaTable::parse(std::string_view text) {
    AreaTable table;
    int line = 0;
    bool heading = true;
    for (const std::string_view row : split(text, '\n')) {
        ++line;
        if (row.empty() || row.front() == '#') continue;
        if (heading) {
            heading = false;
            continue;
        }
        TERNION_TRY(auto parsed, rowOf(row, "area.tsv, line " + std::to_string(line)));
        table.rows_.push_back(std::move(parsed));
    }
    return table;
}

Result<AreaTable> AreaTable::builtIn() { return parse(areaText); }

Result<ChipArea> AreaTable::areaOf(std::string_view target, const Configuration& configuration) const {
    // The array must be of the same packing; every other part is the same for both.
    const auto distance = [&](const AreaRow& row) {
        const double width =
            std::abs(std::log2(static_cast<double>(row.configuration.wordBytes()) / configuration.wordBytes()));
        const double lanes = std::abs(std::log2(static_cast<double>(row.configuration.lanes) / configuration.lanes));
        return 4 * width + 2 * (row.configuration.dense == configuration.dense ? 0.0 : 1.0) + lanes;
    };
    std::set<std::string_view> parts;
    for (const AreaRow& row : rows_)
        if (row.target == target && row.part != totalPart) parts.insert(row.part);

    ChipArea area;
    for (const std::string_view part : parts) {
        const AreaRow* nearest = nullptr;
        for (const AreaRow& row : rows_) {
            if (row.target != target || row.part != part) continue;
            if (part == arrayPart && row.configuration.dense != configuration.dense) continue;
            if (nearest == nullptr || distance(row) < distance(*nearest)) nearest = &row;
        }
        if (nearest == nullptr) break;
        const Area scaled = nearest->area * (sizeOf(part, configuration) / sizeOf(part, nearest->configuration));
        if (part == arrayPart) {
            area.array = scaled;
            area.scaledFrom = nameOf(nearest->configuration);
        } else {
            area.rest += scaled;
        }
    }
    if (area.scaledFrom.empty())
        return Error{ErrorCode::NotFound, "the accelerator has not been synthesised for " + std::string(target), "area.tsv"};
    return area;
}

}  // namespace ternion::fpga
