#include "compare/compare_results.h"

#include <QDir>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QPushButton>
#include <QSplitter>
#include <QStandardPaths>
#include <QTabWidget>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "compare/cell_view.h"
#include "compare/cost_plots.h"
#include "compare/difference_view.h"
#include "compare/divergence_line.h"
#include "compare/report_page.h"
#include "compare/side_view.h"
#include "compare/summary_view.h"
#include "engine/engine_client.h"
#include "inspect/inspector.h"
#include "runs/run_book.h"
#include "runs/run_facts.h"
#include "shell/device_selector.h"
#include "shell/format.h"
#include "shell/message_bar.h"
#include "views/map_view.h"

namespace ternion::app {
namespace {

constexpr int mostSides = 3;

QString deviceText(const std::vector<DeviceInfo>& devices, const AskedSide& side) {
    const auto found =
        std::find_if(devices.begin(), devices.end(), [&](const DeviceInfo& device) { return device.id() == side.backend; });
    const QString device = found == devices.end() ? QString::fromStdString(side.backend) : deviceLabel(*found);
    const auto profile = nameOf(side.profile);
    QStringList parts{device};
    if (side.profile != Profile::Auto) parts << QString::fromUtf8(profile.data(), static_cast<qsizetype>(profile.size()));
    if (!side.modelPath.isEmpty()) parts << QFileInfo(side.modelPath).fileName();
    return parts.join(QStringLiteral(" · "));
}

/// As it was in fact: what "own" and "faster" have come to.
QString deviceText(const SideFacts& side) {
    const auto profile = nameOf(side.profile);
    const auto packing = nameOf(side.packing);
    return QStringList{deviceLabel(side.device), QString::fromStdString(side.model),
                       QString::fromUtf8(profile.data(), static_cast<qsizetype>(profile.size())),
                       QString::fromUtf8(packing.data(), static_cast<qsizetype>(packing.size()))}
        .join(QStringLiteral(" · "));
}

}  // namespace

CompareResults::CompareResults(LiveComparison& comparison, const PanelContext& context, ActionRegistry& actions,
                               MessageArea& messages, QWidget* parent)
    : QWidget(parent),
      comparison_(comparison),
      context_(context),
      messages_(messages),
      report_(new QPushButton(tr("Save report"))),
      tabs_(new QTabWidget),
      differences_(new DifferenceView(comparison, actions)),
      cell_(new CellView(comparison, actions)),
      costs_(new CostPlots(comparison, context.runs.store(), actions)),
      summary_(new SummaryView(comparison, actions)) {
    auto* chats = new QSplitter(Qt::Horizontal);
    chats->setChildrenCollapsible(false);
    for (int k = 0; k < mostSides; ++k) {
        sides_.push_back(new SideView(k));
        chats->addWidget(sides_.back());
        chats->setStretchFactor(k, 1);
        connect(sides_.back(), &SideView::tokenChosen, this, &CompareResults::chooseToken);
    }
    auto* cells = new QSplitter(Qt::Horizontal);
    cells->setChildrenCollapsible(false);
    cells->addWidget(differences_);
    cells->addWidget(cell_);
    for (int k = 0; k < 2; ++k) cells->setStretchFactor(k, 1);
    tabs_->setObjectName("compareTabs");
    tabs_->setDocumentMode(true);
    tabs_->addTab(cells, tr("Differences"));
    tabs_->addTab(costs_, tr("Cost"));
    tabs_->addTab(summary_, tr("Summary"));
    tabs_->setTabToolTip(1, tr("What each token took on each side, with power and memory"));
    auto* below = new QWidget;
    auto* column = new QVBoxLayout(below);
    column->setContentsMargins(0, grid / 2, 0, 0);
    column->setSpacing(grid / 2);
    column->addWidget(makeHead());
    column->addWidget(tabs_, 1);
    auto* split = new QSplitter(Qt::Vertical);
    split->setChildrenCollapsible(false);
    split->addWidget(chats);
    split->addWidget(below);
    split->setSizes({1, 3});  // shares
    auto* all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->addWidget(split);

    connect(&comparison_, &LiveComparison::began, this, &CompareResults::begin);
    connect(&comparison_, &LiveComparison::grew, this, &CompareResults::grow);
    connect(&comparison_, &LiveComparison::ended, this, &CompareResults::end);
    connect(differences_, &DifferenceView::tokenChosen, this, &CompareResults::chooseToken);
    connect(differences_, &DifferenceView::cellChosen, this, [this](int side, int token, TraceRequest::Item item, int channel) {
        chooseCell({side, token, item, channel});
    });
    connect(cell_, &CellView::channelChosen, this, [this](int channel) {
        if (!cell_->place()) return;
        CellPlace place = *cell_->place();
        place.channel = channel;
        chooseCell(place);
    });
}

QWidget* CompareResults::makeHead() {
    report_->setObjectName("compareReport");
    report_->setIcon(themedIcon("export"));
    report_->setToolTip(tr("One page as PDF, and the same as Markdown beside it"));
    connect(report_, &QPushButton::clicked, this, &CompareResults::saveReport);
    auto* head = new QWidget;
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(0, 0, grid, 0);
    row->setSpacing(grid);
    auto* lines = new QVBoxLayout;
    lines->setSpacing(0);
    for (int k = 1; k < mostSides; ++k) {
        lines_.push_back(new DivergenceLine(k));
        lines->addWidget(lines_.back());
        connect(lines_.back(), &DivergenceLine::shown, this, &CompareResults::goTo);
    }
    row->addLayout(lines, 1);
    row->addWidget(report_);
    return head;
}

void CompareResults::begin() {
    const auto& asked = comparison_.asked().sides;
    for (std::size_t k = 0; k < sides_.size(); ++k) {
        const bool there = k < asked.size();
        sides_[k]->setVisible(there);
        if (k > 0) lines_[k - 1]->setVisible(there);
        if (there) sides_[k]->begin(deviceText(context_.engine.devices(), asked[k]));
    }
    differences_->begin();
    cell_->clear();
    costs_->begin();
    report_->setEnabled(false);
    grow();
}

void CompareResults::showSides() {
    for (std::size_t k = 0; k < comparison_.sides().size(); ++k) {
        sides_[k]->show(comparison_);
        if (k > 0) lines_[k - 1]->refresh(comparison_);
    }
}

void CompareResults::grow() {
    showSides();
    differences_->grow();
    costs_->grow();
    summary_->grow();
}

void CompareResults::end() {
    showSides();
    differences_->settle();
    costs_->settle();
    summary_->refresh();
    const auto& report = comparison_.report();
    report_->setEnabled(report.has_value());
    if (!report) return;
    for (std::size_t k = 0; k < report->sides.size(); ++k) sides_[k]->setDevice(deviceText(report->sides[k]));
}

void CompareResults::chooseToken(int token) {
    const auto& compared = comparison_.compared(differences_->side());
    if (cell_->place() && token < static_cast<int>(compared.size())) {
        CellPlace place = *cell_->place();
        place.token = token;
        return chooseCell(place);
    }
    for (SideView* side : sides_) side->setChosen(token);
    differences_->setChosen(-1, token);
}

void CompareResults::chooseCell(const CellPlace& place) {
    for (SideView* side : sides_) side->setChosen(place.token);
    differences_->setChosen(place.item.layer, place.token);
    cell_->show(place);
    Selection selection = context_.inspector.selection();
    selection.layer = place.item.layer;
    selection.tensor = place.item.tensor;
    selection.channel = place.channel;
    if (const auto matrix = matrixBehind(place.item)) selection.projection = QString::fromStdString(matrix->projection);
    context_.inspector.select(selection);
}

void CompareResults::goTo(const Divergence& divergence) {
    tabs_->setCurrentIndex(0);
    if (divergence.item) return chooseCell({divergence.side, divergence.position, *divergence.item, divergence.channel});
    for (SideView* side : sides_) side->setChosen(divergence.position);
    differences_->setChosen(-1, divergence.position);
}

void CompareResults::saveReport() {
    if (!comparison_.report()) return;
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    QString path = askForFilePath(this, tr("Save the report"), QDir(folder).filePath(tr("side-by-side") + ".pdf"),
                                  tr("PDF, with Markdown beside it (*.pdf)"));
    if (path.isEmpty()) return;
    if (path.endsWith(QStringLiteral(".pdf"), Qt::CaseInsensitive)) path.chop(4);
    const QString pdf = path + QStringLiteral(".pdf");
    const QString markdown = path + QStringLiteral(".md");
    const Status saved = app::saveReport(comparison_, differences_->map(), pdf, markdown);
    messages_.clear();
    if (!saved) return messages_.post(MessageKind::Error, QString::fromStdString(saved.error().text()));
    messages_.post(MessageKind::Info, tr("Saved %1 and %2").arg(formatPath(pdf), formatPath(markdown)));
}

}  // namespace ternion::app
