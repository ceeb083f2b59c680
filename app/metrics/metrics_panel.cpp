#include "metrics/metrics_panel.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QJsonDocument>
#include <QLabel>
#include <QStackedWidget>
#include <QTabBar>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "metrics/kernels_view.h"
#include "metrics/latency_view.h"
#include "metrics/memory_view.h"
#include "metrics/power_view.h"
#include "metrics/roofline_view.h"
#include "metrics/saved_views.h"
#include "metrics/speed_view.h"
#include "runs/run_book.h"

namespace ternion::app {
namespace {

QString metricsPanelText(const char* source) { return QCoreApplication::translate("MetricsPanel", source); }

/// In the order of their tabs.
std::vector<MetricViewDefinition> metricViews() {
    return {latencyView(), speedView(), memoryView(), powerView(), kernelsView(), rooflineView()};
}

class MetricsPanel : public QWidget {
public:
    explicit MetricsPanel(const PanelContext& context)
        : runs_(context.runs),
          tabs_(new QTabBar),
          normalise_(new QCheckBox(metricsPanelText("Normalise"))),
          saved_(new SavedViews(context.runs)),
          pages_(new QStackedWidget),
          empty_(makeLabel(metricsPanelText("No run is shown. Ask something in the chat, or choose runs in the Runs panel."),
                           "", true)) {
        setObjectName("metricsPanel");
        tabs_->setObjectName("metrics.tabs");
        tabs_->setAccessibleName(metricsPanelText("What is plotted"));
        tabs_->setExpanding(false);
        tabs_->setDrawBase(false);
        tabs_->setElideMode(Qt::ElideNone);
        tabs_->setUsesScrollButtons(true);
        normalise_->setObjectName("metrics.normalise");
        empty_->setObjectName("emptyNote");
        empty_->setAlignment(Qt::AlignCenter);
        empty_->setWordWrap(true);
        empty_->setMargin(2 * grid);
        pages_->addWidget(empty_);
        for (const MetricViewDefinition& definition : metricViews()) {
            ids_ << definition.id;
            views_.push_back(definition.create({context.runs, context.actions}));
            pages_->addWidget(views_.back());
            tabs_->setTabToolTip(tabs_->addTab(definition.title), definition.toolTip);
        }
        auto* row = new QHBoxLayout;
        row->setContentsMargins(grid, grid / 2, grid, grid / 2);
        row->setSpacing(grid);
        row->addWidget(tabs_, 1);
        row->addWidget(normalise_);
        row->addWidget(saved_);
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addLayout(row);
        column->addWidget(pages_, 1);
        connect(tabs_, &QTabBar::currentChanged, this, &MetricsPanel::showCurrent);
        connect(normalise_, &QCheckBox::toggled, this, [this](bool on) {
            for (MetricView* view : views_) view->setNormalised(on);
        });
        connect(saved_, &SavedViews::saving, this, [this](const QString& name) { saved_->save(name, state()); });
        connect(saved_, &SavedViews::chosen, this, &MetricsPanel::restore);
        connect(&runs_, &RunBook::changed, this, [this] {
            saved_->refresh();
            showCurrent();
            for (MetricView* view : views_) view->runsChanged();
        });
        connect(&runs_, &RunBook::shownChanged, this, [this] {
            showCurrent();
            for (MetricView* view : views_) view->othersShown();
        });
        runs_.watch(this);
        saved_->refresh();
        showCurrent();
    }

    QSize sizeHint() const override { return {80 * grid, 50 * grid}; }

private:
    void showCurrent() {
        const RunSummary* baseline = runs_.baseline();
        normalise_->setEnabled(baseline != nullptr);
        normalise_->setToolTip(
            baseline != nullptr
                ? metricsPanelText("Show values relative to run #%1, the baseline").arg(baseline->id)
                : metricsPanelText("Mark a run as the baseline in the Runs panel first: values are then shown relative "
                                   "to it."));
        const auto known = [this](std::int64_t run) { return runs_.find(run) != nullptr; };
        const bool any = std::any_of(runs_.shown().begin(), runs_.shown().end(), known);
        pages_->setCurrentWidget(any ? static_cast<QWidget*>(views_[static_cast<std::size_t>(tabs_->currentIndex())]) : empty_);
    }

    QString state() const {
        const int index = tabs_->currentIndex();
        const QJsonObject all{{"view", ids_[index]},
                              {"normalise", normalise_->isChecked()},
                              {"state", views_[static_cast<std::size_t>(index)]->state()}};
        return QString::fromUtf8(QJsonDocument(all).toJson(QJsonDocument::Compact));
    }

    /// What this version does not know is left as it is.
    void restore(const QString& json) {
        const QJsonObject all = QJsonDocument::fromJson(json.toUtf8()).object();
        const auto index = ids_.indexOf(all["view"].toString());
        if (index < 0) return;
        tabs_->setCurrentIndex(static_cast<int>(index));
        normalise_->setChecked(all["normalise"].toBool());
        views_[static_cast<std::size_t>(index)]->restore(all["state"].toObject());
    }

    RunBook& runs_;
    QTabBar* tabs_;
    QCheckBox* normalise_;
    SavedViews* saved_;
    QStackedWidget* pages_;
    QLabel* empty_;
    QStringList ids_;
    std::vector<MetricView*> views_;
};

}  // namespace

PanelDefinition metricsPanel() {
    return {"metrics",
            metricsPanelText("Metrics"),
            metricsPanelText("What was measured of the shown runs: latency, speed, memory, power, kernels and the roofline."),
            Qt::RightDockWidgetArea,
            [](const PanelContext& context) { return new MetricsPanel(context); },
            PanelGroup::Measurement};
}

}  // namespace ternion::app
