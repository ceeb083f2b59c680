// The comparison that the window shows: running, or ended.
#pragma once

#include <QObject>
#include <QString>
#include <memory>
#include <optional>
#include <vector>

#include "compare/comparison_feed.h"
#include "compare/comparison_job.h"
#include "tokenizer/tokenizer.h"

class QTimer;

namespace ternion::app {

class EngineClient;

/// One token of a side's chat. Where a side is fed the first one's text, it is the token that it puts first itself there.
struct ShownToken {
    TokenId id = 0;
    QString text;
    TokenId fed = 0;  ///< what the side has read there
};

struct LiveSide {
    std::vector<ShownToken> tokens;
    std::vector<char> differs;         ///< a token each: another side has another one there
    std::vector<double> seconds;       ///< wall time of each token
    std::vector<double> clockSeconds;  ///< by the device's clock; empty: it counts no cycles
    bool simulated = false;            ///< so is that clock
    std::optional<Error> error;        ///< what ended it early
    /// Tokens a second of wall time, of the last of them; 0: not known yet.
    double speed() const;
};

/// Where two sides first differ at all, as far as it is known.
struct FirstDifference {
    int position = 0;
    std::optional<TraceRequest::Item> item;  ///< nothing: the logits
    TensorDifference difference;
};

/// Of one side against the first, over all tokens compared so far.
struct SideDistance {
    int compared = 0;      ///< tokens
    float maxAbs = 0.0F;   ///< of an intermediate
    float logits = 0.0F;   ///< likewise of a logit
    double sumOfKl = 0.0;  ///< nats
    double maxKl = 0.0;
    int sameTop = 0;  ///< tokens
};

/// GUI thread. Fetches what is new 30 times a second, so that the comparison never waits for the window.
class LiveComparison : public QObject {
    Q_OBJECT

public:
    explicit LiveComparison(EngineClient& engine, QObject* parent = nullptr);

    enum class State { None, Waiting, Running, Ended };
    State state() const { return state_; }
    bool running() const { return state_ == State::Waiting || state_ == State::Running; }
    bool cancelling() const { return cancelling_; }

    void start(AskedComparison asked, const TraceLimits& limits);
    void cancel();

    const AskedComparison& asked() const { return asked_; }
    const std::vector<std::int64_t>& runs() const { return runs_; }  ///< of the sides in the store; empty: none has begun
    int allTokens() const;                                           ///< of each side, the prompt's included
    const std::vector<LiveSide>& sides() const { return sides_; }
    /// Of side 1, 2, ... against the first; a token each.
    const std::vector<ComparedStep>& compared(int side) const { return compared_[static_cast<std::size_t>(side)]; }
    const SideDistance& distance(int side) const { return distances_[static_cast<std::size_t>(side)]; }
    std::vector<TraceRequest::Item> items() const;  ///< in the order of StepComparison::tensors
    std::optional<FirstDifference> firstDifference(int side) const;
    const std::shared_ptr<ComparisonFeed>& feed() const { return feed_; }
    const std::optional<ComparisonReport>& report() const { return report_; }  ///< once it has ended
    const std::optional<Error>& failure() const { return failure_; }           ///< why it has none

signals:
    void began();  ///< another one: everything before is gone
    void grew();   ///< at most 30 times a second
    void ended();

private:
    void take();
    void addStep(const StepNote& step);
    void addCompared(const ComparedStep& step);
    void finish(Result<ComparisonReport> outcome);

    EngineClient& engine_;
    State state_ = State::None;
    bool cancelling_ = false;
    AskedComparison asked_;
    std::shared_ptr<ComparisonFeed> feed_;
    std::vector<std::int64_t> runs_;
    std::vector<LiveSide> sides_;
    std::vector<TokenId> tops_;  // of the newest step of each side
    std::vector<std::unique_ptr<StreamDecoder>> decoders_;
    std::vector<std::vector<ComparedStep>> compared_;
    std::vector<SideDistance> distances_;
    std::vector<std::optional<FirstDifference>> firsts_;
    std::optional<ComparisonReport> report_;
    std::optional<Error> failure_;
    QTimer* timer_;
};

}  // namespace ternion::app
