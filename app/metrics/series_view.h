// A view of series over the time or the tokens of the runs: overlaid, zoomed by reading again, with the runs' notes as flags.
#pragma once

#include <optional>

#include "metrics/metric_view.h"
#include "metrics/run_lines.h"

class QTimer;

namespace ternion::app {

class SeriesView : public MetricView {
    Q_OBJECT

public:
    SeriesView(const QString& id, const MetricContext& context);

protected:
    /// What is read: `runs`, `baseline`, the range and `most` are filled in by this class.
    virtual LinesRequest wanted() const = 0;
    /// Fills the cleared plots, and `problems` with what they cannot show.
    virtual void drawLines(QStringList& problems) = 0;
    /// The first plot is over time or tokens, so that notes stand in it.
    virtual bool overTime() const { return true; }

    void read() override;
    void draw() override;
    void rangeChanged() override;
    double secondsAt(std::int64_t run, double x) const override;

    const LinesReading& lines() const { return lines_; }
    PlotView* addSeriesPlot(const QString& name);  ///< the first one says what part is read; all go together
    StoreReading* makeReading();                   ///< another one, whose failures are told here too

    /// (value - offset) * factor is drawn.
    struct Scale {
        double factor = 1.0;
        double offset = 0.0;
        double operator()(double value) const { return (value - offset) * factor; }
    };
    /// In a unit of 1 / `factor`, or relative to the baseline's median; nullopt, and a problem, where that has none.
    std::optional<Scale> scaleOf(const RunLine& line, double factor, QStringList& problems) const;
    /// The same of a counter, which begins at 0 with its run.
    std::optional<Scale> counterScaleOf(const RunLine& line, double factor, QStringList& problems) const;
    /// The line of the means; where points stand for several samples also the band from the least to the most.
    QCPGraph* addLine(PlotView& plot, const RunLine& line, const ShownRun& run, const QString& name, const QPen& pen,
                      const Scale& scale) const;
    /// The same of values of their own, one a point.
    struct Values {
        QVector<double> mean, least, most;
    };
    QCPGraph* addLine(PlotView& plot, const RunLine& line, const ShownRun& run, const QString& name, const QPen& pen,
                      const Values& values) const;
    /// A run's lines as they were read; null: not yet.
    const RunLines* linesOf(std::int64_t run) const;
    /// "power.gpu of #12 …: no sensor", where a series says that it is missing.
    static void tellMissing(const RunLine& line, const ShownRun& run, QStringList& problems);

private:
    void tellNoBaseline(const RunLine& line, QStringList& problems) const;
    void addFlags(PlotView& plot, const RunLines& run, const QColor& color);

    LinesReading lines_;
    bool read_ = false;
    bool drawing_ = false;
    QString failure_;
    std::vector<PlotView*> plots_;
    StoreReading* reading_;
    QTimer* zoomed_;
};

}  // namespace ternion::app
