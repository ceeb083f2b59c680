// One way of looking at what was measured of the shown runs: its controls, its plots, what it has to say.
#pragma once

#include <QColor>
#include <QJsonObject>
#include <QWidget>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "metrics/store_reading.h"
#include "views/plot_cursors.h"
#include "views/plot_fit.h"

class QCheckBox;
class QComboBox;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QVBoxLayout;

namespace ternion::app {

class ActionRegistry;
class RunBook;

struct MetricContext {
    RunBook& runs;
    ActionRegistry& actions;
};

/// A run that is shown, as every view names and colours it.
struct ShownRun {
    std::int64_t id = 0;
    QString name;  ///< "#12 ternary-49m · cpu"
    QColor color;
};

/// GUI thread. Reads when it is visible and something has changed; several changes in one turn of the event loop make one
/// reading.
class MetricView : public QWidget {
    Q_OBJECT

public:
    /// `id` is stable: saved views name it.
    MetricView(const QString& id, const MetricContext& context);

    void runsChanged();  ///< what was measured of them
    void othersShown();  ///< other runs are shown, or another is the baseline: the plots are fitted anew
    void setNormalised(bool on);

    /// Choices and ranges, for a saved view; ranges only where somebody has zoomed.
    QJsonObject state() const;
    void restore(const QJsonObject& state);

protected:
    virtual void read() = 0;  ///< through a StoreReading; then draw
    virtual void draw() = 0;  ///< what was read last, in the colours of now
    /// A plot was zoomed or panned by somebody.
    virtual void rangeChanged() {}
    /// When in its run that was which is drawn at `x`.
    virtual double secondsAt(std::int64_t /*run*/, double x) const { return x; }
    /// A plot's series that belongs to one run: notes can be made at it.
    static void setRun(QCPAbstractPlottable* series, std::int64_t run);

    RunBook& runs() const { return context_.runs; }
    const QString& id() const { return id_; }
    std::vector<ShownRun> shownRuns() const;
    /// The run whose values stand for 1; 0: values are shown as they are.
    std::int64_t baseline() const;
    /// "Token latency (ms)", or what it is relative to.
    QString titleOf(const QString& quantity, const QString& unit) const;

    /// Controls above the plots; what is chosen is part of `state()`. A change reads again and fits anew.
    QComboBox* addChoice(const QString& name, const QString& title, const std::vector<std::pair<QString, QString>>& choices);
    QCheckBox* addCheck(const QString& name, const QString& title, const QString& toolTip);
    QString choice(const QString& name) const;  ///< the first of the pair
    bool checked(const QString& name) const;

    void setContent(QWidget* content);
    /// A plot with cursors, kept fitted and part of `state()`.
    PlotView* addPlot(const QString& name);
    /// It under its title, with a button that exports it.
    QWidget* framed(const QString& title, Exportable& exported, QWidget* widget);
    void fit(PlotView* plot);           ///< after its values were drawn; brings its cursors up to date
    bool fitted(PlotView* plot) const;  ///< all is shown
    void refit(PlotView* plot);         ///< shows all when it is drawn next

    /// What the plots cannot show, and why; said below them.
    void setNotes(const QStringList& notes);
    QStringList notes() const { return notes_; }

    void schedule();  ///< a reading
    void showEvent(QShowEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Plot {
        PlotView* plot;
        std::unique_ptr<PlotFit> fit;
        PlotCursors* cursors;
    };
    const Plot* find(const PlotView* plot) const;
    static void wrapLegend(PlotView& plot);
    void cursorsChanged(PlotCursors* cursors);
    void annotate();

    QString id_;
    MetricContext context_;
    bool normalised_ = false;
    bool scheduled_ = false;
    QStringList notes_;
    std::vector<Plot> plots_;
    PlotCursors* active_ = nullptr;  // of the cursor that was set last
    QHBoxLayout* controls_;
    QVBoxLayout* column_;
    QWidget* reading_;  // the row of the cursors
    QLabel* cursors_;
    QLineEdit* annotation_;
    QLabel* said_;
};

/// Name of a run in legends.
QString nameOf(const RunSummary& run);
/// "power.gpu · #12 …", with the tag of a source that is not a measurement.
QString seriesName(const SeriesFacts& facts, const QString& run);
/// Dashed where the source is not a measurement.
QPen penOf(const SeriesFacts& facts, const QColor& color, double width = 1.5);

/// A view in the panel's row of tabs.
struct MetricViewDefinition {
    QString id;       ///< stable
    QString title;    ///< translated
    QString toolTip;  ///< what it tells a newcomer
    std::function<MetricView*(const MetricContext&)> create;
};

}  // namespace ternion::app
