// How alike the states of two depths are: at one token, or on average.
#include <QPalette>
#include <QVBoxLayout>
#include <algorithm>

#include "inspect/hidden/hidden_page.h"
#include "views/map_view.h"

namespace ternion::app {
namespace {

/// Mean cosines `[depths, depths]` over the tokens `first` to `end` - 1 of the series.
struct Similarity {
    std::vector<TraceSeries> series;
    int first = 0, end = 0;
    std::vector<float> cosines;
};

/// Goes on from `before`, where that is about the beginning of the same text.
std::shared_ptr<const Similarity> similarityOf(std::vector<TraceSeries> series, int first, int end, const Similarity* before,
                                               const std::stop_token& stop) {
    auto now = std::make_shared<Similarity>(Similarity{std::move(series), first, end, {}});
    const std::size_t n = now->series.size();
    // A row of a trace is never written anew, and what cuts a text off moves the rows before the cut.
    const bool goesOn = before != nullptr && before->series.size() == n && before->first == first && before->end > first &&
                        before->end <= end &&
                        before->series[0].row(before->end - 1).data() == now->series[0].row(before->end - 1).data();
    const int from = goesOn ? before->end : first;
    std::vector<States> states;
    for (const TraceSeries& one : now->series) states.push_back(statesOf(one, from, end));
    const auto fresh = cosinesBetween(states, stop);
    if (!fresh) return nullptr;
    now->cosines = *fresh;
    if (goesOn) {
        const float old = static_cast<float>(from - first) / static_cast<float>(end - first);
        for (std::size_t k = 0; k < now->cosines.size(); ++k)
            now->cosines[k] = old * before->cosines[k] + (1.0F - old) * now->cosines[k];
    }
    return now;
}

class SimilarityMap : public MapSource {
public:
    explicit SimilarityMap(std::shared_ptr<const Similarity> similarity) : similarity_(std::move(similarity)) {}
    int rows() const override { return static_cast<int>(similarity_->series.size()); }
    int columns() const override { return rows(); }
    float value(int row, int column) const override {
        return similarity_
            ->cosines[static_cast<std::size_t>(row) * similarity_->series.size() + static_cast<std::size_t>(column)];
    }
    QString describe(int row, int column) const override {
        return HiddenPage::tr("%1 and %2: cosine %3")
            .arg(nameOfDepth(row), nameOfDepth(column), QLocale().toString(value(row, column), 'f', 3));
    }

private:
    std::shared_ptr<const Similarity> similarity_;
};

class SimilarityPage : public HiddenPage {
public:
    SimilarityPage(Inspector& inspector, DepthChoice& depth)
        : HiddenPage(inspector, depth), over_(new QComboBox), map_(new MapView("hidden.similarity")) {
        over_->setObjectName("hidden.similarityOver");
        over_->setAccessibleName(tr("Tokens that are compared"));
        over_->addItems({tr("selected token"), tr("mean of all tokens")});
        connect(over_, &QComboBox::currentIndexChanged, this, &HiddenPage::changed);
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->addWidget(map_);
        map_->setAccessibleName(tr("Cosine similarity of the depths"));
        map_->setAxes(tr("depth"), tr("depth"));
        connect(map_, &MapView::cellActivated, this, [this](int row, int) { depth_.choose(row); });
    }

    QWidget* controls() override { return over_; }
    std::vector<TraceRequest::Item> wanted() const override { return allStates(); }
    void refresh() override {
        map_->setMarked(depth_.depth(), depth_.depth());
        auto series = allSeries();
        if (series.empty()) return;
        const bool all = over_->currentIndex() == 1;
        int first = all ? 0 : inspector_.token();
        int end = all ? static_cast<int>(inspector_.timeline().size()) : first + 1;
        for (const TraceSeries& one : series) {
            first = std::max(first, one.firstToken());
            end = std::min(end, one.endToken());
        }
        if (end <= first) return map_->setSource(nullptr, {});
        compute(
            all ? -2 : first, tr("Cosines between the depths"),
            [series = std::move(series), first, end, before = shown_](const std::stop_token& stop) {
                return similarityOf(series, first, end, before.get(), stop);
            },
            [this](std::shared_ptr<const Similarity> similarity) {
                if (!similarity) return;
                shown_ = std::move(similarity);
                ColorScale colors = ColorScale::diverging(-1.0F, 1.0F, tr("cosine"));
                colors.background = palette().color(QPalette::Base).rgb();
                map_->setSource(std::make_shared<SimilarityMap>(shown_), colors);
                map_->setMarked(depth_.depth(), depth_.depth());
            });
    }
    void paintPicture(QPainter& painter, const QSize& size) override { map_->paintPicture(painter, size); }
    Table table(bool visibleOnly) const override { return map_->table(visibleOnly); }

private:
    QComboBox* over_;
    MapView* map_;
    std::shared_ptr<const Similarity> shown_;
};

}  // namespace

HiddenPage* makeSimilarityPage(Inspector& inspector, DepthChoice& depth) { return new SimilarityPage(inspector, depth); }

}  // namespace ternion::app
