#include "inspect/token_change.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace ternion {

std::vector<double> relativeChange(const TraceSeries& states, const std::stop_token& stop) {
    std::vector<double> change;
    for (int t = states.firstToken(); t < states.endToken() && !stop.stop_requested(); ++t) {
        const auto now = states.row(t);
        if (t == states.firstToken() && t > 0) {
            change.push_back(std::numeric_limits<double>::quiet_NaN());
            continue;
        }
        double apart = 0.0, length = 0.0;
        for (std::size_t c = 0; c < now.size(); ++c) {
            const double before = t > 0 ? states.row(t - 1)[c] : 0.0;
            apart += (now[c] - before) * (now[c] - before);
            length += double{now[c]} * now[c];
        }
        change.push_back(length > 0.0 ? std::sqrt(apart / length) : 0.0);
    }
    return change;
}

SequenceMatch matchSequences(std::span<const TokenId> first, std::span<const TokenId> second) {
    SequenceMatch match{std::vector<bool>(first.size()), std::vector<bool>(second.size())};
    // What begins and ends alike needs no table.
    std::size_t begin = 0, end = 0;
    while (begin < first.size() && begin < second.size() && first[begin] == second[begin]) {
        match.first[begin] = match.second[begin] = true;
        ++begin;
    }
    const std::size_t rest = std::min(first.size(), second.size()) - begin;
    while (end < rest && first[first.size() - 1 - end] == second[second.size() - 1 - end]) {
        match.first[first.size() - 1 - end] = match.second[second.size() - 1 - end] = true;
        ++end;
    }
    const auto a = first.subspan(begin, first.size() - begin - end), b = second.subspan(begin, second.size() - begin - end);
    // longest[i][j]: of a from i on and b from j on.
    const std::size_t width = b.size() + 1;
    std::vector<std::uint32_t> longest((a.size() + 1) * width);
    for (std::size_t i = a.size(); i-- > 0;)
        for (std::size_t j = b.size(); j-- > 0;)
            longest[i * width + j] = a[i] == b[j] ? longest[(i + 1) * width + j + 1] + 1
                                                  : std::max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        if (a[i] == b[j]) {
            match.first[begin + i++] = true;
            match.second[begin + j++] = true;
        } else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
            ++i;
        } else {
            ++j;
        }
    }
    return match;
}

}  // namespace ternion
