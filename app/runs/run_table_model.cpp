#include "runs/run_table_model.h"

#include <QFont>
#include <QGuiApplication>
#include <QIcon>
#include <QPalette>
#include <QPixmapCache>
#include <QRegularExpression>
#include <algorithm>
#include <array>
#include <tuple>

#include "runs/run_book.h"
#include "runs/run_text.h"
#include "shell/device_selector.h"
#include "shell/format.h"
#include "shell/icons.h"
#include "views/model_table.h"

namespace ternion::app {
namespace {

constexpr int starExtent = 16;

struct ColumnFacts {
    const char* title;
    const char* toolTip;
    const char* figure;     // "": none
    const char* otherwise;  // the figure where there is not the first
};
constexpr std::array<ColumnFacts, RunTableModel::columns> facts{{
    {"", QT_TRANSLATE_NOOP("RunTable", "The baseline that others are compared to: click to set or clear it"), "", ""},
    {QT_TRANSLATE_NOOP("RunTable", "When"), "", "", ""},
    {QT_TRANSLATE_NOOP("RunTable", "Kind"), "", "", ""},
    {QT_TRANSLATE_NOOP("RunTable", "Model"), "", "", ""},
    {QT_TRANSLATE_NOOP("RunTable", "Device"), "", "", ""},
    {QT_TRANSLATE_NOOP("RunTable", "Packing"), QT_TRANSLATE_NOOP("RunTable", "How the trits lie in memory"), "", ""},
    {QT_TRANSLATE_NOOP("RunTable", "Prefill tok/s"), QT_TRANSLATE_NOOP("RunTable", "Tokens of the prompt a second"),
     "prefill_tok_s", ""},
    {QT_TRANSLATE_NOOP("RunTable", "Decode tok/s"), QT_TRANSLATE_NOOP("RunTable", "Tokens of the answer a second"),
     "decode_tok_s", ""},
    {QT_TRANSLATE_NOOP("RunTable", "p50 ms"), QT_TRANSLATE_NOOP("RunTable", "Half of the tokens came within this time"),
     "decode_ms_p50", ""},
    {QT_TRANSLATE_NOOP("RunTable", "p99 ms"), QT_TRANSLATE_NOOP("RunTable", "99 of 100 tokens came within this time"),
     "decode_ms_p99", ""},
    {QT_TRANSLATE_NOOP("RunTable", "Peak memory"),
     QT_TRANSLATE_NOOP("RunTable", "The most memory of the device that the run took; where that is not known, of the host"),
     "peak_device_bytes", "peak_host_bytes"},
    {QT_TRANSLATE_NOOP("RunTable", "J/token"), QT_TRANSLATE_NOOP("RunTable", "Energy for a token of the answer, gross"),
     "energy_per_token", ""},
    {QT_TRANSLATE_NOOP("RunTable", "State"), "", "", ""},
    {QT_TRANSLATE_NOOP("RunTable", "Tags"),
     QT_TRANSLATE_NOOP("RunTable", "Words, separated by blanks or commas: F2 edits them"), "", ""},
    {QT_TRANSLATE_NOOP("RunTable", "Note"), QT_TRANSLATE_NOOP("RunTable", "F2 edits it"), "", ""},
}};

const ColumnFacts& of(int column) { return facts[static_cast<std::size_t>(column)]; }

QString runTableModelText(const char* source) {
    return *source == '\0' ? QString() : QCoreApplication::translate("RunTable", source);
}

QString tagsOf(const RunSummary& run) {
    QStringList all;
    for (const std::string& tag : run.tags) all << QString::fromStdString(tag);
    return all.join(QStringLiteral(", "));
}

/// Drawn once a theme: every row has one.
QPixmap faintStar() {
    const QString key = QStringLiteral("faint-star-%1").arg(QGuiApplication::palette().cacheKey());
    QPixmap star;
    if (!QPixmapCache::find(key, &star)) {
        star = themedIcon("star").pixmap({starExtent, starExtent}, QIcon::Disabled);
        QPixmapCache::insert(key, star);
    }
    return star;
}

QString numberText(const Figure& figure) {
    const QString tag = sourceTag(figure.source);
    const QString value = valueText(figure.value, figure.unit == "B" ? "B" : "");  // the header has the unit
    return tag.isEmpty() ? value : QStringLiteral("%1 (%2)").arg(value, tag);
}

/// Whether a row looks the same.
bool same(const RunSummary& a, const RunSummary& b) {
    const auto key = [](const RunSummary& run) {
        return std::tie(run.id, run.state, run.seconds, run.error, run.tags, run.note, run.baseline, run.origin);
    };
    const auto sameFigure = [](const Figure& x, const Figure& y) {
        return x.name == y.name && x.value == y.value && x.source == y.source;
    };
    return key(a) == key(b) && a.missing.size() == b.missing.size() &&
           std::equal(a.figures.begin(), a.figures.end(), b.figures.begin(), b.figures.end(), sameFigure);
}

}  // namespace

RunTableModel::RunTableModel(RunBook& book, QObject* parent) : QAbstractTableModel(parent), book_(book), runs_(book.runs()) {
    connect(&book, &RunBook::changed, this, [this] { take(book_.runs()); });
}

int RunTableModel::rowOf(std::int64_t run) const {
    const auto found = std::find_if(runs_.begin(), runs_.end(), [run](const RunSummary& other) { return other.id == run; });
    return found == runs_.end() ? -1 : static_cast<int>(found - runs_.begin());
}

/// Both are newest first: those that went, then those that came, then those that are other now.
void RunTableModel::take(const std::vector<RunSummary>& runs) {
    emit aboutToChange();
    std::vector<std::int64_t> ids;
    ids.reserve(runs.size());
    for (const RunSummary& run : runs) ids.push_back(run.id);
    for (int row = rowCount() - 1; row >= 0; --row) {
        if (std::binary_search(ids.begin(), ids.end(), run(row).id, std::greater<>())) continue;
        beginRemoveRows({}, row, row);
        runs_.erase(runs_.begin() + row);
        endRemoveRows();
    }
    std::size_t at = 0;
    while (at < runs.size()) {
        std::size_t end = at;
        while (end < runs.size() && (at >= runs_.size() || runs[end].id != runs_[at].id)) ++end;
        if (end > at) {
            beginInsertRows({}, static_cast<int>(at), static_cast<int>(end) - 1);
            const auto from = runs.begin();
            runs_.insert(runs_.begin() + static_cast<std::ptrdiff_t>(at), from + static_cast<std::ptrdiff_t>(at),
                         from + static_cast<std::ptrdiff_t>(end));
            endInsertRows();
        }
        for (at = end; at < runs.size() && at < runs_.size() && runs[at].id == runs_[at].id; ++at) {
            if (same(runs[at], runs_[at])) continue;
            runs_[at] = runs[at];
            emit dataChanged(index(static_cast<int>(at), 0), index(static_cast<int>(at), columns - 1));
        }
    }
    emit changed();
}

const Figure* RunTableModel::figureIn(const RunSummary& run, int column) {
    if (!showsFigure(column)) return nullptr;
    const Figure* figure = run.figure(of(column).figure);
    return figure != nullptr || *of(column).otherwise == '\0' ? figure : run.figure(of(column).otherwise);
}

int RunTableModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(runs_.size()); }

