// An inspection panel whose numbers are computed on another thread, token after token, from what has been traced.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "inspect/growing_views.h"
#include "inspect/inspect_panel.h"
#include "inspect/inspector.h"
#include "views/latest_task.h"

namespace ternion::app {

/// `Reading` is what is computed: from the one before, while text and model are the same, else from an empty one. One
/// computation at a time is let finish, so that something is seen while an answer is written.
template <class Reading>
class ReadingPanel : public InspectPanel {
public:
    using InspectPanel::InspectPanel;

protected:
    using Work = std::function<Reading(Reading before)>;  ///< for another thread: owns what it reads
    /// Null: what it takes has not been traced yet.
    virtual Work work() = 0;
    virtual void showReading() = 0;       ///< there is another one, or it is shown otherwise
    virtual void showSelection() = 0;     ///< of what is shown already
    virtual QString promise() const = 0;  ///< what an answer in the chat would bring

    const Reading& reading() const { return reading_; }
    const Model& model() const { return *model_->checkpoint.model; }
    int layer() const { return inspector().selection().layer; }

    template <class Change>
    void select(const Change& change) {
        Selection selection = inspector().selection();
        change(selection);
        inspector().select(selection);
    }

    void refresh() override {
        const QString todo = whatToDo(inspector(), promise());
        showEmpty(todo);
        if (!todo.isEmpty()) return forget();
        auto ids = inspector().ids();
        const auto same = static_cast<std::ptrdiff_t>(std::min(ids.size(), ids_.size()));
        if (model_ != inspector().model() || !std::equal(ids_.begin(), ids_.begin() + same, ids.begin())) forget();
        ids_ = std::move(ids);
        model_ = inspector().model();
        showSelection();
        again_ = task_->running();
        if (again_) return;
        auto work = this->work();
        if (!work) return showEmpty(waiting());
        task_->run([work = std::move(work), before = reading_](const std::stop_token&) { return work(before); },
                   [this](Reading reading) {
                       reading_ = std::move(reading);
                       showReading();
                       showSelection();
                       if (again_) refresh();
                   });
    }

    void hideEvent(QHideEvent* event) override {
        InspectPanel::hideEvent(event);
        forget();  // what happens to the text meanwhile is not seen here
    }

private:
    static QString waiting() {
        return QCoreApplication::translate("ReadingPanel", "The model reads the conversation once more, to trace this layer…");
    }
    void forget() {
        reading_ = {};
        ids_.clear();
        model_ = nullptr;
        task_ = std::make_unique<LatestTask>();  // whatever is under way is not waited for
    }

    Reading reading_;
    std::vector<TokenId> ids_;  // that the reading is of, and perhaps some more
    std::shared_ptr<const OpenModel> model_;
    std::unique_ptr<LatestTask> task_ = std::make_unique<LatestTask>();
    bool again_ = false;  // something has changed since the task began
};

}  // namespace ternion::app
