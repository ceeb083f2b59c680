#include "shell/fuzzy_match.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace ternion::app {
namespace {

constexpr int wordStart = 10;
constexpr int inARow = 6;
constexpr int letter = 1;
constexpr int none = std::numeric_limits<int>::min() / 2;

}  // namespace

std::optional<int> fuzzyMatch(const QString& query, const QString& text) {
    QString wanted = query.toCaseFolded();
    wanted.remove(QLatin1Char(' '));
    if (wanted.isEmpty()) return 0;
    const QString in = text.toCaseFolded();
    const int size = static_cast<int>(in.size());
    // ending[i]: the best score of the letters so far with the last of them at i. Greedy choice would miss word starts.
    std::vector<int> ending(size, none);
    for (int k = 0; k < wanted.size(); ++k) {
        std::vector<int> next(size, none);
        int best = none;  // of all places before i
        for (int i = 0; i < size; ++i) {
            if (in[i] == wanted[k]) {
                const bool starts = i == 0 || !in[i - 1].isLetterOrNumber();
                int before = k == 0 ? 0 : best;
                if (k > 0 && i > 0) before = std::max(before, ending[i - 1] + inARow);
                if (before > none) next[i] = before + letter + (starts ? wordStart : 0);
            }
            best = std::max(best, ending[i]);
        }
        ending = std::move(next);
    }
    const int score = *std::max_element(ending.begin(), ending.end());
    if (score <= 0) return std::nullopt;
    return score * 100 - size;
}

}  // namespace ternion::app
