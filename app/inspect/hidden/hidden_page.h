// What a tab of the hidden-states view is.
#pragma once

#include <QComboBox>
#include <QWidget>
#include <utility>
#include <vector>

#include "inspect/hidden_statistics.h"
#include "inspect/inspector.h"
#include "views/exportable.h"
#include "views/latest_task.h"

namespace ternion::app {

/// The depth that is looked at, the same in every tab: behind the selected layer, or the embedding, which no layer stands for.
class DepthChoice : public QComboBox {
    Q_OBJECT

public:
    explicit DepthChoice(Inspector& inspector, QWidget* parent = nullptr);
    int depth() const { return std::max(currentIndex(), 0); }
    int depths() const { return count(); }  ///< numLayers + 1
    void choose(int depth);                 ///< selects the layer before it

signals:
    void depthChanged();

private:
    void fill();
    Inspector& inspector_;
};

QString nameOfDepth(int depth);  ///< "embedding", "layer 3"

/// A tab. GUI thread.
class HiddenPage : public QWidget, public Exportable {
    Q_OBJECT

public:
    HiddenPage(Inspector& inspector, DepthChoice& depth) : inspector_(inspector), depth_(depth) {}

    virtual QWidget* controls() { return nullptr; }  ///< shown above the page; owned by it until taken
    virtual std::vector<TraceRequest::Item> wanted() const = 0;
    /// While it is seen, when the model, the selection, the text or the traces have changed.
    virtual void refresh() = 0;
    virtual void cancel() {
        key_ = -1;
        task_.run([](const std::stop_token&) { return 0; }, [](int) {});
        emit idle();
    }

signals:
    void changed();  ///< its controls: it wants to be refreshed
    void progress(const QString& what, double fraction);
    void idle();

protected:
    /// Runs `work` on another thread, then `show`. While one with the same key runs, which is not stopped for that, the page is
    /// refreshed once more when it is done.
    template <class Work, class Show>
    void compute(int key, const QString& what, Work work, Show show) {
        if (task_.running() && key == key_) {
            again_ = true;
            return;
        }
        key_ = key;
        again_ = false;
        emit progress(what, 0.0);
        task_.run(std::move(work), [this, show = std::move(show)](auto result) mutable {
            emit idle();
            show(std::move(result));
            if (std::exchange(again_, false)) emit changed();
        });
    }

    TraceSeries series(int depth) const { return inspector_.series(stateAt(depth)); }
    std::vector<TraceSeries> allSeries() const;
    std::vector<TraceRequest::Item> allStates() const;
    QString nameOfToken(int token) const;  ///< "token 12 “the”"
    void selectToken(int token);

    Inspector& inspector_;
    DepthChoice& depth_;

private:
    LatestTask task_;
    int key_ = -1;
    bool again_ = false;
};

HiddenPage* makeNormPage(Inspector& inspector, DepthChoice& depth);
HiddenPage* makeSimilarityPage(Inspector& inspector, DepthChoice& depth);
HiddenPage* makeLensPage(Inspector& inspector, DepthChoice& depth);
HiddenPage* makeNeighboursPage(Inspector& inspector, DepthChoice& depth);
HiddenPage* makeProjectionPage(Inspector& inspector, DepthChoice& depth);

}  // namespace ternion::app
