// The tokens whose states at the chosen depth are most like that of the selected one.
#include <QHeaderView>
#include <QPainter>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "chat/labels.h"
#include "inspect/hidden/hidden_page.h"

namespace ternion::app {
namespace {

constexpr int neighboursShown = 50;

class NeighboursPage : public HiddenPage {
public:
    NeighboursPage(Inspector& inspector, DepthChoice& depth)
        : HiddenPage(inspector, depth), of_(makeLabel({}, "", true)), list_(new QTreeWidget) {
        of_->setContentsMargins(grid, grid / 2, grid, grid / 2);
        list_->setObjectName("hidden.neighbours");
        list_->setAccessibleName(tr("Nearest tokens"));
        list_->setHeaderLabels({tr("Cosine"), tr("Position"), tr("Token")});
        list_->setRootIsDecorated(false);
        list_->setUniformRowHeights(true);
        list_->setProperty("flat", true);
        list_->header()->setDefaultSectionSize(12 * grid);
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addWidget(of_);
        column->addWidget(list_);
        const auto select = [this](const QTreeWidgetItem* item) { selectToken(item->data(0, Qt::UserRole).toInt()); };
        connect(list_, &QTreeWidget::itemClicked, this, select);
        connect(list_, &QTreeWidget::itemActivated, this, select);
    }

    std::vector<TraceRequest::Item> wanted() const override { return {stateAt(depth_.depth())}; }
    void refresh() override {
        const TraceSeries of = series(depth_.depth());
        const int token = inspector_.token();
        if (token < of.firstToken() || token >= of.endToken()) return;
        compute(
            depth_.depth(), tr("Comparing with all tokens"),
            [of, token](const std::stop_token&) {
                auto found = nearest(statesOf(of, of.firstToken(), of.endToken()), token - of.firstToken(), neighboursShown);
                for (Neighbour& neighbour : found) neighbour.token += of.firstToken();
                return found;
            },
            [this](std::vector<Neighbour> found) {
                found_ = std::move(found);
                showResult();
            });
    }
    void paintPicture(QPainter& painter, const QSize&) override { list_->render(&painter, {}); }
    Table table(bool) const override {
        std::vector<std::string> texts;
        for (const Neighbour& neighbour : found_) texts.push_back(textOf(neighbour.token).toStdString());
        return {{"token", "text", "cosine"}, found_.size(), [found = found_, texts](std::size_t row, auto& cells) {
                    cells[0] = std::int64_t{found[row].token};
                    cells[1] = texts[row];
                    cells[2] = double{found[row].cosine};
                }};
    }

private:
    QString textOf(int token) const {
        const auto at = static_cast<std::size_t>(token);
        return at < inspector_.timeline().size() ? inspector_.timeline()[at].text : QString();
    }
    void showResult() {
        list_->clear();
        of_->setText(tr("Most like %1 at %2").arg(nameOfToken(inspector_.token()), nameOfDepth(depth_.depth())));
        for (const Neighbour& neighbour : found_) {
            auto* item = new QTreeWidgetItem(
                {QLocale().toString(neighbour.cosine, 'f', 3), QString::number(neighbour.token), textOf(neighbour.token)});
            item->setData(0, Qt::UserRole, neighbour.token);
            item->setSizeHint(0, {0, fontMetrics().height() + grid});
            for (const int column : {0, 1}) item->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
            list_->addTopLevelItem(item);
        }
    }

    QLabel* of_;
    QTreeWidget* list_;
    std::vector<Neighbour> found_;
};

}  // namespace

HiddenPage* makeNeighboursPage(Inspector& inspector, DepthChoice& depth) { return new NeighboursPage(inspector, depth); }

}  // namespace ternion::app
