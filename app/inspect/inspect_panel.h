// What all inspection docks have in common: a row of controls, a note where there is nothing to see yet, and traces asked for
// only while they are seen.
#pragma once

#include <QWidget>
#include <vector>

#include "backend/trace.h"
#include "shell/panel.h"

class QHBoxLayout;
class QLabel;
class QStackedWidget;

namespace ternion::app {

class Inspector;

/// Calls refresh() when it becomes visible and, while it is, when the model, the selection, the timeline or the traces change
/// (several changes in one turn of the event loop make one call).
class InspectPanel : public QWidget {
    Q_OBJECT

public:
    InspectPanel(const QString& id, const PanelContext& context, QWidget* parent = nullptr);

    Inspector& inspector() const { return inspector_; }

protected:
    /// What the view shows depends on these being traced; asked at each refresh.
    virtual std::vector<TraceRequest::Item> wanted() const { return {}; }
    /// Brings the view up to date; heavy work goes through LatestTask or EngineClient::compute.
    virtual void refresh() = 0;

    QHBoxLayout* controls() const { return controls_; }  ///< the row above the content
    void setContent(QWidget* content);                   ///< takes it over
    /// Shows `what` (what to do to see something here) instead of the content; empty: the content.
    void showEmpty(const QString& what);

    void scheduleRefresh();  ///< as a change of what is inspected does: for the view's own controls

    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    Inspector& inspector_;
    QHBoxLayout* controls_;
    QStackedWidget* pages_;
    QLabel* empty_;
    bool scheduled_ = false;
};

}  // namespace ternion::app
