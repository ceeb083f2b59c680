#include "compare/history_table.h"

#include <QAbstractTableModel>
#include <QHeaderView>
#include <QLocale>
#include <algorithm>
#include <array>

#include "runs/run_text.h"
#include "shell/icons.h"

namespace ternion::app {
namespace {

constexpr int widestColumn = 320;

QString ratioCell(double ratio) { return QLocale().toString(ratio, 'g', 3); }

/// A clock's ratio is modelled where one of the clocks is.
QString clockTag(const ComparisonOutline& outline) {
    for (const SideOutline& side : outline.sides)
        if (side.clockMilliseconds && side.clockMilliseconds->source != Source::Measured)
            return sourceTag(side.clockMilliseconds->source);
    return {};
}

}  // namespace

QString sidesText(const ComparisonOutline& outline) {
    QStringList sides;
    for (const SideOutline& side : outline.sides)
        sides << QStringLiteral("%1 %2").arg(QString::fromStdString(side.backend), QString::fromStdString(side.profile));
    return sides.join(QStringLiteral(" | "));
}

std::optional<double> worstOf(const ComparisonOutline& outline, std::optional<double> DifferenceOutline::*value) {
    std::optional<double> worst;
    for (const DifferenceOutline& difference : outline.differences)
        if (const auto known = difference.*value) worst = std::max(worst.value_or(*known), *known);
    return worst;
}

class HistoryTable::Model : public QAbstractTableModel {
public:
    enum Column { Number, When, Model_, Sides, MaxAbs, Kl, WallRatio, ClockRatio, Version, Columns };
    using QAbstractTableModel::QAbstractTableModel;

    void setOutlines(std::vector<ComparisonOutline> outlines) {
        beginResetModel();
        outlines_ = std::move(outlines);
        endResetModel();
    }
    const std::vector<ComparisonOutline>& outlines() const { return outlines_; }

    int rowCount(const QModelIndex& = {}) const override { return static_cast<int>(outlines_.size()); }
    int columnCount(const QModelIndex& = {}) const override { return Columns; }

    QVariant headerData(int section, Qt::Orientation orientation, int role) const override {
        if (orientation == Qt::Vertical) return {};
        struct Title {
            const char* name;
            QString title;
        };
        const std::array<Title, Columns> titles{{{"comparison", HistoryTable::tr("#")},
                                                 {"when", HistoryTable::tr("When")},
                                                 {"model", HistoryTable::tr("Model")},
                                                 {"sides", HistoryTable::tr("Sides")},
                                                 {"max_abs", HistoryTable::tr("Largest difference")},
                                                 {"kl_nats", HistoryTable::tr("KL (nats)")},
                                                 {"wall_b_to_a", HistoryTable::tr("Wall time, B / A")},
                                                 {"clock_b_to_a", HistoryTable::tr("By the clocks, B / A")},
                                                 {"program", HistoryTable::tr("Version")}}};
        const Title& title = titles[static_cast<std::size_t>(section)];
        if (role == Qt::DisplayRole) return title.title;
        if (role == valueRole) return QString::fromLatin1(title.name);
        return role == Qt::TextAlignmentRole ? QVariant(alignment(section)) : QVariant();
    }

    QVariant data(const QModelIndex& at, int role) const override {
        const ComparisonOutline& outline = outlines_[static_cast<std::size_t>(at.row())];
        if (role == Qt::TextAlignmentRole) return alignment(at.column());
        if (role == Qt::DecorationRole)
            return at.column() == Number && outline.baseline ? QVariant(themedIcon("star-filled")) : QVariant();
        if (role == Qt::ToolTipRole && at.column() == Number && outline.baseline)
            return HistoryTable::tr("The baseline that others are judged against");
        if (role == Qt::BackgroundRole)
            return at.column() == ClockRatio && !clockTag(outline).isEmpty() && !shown(outline, ClockRatio).isEmpty()
                       ? QVariant(sourceBrush(Source::Modelled))
                       : QVariant();
        if (role == Qt::DisplayRole) return shown(outline, at.column());
        return role == valueRole ? value(outline, at.column()) : QVariant();
    }

private:
    static int alignment(int column) {
        const bool text = column == When || column == Model_ || column == Sides || column == Version;
        return int(Qt::AlignVCenter | (text ? Qt::AlignLeft : Qt::AlignRight));
    }
    static std::optional<double> number(const ComparisonOutline& outline, int column) {
        if (column == MaxAbs) return worstOf(outline, &DifferenceOutline::maxAbs);
        if (column == Kl) return worstOf(outline, &DifferenceOutline::kl);
        if (outline.sides.size() < 2) return std::nullopt;
        const TrendPoint point = pointOf(outline, 1);
        return column == WallRatio ? point.wallRatio : point.clockRatio;
    }
    static QString shown(const ComparisonOutline& outline, int column) {
        switch (column) {
            case Number:
                return QString::number(outline.id);
            case When:
                return whenText(outline.startedAt);
            case Model_:
                return outline.sides.empty() ? QString() : QString::fromStdString(outline.sides.front().model);
            case Sides:
                return sidesText(outline);
            case Version:
                return QString::fromStdString(outline.program);
            default:
                break;
        }
        const auto known = number(outline, column);
        if (!known) return {};
        if (column == WallRatio) return ratioCell(*known);
        if (column == ClockRatio) {
            const QString tag = clockTag(outline);
            return tag.isEmpty() ? ratioCell(*known) : QStringLiteral("%1 (%2)").arg(ratioCell(*known), tag);
        }
        return *known == 0.0 ? HistoryTable::tr("0, equal") : QLocale().toString(*known, 'g', 4);
    }
    static QVariant value(const ComparisonOutline& outline, int column) {
        if (column == Number) return QVariant::fromValue(static_cast<qlonglong>(outline.id));
        if (column < MaxAbs || column == Version) return shown(outline, column);
        const auto known = number(outline, column);
        return known ? QVariant(*known) : QVariant();
    }

    std::vector<ComparisonOutline> outlines_;
};

HistoryTable::HistoryTable(QWidget* parent)
    : ModelTable("compareHistory", tr("Comparisons that were made"), parent), model_(new Model(this)) {
    setModel(model_);
    setSelectionMode(SingleSelection);
    setEditTriggers(NoEditTriggers);
    horizontalHeader()->setStretchLastSection(true);
    connect(selectionModel(), &QItemSelectionModel::currentRowChanged, this, &HistoryTable::chosen);
}

void HistoryTable::setOutlines(std::vector<ComparisonOutline> outlines) {
    const std::int64_t before = current() != nullptr ? current()->id : 0;
    model_->setOutlines(std::move(outlines));
    const auto& all = model_->outlines();
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& outline) { return outline.id == before; });
    if (found != all.end()) selectRow(static_cast<int>(found - all.begin()));
    fitColumns(widestColumn);
    emit chosen();
}

const std::vector<ComparisonOutline>& HistoryTable::outlines() const { return model_->outlines(); }

const ComparisonOutline* HistoryTable::current() const {
    const int row = currentIndex().row();
    return row < 0 || row >= model_->rowCount() ? nullptr : &model_->outlines()[static_cast<std::size_t>(row)];
}

}  // namespace ternion::app
