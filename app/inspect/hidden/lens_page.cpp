// What the model would say at each depth, for the tokens around the selected one.
#include <QGridLayout>
#include <QPainter>
#include <algorithm>

#include "chat/labels.h"
#include "chat/probability_scale.h"
#include "chat/token_popover.h"
#include "inspect/hidden/hidden_page.h"
#include "inspect/hidden/lens_card.h"
#include "inspect/hidden/lens_grid.h"

namespace ternion::app {
namespace {

class LensPageView : public HiddenPage {
public:
    LensPageView(Inspector& inspector, DepthChoice& depth)
        : HiddenPage(inspector, depth),
          reader_(inspector, QStringLiteral("lens")),
          grid_(new LensGrid("hidden.lens")),
          card_(new LensCard("hidden.lensCard")) {
        auto* layout = new QGridLayout(this);
        layout->setContentsMargins(0, 0, 0, grid / 2);
        layout->setSpacing(grid / 2);
        layout->addWidget(grid_, 0, 0);
        layout->addWidget(new ProbabilityScale, 1, 0, Qt::AlignHCenter);
        layout->addWidget(card_, 0, 1, 2, 1);
        layout->setColumnStretch(0, 1);
        card_->setFixedWidth(card_->sizeHint().width());
        connect(&reader_, &LensReader::progress, this, [this](double done) { emit progress(tr("Reading the lens"), done); });
        connect(&reader_, &LensReader::changed, this, [this] {
            if (!reader_.running()) emit idle();
            showResult();
        });
        connect(&reader_, &LensReader::failed, &inspector, &Inspector::notice);
        connect(grid_, &LensGrid::roomChanged, this, &HiddenPage::changed);
        connect(grid_, &LensGrid::chosen, this, [this](LensPlace place) {
            depth_.choose(place.depth);
            selectToken(place.token);
        });
        connect(grid_, &LensGrid::hovered, this, [this](LensPlace place) {
            hovered_ = place;
            showCard();
        });
    }

    std::vector<TraceRequest::Item> wanted() const override { return allStates(); }
    void refresh() override {
        const int room = grid_->tokensThatFit();
        first_ = std::max(inspector_.token(), 0) / room * room;  // pages: a step to the next token reads nothing anew
        end_ = std::min(first_ + room, static_cast<int>(inspector_.timeline().size()));
        std::vector<LensPlace> places;
        for (int depth = 0; depth < depth_.depths(); ++depth)
            for (int token = first_; token < end_; ++token) places.push_back({depth, token});
        reader_.read(places);
        if (!reader_.running()) emit idle();
        showResult();
    }
    void cancel() override {
        reader_.cancel();
        emit idle();
    }
    void paintPicture(QPainter& painter, const QSize& size) override { grid_->paintPicture(painter, size); }
    Table table(bool visibleOnly) const override { return grid_->table(visibleOnly); }

private:
    void showResult() {
        if (!inspector_.model()) return;
        const auto length = static_cast<int>(inspector_.timeline().size());
        LensPage page{first_, {}, length, depth_.depths(), {}, inspector_.model()->tokenizer};
        end_ = std::min(end_, length);
        for (int token = first_; token < end_; ++token)
            page.tokens << visibleToken(*page.tokenizer, inspector_.timeline()[static_cast<std::size_t>(token)].id);
        for (int depth = 0; depth < page.depths; ++depth)
            for (int token = first_; token < end_; ++token) page.cells.push_back(reader_.cell({depth, token}));
        grid_->setPage(std::move(page));
        grid_->setMarked({depth_.depth(), inspector_.token()});
        showCard();
    }
    void showCard() {
        const bool hovering = !grid_->cellRect(hovered_).isEmpty();  // not where the page has gone on since
        const LensPlace place = hovering ? hovered_ : LensPlace{depth_.depth(), inspector_.token()};
        card_->setCell(tr("%1, %2").arg(nameOfDepth(place.depth), nameOfToken(place.token)), reader_.cell(place),
                       grid_->page().tokenizer);
    }

    LensReader reader_;
    LensGrid* grid_;
    LensCard* card_;
    LensPlace hovered_{-1, -1};
    int first_ = 0, end_ = 0;
};

}  // namespace

HiddenPage* makeLensPage(Inspector& inspector, DepthChoice& depth) { return new LensPageView(inspector, depth); }

}  // namespace ternion::app
