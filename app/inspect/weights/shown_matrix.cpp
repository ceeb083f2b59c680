#include "inspect/weights/shown_matrix.h"

#include <QCoreApplication>
#include <QLocale>
#include <algorithm>

namespace ternion::app {
namespace {

QString shownMatrixText(const char* source) { return QCoreApplication::translate("Weights", source); }

QString percents(const WeightStatistics::Range& range) {
    const QLocale locale;
    return shownMatrixText("%1 to %2 %")
        .arg(locale.toString(range.least * 100, 'f', 1), locale.toString(range.most * 100, 'f', 1));
}

}  // namespace

Result<std::shared_ptr<const CountedModel>> countModel(std::shared_ptr<const Model> model, const QString& path,
                                                       const Progress& progress) {
    TERNION_TRY(auto statistics, weightStatistics(*model, progress));
    return std::make_shared<const CountedModel>(
        CountedModel{std::move(model), path, std::make_shared<const std::vector<WeightStatistics>>(std::move(statistics))});
}

QString titleOf(const MatrixPlace& place) {
    const QString projection = QString::fromStdString(place.projection);
    return place.layer < 0 ? projection : shownMatrixText("layer %1, %2").arg(place.layer).arg(projection);
}

std::optional<ShownMatrix> shownMatrix(const std::shared_ptr<const CountedModel>& model, const MatrixPlace& place) {
    if (!model) return {};
    const auto& all = *model->statistics;
    const auto at = std::find_if(all.begin(), all.end(), [&](const WeightStatistics& matrix) {
        return matrix.layer == place.layer && matrix.projection == place.projection;
    });
    if (at == all.end()) return {};
    return ShownMatrix{model, static_cast<std::size_t>(at - all.begin()), titleOf(place),
                       QString::fromStdString(place.projection)};
}

QString tritText(int trit) { return trit < 0 ? QStringLiteral("−1") : trit > 0 ? QStringLiteral("+1") : QStringLiteral("0"); }

QString summaryOf(const WeightStatistics& statistics) {
    const QLocale locale;
    return shownMatrixText("%1 × %2, γ %3, %4 bits a trit. Zeros in a row: %5, in a column: %6.")
        .arg(locale.toString(statistics.rows), locale.toString(statistics.cols), locale.toString(statistics.gamma, 'g', 4),
             locale.toString(statistics.entropy(), 'f', 3), percents(statistics.rowSparsity),
             percents(statistics.columnSparsity));
}

}  // namespace ternion::app
