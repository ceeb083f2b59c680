#include "inspect/hidden/hidden_panel.h"

#include <QCoreApplication>
#include <QHBoxLayout>
#include <QStackedWidget>
#include <QTabBar>
#include <QToolButton>
#include <QVBoxLayout>
#include <array>

#include "inspect/hidden/hidden_page.h"
#include "inspect/inspect_panel.h"
#include "shell/progress_banner.h"

namespace ternion::app {
namespace {

QString hiddenPanelText(const char* source) { return QCoreApplication::translate("HiddenPanel", source); }

class HiddenPanel : public InspectPanel, public Exportable {
public:
    explicit HiddenPanel(const PanelContext& context)
        : InspectPanel("hidden", context), depth_(new DepthChoice(context.inspector)), banner_(new ProgressBanner) {
        struct Tab {
            QString title;
            QString tooltip;
            HiddenPage* (*make)(Inspector&, DepthChoice&);
        };
        const std::array tabs{
            Tab{hiddenPanelText("Norm"), hiddenPanelText("How long the states are, by depth and token"), makeNormPage},
            Tab{hiddenPanelText("Similarity"), hiddenPanelText("How alike the states of two depths are"), makeSimilarityPage},
            Tab{hiddenPanelText("Lens"), hiddenPanelText("What the model would say if it ended at each depth"), makeLensPage},
            Tab{hiddenPanelText("Neighbours"), hiddenPanelText("The tokens whose states are most like the selected one"),
                makeNeighboursPage},
            Tab{hiddenPanelText("Projection"), hiddenPanelText("The states of a depth along their two principal components"),
                makeProjectionPage}};
        tabs_ = new QTabBar;
        tabs_->setObjectName("hidden.tabs");
        tabs_->setAccessibleName(hiddenPanelText("Views of the hidden states"));
        tabs_->setDrawBase(false);
        controls()->addWidget(tabs_);
        controls()->addStretch(1);
        pages_ = new QStackedWidget;
        for (const Tab& tab : tabs) {
            tabs_->setTabToolTip(tabs_->addTab(tab.title), tab.tooltip);
            HiddenPage* page = tab.make(inspector(), *depth_);
            pages_->addWidget(page);
            if (QWidget* own = page->controls()) controls()->addWidget(own);
            connect(page, &HiddenPage::changed, this, [this] { scheduleRefresh(); });
            connect(page, &HiddenPage::progress, banner_, &ProgressBanner::report);
            connect(page, &HiddenPage::idle, banner_, &ProgressBanner::finish);
        }
        controls()->addWidget(depth_);
        controls()->addWidget(makeExportButton("hidden", hiddenPanelText("Hidden states"), *this, *this, context.actions));
        auto* content = new QWidget;
        auto* column = new QVBoxLayout(content);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addWidget(banner_);
        column->addWidget(pages_, 1);
        setContent(content);
        connect(banner_, &ProgressBanner::cancelled, this, [this] { page()->cancel(); });
        connect(depth_, &DepthChoice::depthChanged, this, [this] { scheduleRefresh(); });
        connect(tabs_, &QTabBar::currentChanged, this, &HiddenPanel::showTab);
        showTab(0);
    }

    void paintPicture(QPainter& painter, const QSize& size) override { page()->paintPicture(painter, size); }
    Table table(bool visibleOnly) const override { return page()->table(visibleOnly); }
    QSize sizeHint() const override { return {720, 360}; }

protected:
    std::vector<TraceRequest::Item> wanted() const override {
        return inspector().model() ? page()->wanted() : std::vector<TraceRequest::Item>();
    }
    void refresh() override {
        if (!inspector().model())
            return showEmpty(hiddenPanelText("Open a model to look at its hidden states: File › Open model."));
        if (inspector().timeline().empty())
            return showEmpty(hiddenPanelText("Write a prompt in the chat. The hidden states of every token appear here."));
        if (inspector().series(page()->wanted().front()).empty())
            return showEmpty(hiddenPanelText("Tracing the conversation. This takes a moment."));
        showEmpty({});
        page()->refresh();
    }
    void hideEvent(QHideEvent* event) override {
        page()->cancel();
        InspectPanel::hideEvent(event);
    }

private:
    HiddenPage* page() const { return static_cast<HiddenPage*>(pages_->currentWidget()); }
    void showTab(int index) {
        page()->cancel();
        pages_->setCurrentIndex(index);
        for (int k = 0; k < pages_->count(); ++k)
            if (QWidget* own = static_cast<HiddenPage*>(pages_->widget(k))->controls()) own->setVisible(k == index);
        scheduleRefresh();
    }

    DepthChoice* depth_;
    ProgressBanner* banner_;
    QTabBar* tabs_;
    QStackedWidget* pages_;
};

}  // namespace

PanelDefinition hiddenPanel() {
    return {"hidden",
            hiddenPanelText("Hidden states"),
            hiddenPanelText(
                "The residual stream behind every layer: how long its states are, how alike, what the model would already say "
                "there, and how they lie to each other."),
            Qt::RightDockWidgetArea,
            [](const PanelContext& context) -> QWidget* { return new HiddenPanel(context); },
            PanelGroup::Inspection};
}

}  // namespace ternion::app
