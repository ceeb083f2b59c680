#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "runs/bundle_parts.h"
#include "tokenizer/utf8.h"

namespace ternion::bundle {
namespace {

constexpr const char* samplesHeader = "time_ns,value";
constexpr const char* tokensHeader = "position,time_ns,token";
constexpr const char* kernelsHeader = "prefill,tokens,layer,seconds,weight_bytes,kernel";

/// A century, in nanoseconds: later times are none, and could not be counted on from.
constexpr std::int64_t latest = std::int64_t{100} * 366 * 86400 * 1'000'000'000;

template <class Number>
void append(std::string& text, Number value) {
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    text.append(digits.data(), end);
}

/// Rows of numbers. Names, where a row has one, are its last cell, as they are: none of ours holds the end of a line.
template <class... Numbers>
void appendRow(std::string& text, Numbers... numbers) {
    bool first = true;
    ((first ? void() : void(text += ','), append(text, numbers), first = false), ...);
}

/// Walks through the cells of a table that should be one of ours.
class Cells {
public:
    Cells(std::string_view text, const char* header, const std::string& context) : text_(text), context_(context) {
        const std::string_view first = line();
        good_ = first == header;
        if (!good_) why_ = "its first line is not '" + std::string(header) + "'";
    }

    /// Goes to the next row; false at the end, or where something is wrong.
    bool next() {
        if (!good_ || text_.empty()) return false;
        ++row_;
        rest_ = line();
        first_ = true;
        return true;
    }

    template <class Number>
    Number number(Number least, Number most, bool mayBeEmpty = false, Number empty = {}) {
        const std::string_view text = cell();
        if (mayBeEmpty && text.empty()) return empty;
        Number value{};
        const char* const end = text.data() + text.size();
        const auto [at, failure] = std::from_chars(text.data(), end, value);
        // Written so that what is no number is refused too.
        if (failure != std::errc() || at != end || !(value >= least && value <= most))
            fail("'" + utf8::lossy(text.substr(0, 40)) + "' is no number, or not in its range");
        return value;
    }
    double real(double least) { return number(least, std::numeric_limits<double>::max()); }
    /// All that is left of the row.
    std::string name() {
        if (!rest_.starts_with(',')) {
            fail("it has too few columns");
            return {};
        }
        std::string text(rest_.substr(1));
        if (utf8::lossy(text) != text) fail("a name is no UTF-8");
        rest_ = {};
        return text;
    }
    void fail(const std::string& why) {
        if (good_) why_ = why;
        good_ = false;
    }
    /// After each row: whether it was right, and no more was in it.
    bool endRow() {
        if (!rest_.empty()) fail("it has too many columns");
        return good_;
    }
    Status status() const {
        if (good_) return {};
        return Error{ErrorCode::BadInput, row_ == 0 ? why_ : "row " + std::to_string(row_) + ": " + why_, context_};
    }

private:
    std::string_view line() {
        const std::size_t end = std::min(text_.find('\n'), text_.size());
        std::string_view line = text_.substr(0, end);
        text_.remove_prefix(std::min(end + 1, text_.size()));
        return line;
    }
    std::string_view cell() {
        if (!first_) {
            if (!rest_.starts_with(',')) {
                fail("it has too few columns");
                return {};
            }
            rest_.remove_prefix(1);
        }
        first_ = false;
        const std::size_t end = std::min(rest_.find(','), rest_.size());
        const std::string_view cell = rest_.substr(0, end);
        rest_.remove_prefix(end);
        return cell;
    }

    std::string_view text_, rest_;
    const std::string& context_;
    std::string why_;
    std::size_t row_ = 0;
    bool first_ = true;
    bool good_ = true;
};

}  // namespace

std::string samplesText(const std::vector<Sample>& samples) {
    std::string text = samplesHeader;
    text += '\n';
    for (const Sample& sample : samples) {
        appendRow(text, sample.time, sample.value);
        text += '\n';
    }
    return text;
}

std::string tokensText(const std::vector<TokenRecord>& tokens) {
    std::string text = tokensHeader;
    text += '\n';
    for (const TokenRecord& token : tokens) {
        appendRow(text, token.position, token.time);
        text += ',';
        if (token.token >= 0) append(text, token.token);
        text += '\n';
    }
    return text;
}

std::string kernelsText(const std::vector<KernelRecord>& kernels) {
    std::string text = kernelsHeader;
    text += '\n';
    for (const KernelRecord& kernel : kernels) {
        appendRow(text, int{kernel.prefill}, kernel.tokens, kernel.time.layer, kernel.time.seconds, kernel.time.weightBytes);
        text += ',';
        for (const char c : utf8::lossy(kernel.time.kernel)) text += c == '\n' ? ' ' : c;
        text += '\n';
    }
    return text;
}

Result<std::vector<Sample>> readSamples(std::string_view text, const std::string& context) {
    std::vector<Sample> samples;
    Cells cells(text, samplesHeader, context);
    std::int64_t least = 0;
    while (cells.next()) {
        Sample& sample = samples.emplace_back();
        sample.time = cells.number(least, latest);
        sample.value = cells.real(std::numeric_limits<double>::lowest());
        if (!cells.endRow()) break;
        least = sample.time + 1;
    }
    TERNION_CHECK(cells.status());
    return samples;
}

Result<std::vector<TokenRecord>> readTokens(std::string_view text, const std::string& context) {
    std::vector<TokenRecord> tokens;
    Cells cells(text, tokensHeader, context);
    constexpr int most = std::numeric_limits<int>::max();
    int leastPosition = 0;
    std::int64_t leastTime = 0;
    while (cells.next()) {
        TokenRecord& token = tokens.emplace_back();
        token.position = cells.number(leastPosition, most - 1);
        token.time = cells.number(leastTime, latest);
        token.token = cells.number(TokenId{0}, std::numeric_limits<TokenId>::max(), true, TokenId{-1});
        if (!cells.endRow()) break;
        leastPosition = token.position + 1;
        leastTime = token.time;
    }
    TERNION_CHECK(cells.status());
    return tokens;
}

Result<std::vector<KernelRecord>> readKernels(std::string_view text, const std::string& context) {
    std::vector<KernelRecord> kernels;
    Cells cells(text, kernelsHeader, context);
    while (cells.next()) {
        KernelRecord& kernel = kernels.emplace_back();
        kernel.prefill = cells.number(0, 1) == 1;
        kernel.tokens = cells.number(1, std::numeric_limits<int>::max());
        kernel.time.layer = cells.number(-1, std::numeric_limits<int>::max());
        kernel.time.seconds = cells.real(0.0);
        kernel.time.weightBytes =
            static_cast<std::uint64_t>(cells.number(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()));
        kernel.time.kernel = cells.name();
        if (!cells.endRow()) break;
    }
    TERNION_CHECK(cells.status());
    return kernels;
}

}  // namespace ternion::bundle
