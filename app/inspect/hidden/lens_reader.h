// Reads states of the conversation with the model's own head, on the engine's thread, and keeps what it has read.
#pragma once

#include <QObject>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

#include "inspect/lens.h"
#include "inspect/trace_store.h"

namespace ternion::app {

class Inspector;

/// Where the lens is held: behind `depth` layers (0: the embedding), at a token of Inspector::timeline().
struct LensPlace {
    int depth = 0;
    int token = 0;
    bool operator==(const LensPlace&) const = default;
    bool operator<(const LensPlace& other) const { return std::tie(depth, token) < std::tie(other.depth, other.token); }
};

/// GUI thread. The output of the last layer, with which every depth is compared, must be traced too.
class LensReader : public QObject {
    Q_OBJECT

public:
    static constexpr int top = 10;  ///< tokens of a cell

    /// `tag` is for EngineClient::compute: one of its own for each reader. The inspector outlives it.
    LensReader(Inspector& inspector, const QString& tag, QObject* parent = nullptr);
    ~LensReader() override;

    /// What is wanted from now on: what is known of it stays, what has been traced of the rest is read; everything else is
    /// forgotten, and a reading of it cancelled.
    void read(const std::vector<LensPlace>& places);
    void cancel();

    std::shared_ptr<const LensCell> cell(LensPlace place) const;  ///< null: not read yet
    bool running() const { return running_; }

signals:
    void progress(double fraction);
    void changed();  ///< cells have come, or no more will
    void failed(const QString& text);

private:
    /// What a cell is made of. A row of a trace is never written anew, so that the same place in memory is the same state.
    struct Source {
        LensPlace place;
        const float* state = nullptr;
        TokenId following = -1;
        bool operator==(const Source&) const = default;
    };
    struct Known {
        Source source;
        std::shared_ptr<const LensCell> cell;
    };
    struct Job;  // what the engine's thread works on
    void start();

    Inspector& inspector_;
    QString tag_;
    std::map<LensPlace, Known> known_;
    std::map<int, TraceSeries> series_;  // by depth: keeps the rows of known_ and asked_
    std::vector<Source> asked_;
    bool running_ = false;
    int number_ = 0;
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace ternion::app
