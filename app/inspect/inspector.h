// What the inspection views share: the selection, the conversation as the model reads it, and what has been traced of it.
#pragma once

#include <QHash>
#include <QObject>
#include <QString>
#include <QUndoStack>
#include <memory>
#include <vector>

#include "backend/trace.h"
#include "engine/engine_client.h"
#include "inspect/interventions/intervention_list.h"
#include "inspect/selection.h"
#include "inspect/trace_store.h"

namespace ternion::app {

class ConversationModel;

/// One token of the conversation as the model reads it: templates and all.
struct TimelineToken {
    TokenId id = 0;
    QString text;          ///< for people: the piece, with a space as a space
    int answerToken = -1;  ///< its place among the tokens of the last answer; -1: before it
};

/// Lives on the GUI thread; outlives the views. Views tell what they want traced while they are seen; it has the engine trace
/// those tensors over the conversation, live while an answer is written, and tells of what is there. Nothing wanted, nothing
/// traced.
class Inspector : public QObject {
    Q_OBJECT

public:
    Inspector(EngineClient& engine, ConversationModel& conversation, QObject* parent = nullptr);
    ~Inspector() override;

    EngineClient& engine() const { return engine_; }
    ConversationModel& conversation() const { return conversation_; }
    QUndoStack& undo() { return undo_; }  ///< of everything in the inspection views that can be undone
    InterventionList& interventions() { return interventions_; }
    std::shared_ptr<const OpenModel> model() const { return engine_.model(); }  ///< null: none open

    const Selection& selection() const { return selection_; }
    /// Out of range is brought into range.
    void select(Selection selection);
    /// The selected token, or the newest where none is; -1 where there is no text.
    int token() const;

    const std::vector<TimelineToken>& timeline() const { return timeline_; }
    std::vector<TokenId> ids() const;
    int promptTokens() const { return promptTokens_; }  ///< before the last answer

    /// Replaces what `view` wanted before; an empty list is what a hidden view wants. A view that is destroyed wants nothing.
    void want(QObject* view, std::vector<TraceRequest::Item> items);
    /// What has been traced so far, for tokens of timeline(); empty at first.
    TraceSeries series(TraceRequest::Item item) const { return store_.series(item); }

    const TraceStore& store() const { return store_; }
    void setLimits(const TraceLimits& limits);

signals:
    void selectionChanged();
    void modelChanged();               ///< another one, or the same one again
    void timelineChanged();            ///< it has grown, or is another text: series() tells what is still there
    void traced();                     ///< some series has grown; at most 30 times a second
    void notice(const QString& text);  ///< for an inline message: traces were dropped, or could not be made

private:
    void refreshTimeline();
    void takeText(const std::shared_ptr<const ReadText>& text);
    void takeTrace(const TracedTokens& tokens);
    void sayDropped();
    void requestMissing();
    std::vector<TraceRequest::Item> wanted() const;

    EngineClient& engine_;
    ConversationModel& conversation_;
    Selection selection_;
    std::vector<TimelineToken> timeline_;
    int text_ = 0;  // ReadText::number of the timeline
    int promptTokens_ = 0;
    QHash<QObject*, std::vector<TraceRequest::Item>> wants_;
    TraceStore store_;
    QUndoStack undo_;
    InterventionList interventions_{conversation_, undo_};
    bool asked_ = false;        // a request is on its way
    bool stale_ = false;        // the text may be another
    bool saidDropped_ = false;  // once a conversation
};

}  // namespace ternion::app
