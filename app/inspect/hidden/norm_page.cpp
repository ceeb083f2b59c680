// How long the states are, depth by depth and token by token.
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <limits>

#include "inspect/hidden/hidden_page.h"
#include "views/map_view.h"

namespace ternion::app {
namespace {

/// L2 norms `[depths, tokens]`; what an earlier one holds of the same rows is taken over.
struct Norms {
    std::vector<TraceSeries> series;  // by depth
    int tokens = 0;
    std::vector<float> values;  // [depths, tokens]
    float high = 1.0F;          // the 99th of a hundred: one long state does not hide the others

    Norms(std::vector<TraceSeries> of, const Norms* before, const std::stop_token& stop) : series(std::move(of)) {
        for (const TraceSeries& one : series) tokens = std::max(tokens, one.endToken());
        values.assign(series.size() * static_cast<std::size_t>(tokens), std::numeric_limits<float>::quiet_NaN());
        std::vector<float> known;
        for (std::size_t depth = 0; depth < series.size() && !stop.stop_requested(); ++depth)
            for (int token = series[depth].firstToken(); token < series[depth].endToken(); ++token) {
                const auto row = series[depth].row(token);
                const bool same =
                    before != nullptr && before->has(depth, token) && before->series[depth].row(token).data() == row.data();
                known.push_back(same ? before->at(depth, token) : static_cast<float>(norm(row)));
                values[depth * static_cast<std::size_t>(tokens) + static_cast<std::size_t>(token)] = known.back();
            }
        if (known.empty()) return;
        const auto rank = known.begin() + static_cast<std::ptrdiff_t>(known.size() * 99 / 100);
        std::nth_element(known.begin(), rank, known.end());
        if (*rank > 0.0F) high = *rank;
    }
    bool has(std::size_t depth, int token) const {
        return depth < series.size() && token >= series[depth].firstToken() && token < series[depth].endToken();
    }
    float at(std::size_t depth, int token) const {
        return values[depth * static_cast<std::size_t>(tokens) + static_cast<std::size_t>(token)];
    }
};

class NormMap : public MapSource {
public:
    NormMap(std::shared_ptr<const Norms> norms, float scale, std::vector<TimelineToken> timeline)
        : norms_(std::move(norms)), scale_(scale), timeline_(std::move(timeline)) {}
    int rows() const override { return static_cast<int>(norms_->series.size()); }
    int columns() const override { return norms_->tokens; }
    float value(int row, int column) const override { return norms_->at(static_cast<std::size_t>(row), column) * scale_; }
    QString describe(int row, int column) const override {
        const auto token = static_cast<std::size_t>(column);
        return HiddenPage::tr("%1, token %2 “%3”: %4")
            .arg(nameOfDepth(row))
            .arg(column)
            .arg(token < timeline_.size() ? timeline_[token].text : QString(), QLocale().toString(value(row, column), 'g', 4));
    }

private:
    std::shared_ptr<const Norms> norms_;
    float scale_;
    std::vector<TimelineToken> timeline_;
};

class NormPage : public HiddenPage {
public:
    NormPage(Inspector& inspector, DepthChoice& depth) : HiddenPage(inspector, depth), map_(new MapView("hidden.norms")) {
        kind_ = new QComboBox;
        kind_->setObjectName("hidden.normKind");
        kind_->setAccessibleName(tr("Kind of norm"));
        kind_->addItems({tr("L2 norm"), tr("root mean square")});
        kind_->setToolTip(tr("The length of a state, or its length / √hidden size, by which RMSNorm divides"));
        connect(kind_, &QComboBox::currentIndexChanged, this, &HiddenPage::changed);
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->addWidget(map_);
        map_->setAccessibleName(tr("Norms of the hidden states"));
        map_->setAxes(tr("depth"), tr("token"));
        connect(map_, &MapView::cellActivated, this, [this](int row, int column) {
            depth_.choose(row);
            selectToken(column);
        });
    }

    QWidget* controls() override { return kind_; }
    std::vector<TraceRequest::Item> wanted() const override { return allStates(); }
    void refresh() override {
        map_->setMarked(depth_.depth(), inspector_.token());
        compute(
            0, tr("Norms of the states"),
            [series = allSeries(), before = norms_](const std::stop_token& stop) {
                return std::make_shared<const Norms>(series, before.get(), stop);
            },
            [this](std::shared_ptr<const Norms> norms) {
                norms_ = std::move(norms);
                showResult();
            });
    }
    void paintPicture(QPainter& painter, const QSize& size) override { map_->paintPicture(painter, size); }
    Table table(bool visibleOnly) const override { return map_->table(visibleOnly); }

private:
    void showResult() {
        if (norms_->tokens == 0 || norms_->series.empty()) return map_->setSource(nullptr, {});
        const bool mean = kind_->currentIndex() == 1;
        const int width = norms_->series.front().width();
        const float scale = mean && width > 0 ? 1.0F / std::sqrt(static_cast<float>(width)) : 1.0F;
        ColorScale colors;
        colors.high = norms_->high * scale;
        colors.unit = kind_->currentText();
        map_->setSource(std::make_shared<NormMap>(norms_, scale, inspector_.timeline()), colors);
        map_->setMarked(depth_.depth(), inspector_.token());
    }

    QComboBox* kind_;
    MapView* map_;
    std::shared_ptr<const Norms> norms_;
};

}  // namespace

HiddenPage* makeNormPage(Inspector& inspector, DepthChoice& depth) { return new NormPage(inspector, depth); }

}  // namespace ternion::app