int RunTableModel::columnCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : columns; }

QString RunTableModel::shown(const RunSummary& run, int column) const {
    if (showsFigure(column)) {
        const Figure* figure = figureIn(run, column);
        return figure == nullptr ? QString() : numberText(*figure);
    }
    switch (column) {
        case When:
            return whenText(run.startedAt);
        case Kind:
            return kindText(run);
        case ModelName:
            return QString::fromStdString(run.facts.model.name);
        case Device:
            return deviceLabel(run.facts.device);
        case Packing:
            return QString::fromStdString(run.facts.packing);
        case State:
            return stateText(run.state);
        case Tags:
            return tagsOf(run);
        case Note:
            return QString::fromStdString(run.note);
        default:
            return {};
    }
}

QString RunTableModel::toolTip(const RunSummary& run, int column) const {
    if (showsFigure(column)) {
        const Figure* figure = figureIn(run, column);
        if (figure == nullptr) return whyMissing(run, of(column).figure);
        return QStringLiteral("%1: %2").arg(figureTitle(figure->name), figureText(*figure));
    }
    switch (column) {
        case Star:
            return run.baseline ? tr("The baseline: click to clear it") : tr("Click to make this the baseline");
        case Kind:
            return run.origin.empty()
                       ? QString()
                       : tr("A foreign run, imported from %1").arg(formatPath(QString::fromStdString(run.origin)));
        case State:
            return QString::fromStdString(run.error);
        default:
            return shown(run, column);  // may be cut in its cell
    }
}

