#include "compare/paper_view.h"

#include <QAbstractTableModel>
#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QPushButton>
#include <QVBoxLayout>
#include <array>

#include "chat/labels.h"
#include "estimate/paper_table.h"
#include "inspect/growing_views.h"
#include "runs/run_book.h"
#include "runs/run_text.h"
#include "shell/action_registry.h"
#include "shell/format.h"
#include "views/model_table.h"

namespace ternion::app {
namespace {

constexpr int widestPaperColumn = 320;

class PaperModel : public QAbstractTableModel {
public:
    enum Column { Model, Kind, Who, Device, Memory, Latency, Power, Energy, Origin, Columns };
    using QAbstractTableModel::QAbstractTableModel;

    void setTable(fpga::PaperTable table) {
        beginResetModel();
        table_ = std::move(table);
        endResetModel();
    }
    int rowCount(const QModelIndex& = {}) const override { return static_cast<int>(table_.rows.size()); }
    int columnCount(const QModelIndex& = {}) const override { return Columns; }

    QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
        if (orientation == Qt::Vertical) return {};
        struct Title {
            const char* name;
            QString title;
        };
        const std::array<Title, Columns> titles{{{"model", PaperView::tr("Model")},
                                                 {"on", PaperView::tr("On")},
                                                 {"who", PaperView::tr("Whose")},
                                                 {"device", PaperView::tr("Device")},
                                                 {"memory_bytes", PaperView::tr("Memory")},
                                                 {"latency_s", PaperView::tr("Latency a token")},
                                                 {"power_w", PaperView::tr("Power")},
                                                 {"energy_j", PaperView::tr("Energy a token")},
                                                 {"origin", PaperView::tr("From")}}};
        const Title& title = titles[static_cast<std::size_t>(section)];
        if (role == Qt::DisplayRole) return title.title;
        if (role == valueRole) return QString::fromLatin1(title.name);
        return role == Qt::TextAlignmentRole ? QVariant(alignment(section)) : QVariant();
    }

    QVariant data(const QModelIndex& at, int role) const override {
        const fpga::PaperRow& row = table_.rows[static_cast<std::size_t>(at.row())];
        if (role == Qt::TextAlignmentRole) return alignment(at.column());
        if (const fpga::PaperValue* value = valueIn(row, at.column())) return cell(*value, at.column(), role);
        if (role != Qt::DisplayRole && role != valueRole && role != Qt::ToolTipRole) return {};
        const std::string& text = at.column() == Model    ? row.model
                                  : at.column() == Kind   ? row.kind
                                  : at.column() == Who    ? row.who
                                  : at.column() == Device ? row.device
                                                          : row.origin;
        return QString::fromStdString(text);
    }

private:
    static int alignment(int column) {
        return int(Qt::AlignVCenter | (column >= Memory && column <= Energy ? Qt::AlignRight : Qt::AlignLeft));
    }
    static const fpga::PaperValue* valueIn(const fpga::PaperRow& row, int column) {
        switch (column) {
            case Memory:
                return &row.memory;
            case Latency:
                return &row.latency;
            case Power:
                return &row.power;
            case Energy:
                return &row.energy;
            default:
                return nullptr;
        }
    }
    static QString shown(double value, int column) {
        if (column == Memory) return valueText(value, "B");
        if (column == Latency) return valueText(millisecondsInSecond * value, "ms");
        return valueText(value, column == Power ? "W" : "J");
    }
    /// Ours that are measured are written plain; all others say where they come from.
    static QString tagOf(const fpga::PaperValue& value) {
        return value.source ? sourceTag(*value.source) : PaperView::tr("published");
    }
    static QVariant cell(const fpga::PaperValue& value, int column, int role) {
        if (!value.value) {
            if (role == Qt::DisplayRole) return QString(QChar(0x2013));
            return role == Qt::ToolTipRole ? QVariant(PaperView::tr("Not known: %1").arg(QString::fromStdString(value.missing)))
                                           : QVariant();
        }
        const QString tag = tagOf(value);
        switch (role) {
            case Qt::DisplayRole:
                return tag.isEmpty() ? shown(*value.value, column)
                                     : QStringLiteral("%1 (%2)").arg(shown(*value.value, column), tag);
            case valueRole:
                return *value.value;
            case Qt::BackgroundRole:
                return value.source && *value.source != Source::Measured ? QVariant(sourceBrush(*value.source)) : QVariant();
            case Qt::ToolTipRole:
                return value.range ? QVariant(PaperView::tr("%1 to %2")
                                                  .arg(shown(value.range->low, column), shown(value.range->high, column)))
                                   : QVariant();
            default:
                return {};
        }
    }

    fpga::PaperTable table_;
};

struct Made {
    fpga::PaperTable table;
    QString markdown, problem;
};

Made makeTable(const std::vector<RunSummary>& runs) {
    const auto areas = fpga::AreaTable::builtIn();
    if (!areas) return {{}, {}, QString::fromStdString(areas.error().text())};
    auto table = fpga::paperTable(runs, *areas);
    if (!table) return {{}, {}, QString::fromStdString(table.error().text())};
    QString markdown = QString::fromStdString(fpga::toMarkdown(*table));
    return {std::move(table).value(), markdown, {}};
}

}  // namespace

class PaperTableView : public ModelTable {
public:
    PaperTableView() : ModelTable("comparePaper", PaperView::tr("The paper's table")), model_(new PaperModel(this)) {
        setModel(model_);
        setSelectionMode(SingleSelection);
        setEditTriggers(NoEditTriggers);
        horizontalHeader()->setStretchLastSection(true);
    }
    void setTable(fpga::PaperTable table) {
        model_->setTable(std::move(table));
        fitColumns(widestPaperColumn);
    }

private:
    PaperModel* model_;
};

PaperView::PaperView(RunBook& runs, ActionRegistry& actions, QWidget* parent)
    : QWidget(parent), runs_(runs), table_(new PaperTableView), note_(makeLabel({}, "small", true)) {
    note_->setObjectName("comparePaperNote");
    note_->setWordWrap(true);
    note_->setText(
        tr("The published shapes on GPUs and boards. Ours on a GPU are your newest benchmarks of them (Benchmarks › The "
           "paper's figure); boards that nobody here has are modelled; what others published is marked so."));
    auto* copy = new QPushButton(tr("Copy as Markdown"));
    copy->setObjectName("comparePaperCopy");
    copy->setIcon(themedIcon("copy"));
    connect(copy, &QPushButton::clicked, this, [this] { QGuiApplication::clipboard()->setText(markdown_); });
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, grid, 0, 0);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(grid, 0, grid / 2, 0);
    head->setSpacing(grid);
    head->addWidget(note_, 1);
    head->addWidget(copy);
    head->addWidget(makeExportButton("compare.paper", tr("The paper's table"), *table_, *table_, actions));
    column->addLayout(head);
    column->addWidget(table_, 1);
    connect(&runs_, &RunBook::changed, this, [this] {
        if (isVisible()) make();
    });
}

void PaperView::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    make();
}

void PaperView::make() {
    task_.run([runs = runs_.runs()](const std::stop_token&) { return makeTable(runs); },
              [this](Made made) {
                  if (!made.problem.isEmpty()) return note_->setText(made.problem);
                  markdown_ = made.markdown;
                  table_->setTable(std::move(made.table));
              });
}

}  // namespace ternion::app
