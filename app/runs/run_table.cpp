#include "runs/run_table.h"

#include <QDateTime>
#include <QHeaderView>
#include <QSortFilterProxyModel>
#include <algorithm>
#include <memory>

#include "chat/labels.h"
#include "runs/run_book.h"
#include "runs/run_filter.h"

namespace ternion::app {
namespace {

constexpr int widestRunColumn = 200;
constexpr int starWidth = 32;

TableCell textCell(const std::string& text) { return text.empty() ? TableCell() : TableCell(text); }

std::string joined(const std::vector<std::string>& tags) {
    std::string all;
    for (const std::string& tag : tags) all += (all.empty() ? "" : " ") + tag;
    return all;
}

}  // namespace

class RunTable::Filtered : public QSortFilterProxyModel {
public:
    Filtered(RunTableModel& runs, QObject* parent) : QSortFilterProxyModel(parent), runs_(runs) {
        setSourceModel(&runs);
        setSortRole(valueRole);
    }
    void setFilter(const QString& line) {
        filter_ = RunFilter(line);
        invalidateFilter();
    }

protected:
    bool filterAcceptsRow(int row, const QModelIndex&) const override { return filter_.matches(runs_.run(row)); }

private:
    RunTableModel& runs_;
    RunFilter filter_;
};

RunTable::RunTable(RunBook& book, QWidget* parent)
    : ModelTable("runs.table", tr("Runs"), parent),
      book_(book),
      runs_(new RunTableModel(book, this)),
      filtered_(new Filtered(*runs_, this)) {
    setModel(filtered_);
    setSelectionMode(ExtendedSelection);
    setEditTriggers(DoubleClicked | EditKeyPressed);
    setContextMenuPolicy(Qt::ActionsContextMenu);
    setIconSize({iconExtent, iconExtent});
    setSortingEnabled(true);
    sortByColumn(RunTableModel::When, Qt::DescendingOrder);
    horizontalHeader()->setStretchLastSection(true);
    horizontalHeader()->setMinimumSectionSize(starWidth);
    setColumnWidth(RunTableModel::Star, starWidth);
    connect(selectionModel(), &QItemSelectionModel::selectionChanged, this, [this] {
        if (!quiet_) takeChoice();
    });
    connect(this, &QTableView::clicked, this, [this](const QModelIndex& at) {
        if (at.column() == RunTableModel::Star) toggleBaseline(at);
    });
    connect(&book, &RunBook::shownChanged, this, &RunTable::showChoice);
    connect(runs_, &RunTableModel::aboutToChange, this, [this] { quiet_ = true; });
    connect(runs_, &RunTableModel::changed, this, [this] {
        quiet_ = false;
        showChoice();
        if (!fitted_ && shownRows() > 0) {
            fitted_ = true;
            fitColumns(widestRunColumn);
            setColumnWidth(RunTableModel::Star, starWidth);
        }
        emit rowsChanged();
    });
    showChoice();
}

void RunTable::setFilter(const QString& line) {
    quiet_ = true;
    filtered_->setFilter(line);
    quiet_ = false;
    showChoice();
    emit rowsChanged();
}

const RunSummary& RunTable::runAt(int row) const { return runs_->run(filtered_->mapToSource(filtered_->index(row, 0)).row()); }

std::vector<std::int64_t> RunTable::chosen() const {
    std::vector<std::int64_t> ids;
    for (const QModelIndex& index : selectionModel()->selectedRows()) ids.push_back(runAt(index.row()).id);
    return ids;
}

std::int64_t RunTable::current() const { return currentIndex().isValid() ? runAt(currentIndex().row()).id : 0; }

void RunTable::editCurrent(int column) {
    if (!currentIndex().isValid()) return;
    setFocus();
    const QModelIndex at = filtered_->index(currentIndex().row(), column);
    setCurrentIndex(at);
    edit(at);
}

/// Those that were chosen before keep their order.
void RunTable::takeChoice() {
    std::vector<std::int64_t> ids = chosen();
    std::vector<std::int64_t> shown;
    for (const std::int64_t id : book_.shown())
        if (std::erase(ids, id) > 0) shown.push_back(id);
    shown.insert(shown.end(), ids.begin(), ids.end());
    book_.show(std::move(shown));
}

void RunTable::showChoice() {
    if (quiet_) return;
    QItemSelection selection;
    QModelIndex first;
    for (const std::int64_t id : book_.shown()) {
        const int row = runs_->rowOf(id);
        const QModelIndex at = row < 0 ? QModelIndex() : filtered_->mapFromSource(runs_->index(row, 0));
        if (!at.isValid()) continue;
        selection.select(at, filtered_->index(at.row(), RunTableModel::columns - 1));
        if (!first.isValid()) first = at;
    }
    quiet_ = true;
    if (selection != selectionModel()->selection())
        selectionModel()->select(selection, QItemSelectionModel::ClearAndSelect | QItemSelectionModel::Rows);
    if (first.isValid() && !selectionModel()->isRowSelected(currentIndex().row()))
        selectionModel()->setCurrentIndex(first, QItemSelectionModel::NoUpdate);
    quiet_ = false;
}

void RunTable::toggleBaseline(const QModelIndex& at) {
    const RunSummary& run = runAt(at.row());
    book_.setBaseline(run.baseline ? 0 : run.id);
}

Table RunTable::table(bool visibleOnly) const {
    const auto [begin, end] = rowsFor(visibleOnly);
    auto rows = std::make_shared<std::vector<RunSummary>>();
    for (int row = begin; row < end; ++row) rows->push_back(runAt(row));
    Table table;
    table.columns = {"run", "began", "kind", "model", "model_hash", "backend", "device", "driver", "packing"};
    std::vector<int> figures;
    for (int column = 0; column < RunTableModel::columns; ++column)
        if (RunTableModel::showsFigure(column)) figures.push_back(column);
    for (const char* name :
         {"prefill_tok_s", "decode_tok_s", "decode_ms_p50", "decode_ms_p99", "peak_bytes", "energy_per_token_J"})
        for (const char* ending : {"", "_source"}) table.columns.push_back(std::string(name) + ending);
    for (const char* name : {"state", "tags", "note", "baseline", "origin"}) table.columns.emplace_back(name);
    table.rows = rows->size();
    table.fill = [rows, figures](std::size_t at, std::vector<TableCell>& cells) {
        const RunSummary& run = (*rows)[at];
        const RunFacts& facts = run.facts;
        cells = {run.id,
                 QDateTime::fromMSecsSinceEpoch(run.startedAt, Qt::UTC).toString(Qt::ISODateWithMs).toStdString(),
                 textCell(facts.kind),
                 textCell(facts.model.name),
                 textCell(facts.model.hash),
                 textCell(facts.device.id()),
                 textCell(facts.device.name),
                 textCell(facts.device.driver),
                 textCell(facts.packing)};
        for (const int column : figures) {
            const Figure* figure = RunTableModel::figureIn(run, column);
            cells.emplace_back();
            if (figure != nullptr) cells.back() = figure->value;
            cells.emplace_back();
            if (figure != nullptr) cells.back() = std::string(nameOf(figure->source));
        }
        cells.emplace_back(std::string(nameOf(run.state)));
        cells.push_back(textCell(joined(run.tags)));
        cells.push_back(textCell(run.note));
        cells.emplace_back(std::int64_t{run.baseline ? 1 : 0});
        cells.push_back(textCell(run.origin));
    };
    return table;
}

}  // namespace ternion::app