QVariant RunTableModel::value(const RunSummary& run, int column) const {
    if (const Figure* figure = figureIn(run, column)) return figure->value;
    switch (column) {
        case Star:
            return run.baseline ? 1 : 0;
        case When:
            return static_cast<qlonglong>(run.id);  // the clock may have been set
        default:
            return showsFigure(column) ? QVariant() : shown(run, column);
    }
}

QVariant RunTableModel::data(const QModelIndex& index, int role) const {
    const RunSummary& run = runs_[static_cast<std::size_t>(index.row())];
    const int column = index.column();
    switch (role) {
        case Qt::DisplayRole:
        case Qt::EditRole:
            return shown(run, column);
        case Qt::ToolTipRole:
            return toolTip(run, column);
        case valueRole:
            return value(run, column);
        case Qt::TextAlignmentRole:
            return int(Qt::AlignVCenter | (showsFigure(column) ? Qt::AlignRight : Qt::AlignLeft));
        case Qt::BackgroundRole:
            if (const Figure* figure = figureIn(run, column); figure != nullptr && figure->source != Source::Measured)
                return sourceBrush(figure->source);
            return {};
        case Qt::DecorationRole:
            if (column != Star) return {};
            return run.baseline ? QVariant(themedIcon("star-filled")) : QVariant(faintStar());
        case Qt::AccessibleTextRole:
            return column == Star && run.baseline ? tr("baseline") : shown(run, column);
        case Qt::FontRole: {
            QFont font;
            font.setItalic(true);
            return column == Kind && !run.origin.empty() ? QVariant(font) : QVariant();
        }
        default:
            return {};
    }
}

QVariant RunTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation == Qt::Vertical) return {};
    switch (role) {
        case Qt::DisplayRole:
            return runTableModelText(of(section).title);
        case Qt::ToolTipRole:
            return runTableModelText(of(section).toolTip);
        case Qt::DecorationRole:
            return section == Star ? QVariant(themedIcon("star")) : QVariant();
        case Qt::TextAlignmentRole:
            return int(Qt::AlignVCenter | (showsFigure(section) ? Qt::AlignRight : Qt::AlignLeft));
        default:
            return {};
    }
}

Qt::ItemFlags RunTableModel::flags(const QModelIndex& index) const {
    const Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    return index.column() == Tags || index.column() == Note ? flags | Qt::ItemIsEditable : flags;
}

/// Shown at once; the book writes it and tells what came of it.
bool RunTableModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::EditRole) return false;
    RunSummary& run = runs_[static_cast<std::size_t>(index.row())];
    if (index.column() == Note) {
        run.note = value.toString().trimmed().toStdString();
        book_.setNote(run.id, QString::fromStdString(run.note));
    } else if (index.column() == Tags) {
        static const QRegularExpression between(QStringLiteral("[\\s,;]+"));
        QStringList tags = value.toString().split(between, Qt::SkipEmptyParts);
        tags.removeDuplicates();
        tags.sort();
        run.tags.clear();
        for (const QString& tag : tags) run.tags.push_back(tag.toStdString());
        book_.setTags(run.id, tags);
    } else {
        return false;
    }
    emit dataChanged(index, index);
    return true;
}

}  // namespace ternion::app
