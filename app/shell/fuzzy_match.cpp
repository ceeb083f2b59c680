#include "shell/fuzzy_match.h"

#include <QStringList>
#include <algorithm>
#include <limits>
#include <vector>

namespace ternion::app {
namespace {

constexpr int wordStart = 10;
constexpr int inARow = 12;  // more than a word start: "the" is a Theme before it is a Ternion's Help
constexpr int letter = 1;
constexpr int none = std::numeric_limits<int>::min() / 2;

/// The best way to find the letters of `word` in `text`; nothing where there is none.
std::optional<int> matchWord(const QString& word, const QString& text) {
    const int size = static_cast<int>(text.size());
    // ending[i]: the best score of the letters so far with the last of them at i. Greedy choice would miss word starts.
    std::vector<int> ending(size, none);
    for (int k = 0; k < word.size(); ++k) {
        std::vector<int> next(size, none);
        int best = k == 0 ? 0 : none;  // of all places before i
        for (int i = 0; i < size; ++i) {
            const int before = k > 0 && i > 0 ? std::max(best, ending[i - 1] + inARow) : best;
            if (text[i] == word[k] && before >= 0)
                next[i] = before + letter + (i == 0 || !text[i - 1].isLetterOrNumber() ? wordStart : 0);
            best = std::max(best, ending[i]);
        }
        ending = std::move(next);
    }
    const int score = size == 0 ? none : *std::max_element(ending.begin(), ending.end());
    return score > 0 ? std::optional(score) : std::nullopt;
}

}  // namespace

std::optional<int> fuzzyMatch(const QString& query, const QString& text) {
    int sum = 0;
    const QStringList words = query.toCaseFolded().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    if (words.isEmpty()) return 0;
    const QString in = text.toCaseFolded();
    for (const QString& word : words) {
        const auto score = matchWord(word, in);
        if (!score) return std::nullopt;
        sum += *score;
    }
    return sum * 100 - static_cast<int>(in.size());
}

}  // namespace ternion::app
