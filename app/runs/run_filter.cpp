#include "runs/run_filter.h"

#include <QStringList>
#include <algorithm>

namespace ternion::app {
namespace {

bool has(const std::string& text, const QString& word) {
    return QString::fromStdString(text).contains(word, Qt::CaseInsensitive);
}

bool isTagged(const RunSummary& run, const QString& word) {
    return std::any_of(run.tags.begin(), run.tags.end(), [&](const std::string& tag) { return has(tag, word); });
}

bool isOn(const RunSummary& run, const QString& word) {
    return has(run.facts.device.id(), word) || has(run.facts.device.name, word);
}

}  // namespace

RunFilter::RunFilter(const QString& line) {
    struct Prefix {
        QLatin1String text;
        Where where;
    };
    for (const QString& word : line.simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        Word parsed{Where::Anywhere, word};
        for (const Prefix& prefix :
             {Prefix{QLatin1String("tag:"), Where::Tag}, Prefix{QLatin1String("kind:"), Where::Kind},
              Prefix{QLatin1String("model:"), Where::Model}, Prefix{QLatin1String("device:"), Where::Device}})
            if (word.startsWith(prefix.text, Qt::CaseInsensitive)) parsed = {prefix.where, word.mid(prefix.text.size())};
        words_.push_back(std::move(parsed));
    }
}

bool RunFilter::matches(const RunSummary& run) const {
    return std::all_of(words_.begin(), words_.end(), [&](const Word& word) {
        const RunFacts& facts = run.facts;
        switch (word.where) {
            case Where::Tag:
                return isTagged(run, word.text);
            case Where::Kind:
                return has(facts.kind, word.text);
            case Where::Model:
                return has(facts.model.name, word.text);
            case Where::Device:
                return isOn(run, word.text);
            case Where::Anywhere:
                break;
        }
        return has(facts.model.name, word.text) || has(facts.kind, word.text) || has(facts.packing, word.text) ||
               has(facts.sweep, word.text) || has(run.note, word.text) || has(std::string(nameOf(run.state)), word.text) ||
               isTagged(run, word.text) || isOn(run, word.text);
    });
}

}  // namespace ternion::app
