// The states of one depth in the plane in which they lie farthest apart.
#include <QToolTip>
#include <QVBoxLayout>
#include <cmath>
#include <optional>

#include "chat/labels.h"
#include "inspect/hidden/hidden_page.h"
#include "inspect/principal_plane.h"
#include "views/plot_view.h"

namespace ternion::app {
namespace {

/// A plot of points that are named, not numbered.
class Scatter : public PlotView {
public:
    using PlotView::PlotView;
    std::function<QString(const QPointF& at)> describe;

protected:
    void mouseMoveEvent(QMouseEvent* event) override {
        QCustomPlot::mouseMoveEvent(event);  // NOLINT(bugprone-parent-virtual-call): PlotView would tell numbers instead
        if (event->buttons() == Qt::NoButton)
            QToolTip::showText(event->globalPosition().toPoint(), describe(event->position()), this);
    }
};

class ProjectionPage : public HiddenPage {
public:
    ProjectionPage(Inspector& inspector, DepthChoice& depth)
        : HiddenPage(inspector, depth), plot_(new Scatter("hidden.projection")) {
        plot_->setAccessibleName(tr("Projection of the hidden states"));
        plot_->describe = [this](const QPointF& at) {
            const auto token = tokenAt(at);
            return token ? nameOfToken(*token) : QString();
        };
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->addWidget(plot_);
        connect(plot_, &PlotView::positionActivated, this, [this](double x, double y) {
            if (const auto token = tokenAt({plot_->xAxis->coordToPixel(x), plot_->yAxis->coordToPixel(y)})) selectToken(*token);
        });
    }

    std::vector<TraceRequest::Item> wanted() const override { return {stateAt(depth_.depth())}; }
    void refresh() override {
        const TraceSeries of = series(depth_.depth());
        mark();
        // The same rows in the same place are the same states: a selection changes nothing.
        if (of.empty() || (shown_.endToken() == of.endToken() && shown_.firstToken() == of.firstToken() &&
                           shown_.row(of.endToken() - 1).data() == of.row(of.endToken() - 1).data()))
            return;
        compute(
            depth_.depth(), tr("Principal components"),
            [of](const std::stop_token& stop) {
                return std::pair(principalPlane(statesOf(of, of.firstToken(), of.endToken()), stop), of);
            },
            [this](std::pair<Result<PrincipalPlane>, TraceSeries> done) {
                if (!done.first) return;
                plane_ = std::move(done.first).value();
                shown_ = std::move(done.second);
                showResult();
            });
    }
    void paintPicture(QPainter& painter, const QSize& size) override { plot_->paintPicture(painter, size); }
    Table table(bool visibleOnly) const override {
        struct Row {
            int token;
            std::string text;
            std::array<float, 2> at;
        };
        std::vector<Row> rows;
        for (std::size_t k = 0; k < plane_.points.size(); ++k) {
            const auto& [x, y] = plane_.points[k];
            if (visibleOnly && !(plot_->xAxis->range().contains(x) && plot_->yAxis->range().contains(y))) continue;
            const int token = shown_.firstToken() + static_cast<int>(k);
            const auto at = static_cast<std::size_t>(token);
            const auto& timeline = inspector_.timeline();
            rows.push_back({token, at < timeline.size() ? timeline[at].text.toStdString() : std::string(), plane_.points[k]});
        }
        const std::size_t count = rows.size();
        return {{"token", "text", "component_1", "component_2"}, count, [rows = std::move(rows)](std::size_t row, auto& cells) {
                    cells[0] = std::int64_t{rows[row].token};
                    cells[1] = rows[row].text;
                    cells[2] = double{rows[row].at[0]};
                    cells[3] = double{rows[row].at[1]};
                }};
    }

private:
    std::optional<int> tokenAt(const QPointF& at) const {
        constexpr double reach = 1.5 * grid;
        double least = reach;
        std::optional<int> nearest;
        for (std::size_t k = 0; k < plane_.points.size(); ++k) {
            const auto& [x, y] = plane_.points[k];
            const double distance = std::hypot(plot_->xAxis->coordToPixel(x) - at.x(), plot_->yAxis->coordToPixel(y) - at.y());
            if (distance >= least) continue;
            least = distance;
            nearest = shown_.firstToken() + static_cast<int>(k);
        }
        return nearest;
    }

    /// A curve rather than a graph: those are sorted by x.
    QCPCurve* addPoints(const QString& name, const QColor& color, double size) {
        auto* points = new QCPCurve(plot_->xAxis, plot_->yAxis);
        points->setName(name);
        points->setLineStyle(QCPCurve::lsNone);
        points->setPen(color);
        points->setScatterStyle(QCPScatterStyle(QCPScatterStyle::ssDisc, size));
        return points;
    }

    void showResult() {
        plot_->clearAll();
        const auto title = [this](int component) {
            const double share = plane_.explained[static_cast<std::size_t>(component)] * 100.0;
            return tr("component %1 (%2 % of the variance)")
                .arg(QString::number(component + 1), QLocale().toString(share, 'f', 1));
        };
        plot_->setTitles(title(0), title(1));
        QCPCurve* prompt = addPoints(tr("prompt"), PlotView::seriesColor(0), 5);
        QCPCurve* answer = addPoints(tr("answer"), PlotView::seriesColor(1), 5);
        selected_ = addPoints(tr("selected"), palette().color(QPalette::Highlight), 11);
        const auto& timeline = inspector_.timeline();
        for (std::size_t k = 0; k < plane_.points.size(); ++k) {
            const std::size_t token = static_cast<std::size_t>(shown_.firstToken()) + k;
            const bool answered = token < timeline.size() && timeline[token].answerToken >= 0;
            (answered ? answer : prompt)->addData(plane_.points[k][0], plane_.points[k][1]);
        }
        mark();
        plot_->showAll();
        plot_->xAxis->scaleRange(1.08);
    }

    void mark() {
        if (selected_ == nullptr) return;
        const int at = inspector_.token() - shown_.firstToken();
        if (at >= 0 && at < static_cast<int>(plane_.points.size())) {
            const auto& [x, y] = plane_.points[static_cast<std::size_t>(at)];
            selected_->setData({x}, {y});
        } else {
            selected_->data()->clear();
        }
        plot_->replot(QCustomPlot::rpQueuedReplot);
    }

    Scatter* plot_;
    QCPCurve* selected_ = nullptr;
    PrincipalPlane plane_;
    TraceSeries shown_;
};

}  // namespace

HiddenPage* makeProjectionPage(Inspector& inspector, DepthChoice& depth) { return new ProjectionPage(inspector, depth); }

}  // namespace ternion::app
