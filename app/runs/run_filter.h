// Which runs a line of words means.
#pragma once

#include <QString>
#include <vector>

#include "store/run_records.h"

namespace ternion::app {

/// Each word must be found, ignoring case, in the model, device, kind, packing, state, tags, note or sweep of a run, or in the
/// one that it names: "tag:fast", "kind:bench", "model:49m", "device:vulkan".
class RunFilter {
public:
    RunFilter() = default;
    explicit RunFilter(const QString& line);
    bool matches(const RunSummary& run) const;

private:
    enum class Where { Anywhere, Tag, Kind, Model, Device };
    struct Word {
        Where where;
        QString text;
    };
    std::vector<Word> words_;
};

}  // namespace ternion::app
