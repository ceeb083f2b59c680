#include "compare/difference_map.h"

#include <QCoreApplication>
#include <QLocale>
#include <algorithm>
#include <cmath>

#include "compare/cell_place.h"
#include "compare/comparison_job.h"
#include "inspect/interventions/intervention_list.h"

namespace ternion::app {
namespace {

QString differenceMapText(const char* source) { return QCoreApplication::translate("DifferenceMap", source); }

}  // namespace

DifferenceMap::DifferenceMap(std::vector<ComparedStep> steps, std::vector<TraceRequest::Item> items,
                             const DifferenceChoice& choice, QStringList tokens)
    : steps_(std::move(steps)), items_(std::move(items)), choice_(choice), tokens_(std::move(tokens)) {
    for (std::size_t k = 0; k < items_.size(); ++k) {
        const auto layer = static_cast<std::size_t>(items_[k].layer);
        if (ofLayer_.size() <= layer) ofLayer_.resize(layer + 1);
        if (!choice_.tensor || items_[k].tensor == *choice_.tensor) ofLayer_[layer].push_back(k);
    }
}

const TensorDifference& DifferenceMap::largest(int row, int column, std::size_t& at) const {
    const auto& tensors = steps_[static_cast<std::size_t>(column)]->tensors;
    const auto& places = ofLayer_[static_cast<std::size_t>(row)];
    at = places.front();
    for (const std::size_t place : places)
        if (measured(tensors[place]) > measured(tensors[at])) at = place;
    return tensors[at];
}

float DifferenceMap::value(int row, int column) const {
    if (ofLayer_[static_cast<std::size_t>(row)].empty()) return std::numeric_limits<float>::quiet_NaN();
    std::size_t at = 0;
    return measured(largest(row, column, at));
}

DifferenceMap::Worst DifferenceMap::worst(int row, int column) const {
    std::size_t at = 0;
    const TensorDifference& found = largest(row, column, at);
    return {items_[at], found};
}

void DifferenceMap::reduce(const MapRegion& region, int height, int width, std::span<float> out,
                           const std::stop_token& stop) const {
    CellRange above{-1, -1};
    for (int y = 0; y < height && !stop.stop_requested(); ++y) {
        const auto line =
            out.subspan(static_cast<std::size_t>(y) * static_cast<std::size_t>(width), static_cast<std::size_t>(width));
        const CellRange down = cellsUnder(y, height, region.firstRow, region.rows);
        if (down == above) {
            std::copy_n(line.data() - width, width, line.data());
            continue;
        }
        above = down;
        CellRange before{-1, -1};
        for (int x = 0; x < width; ++x) {
            const CellRange across = cellsUnder(x, width, region.firstColumn, region.columns);
            auto& pixel = line[static_cast<std::size_t>(x)];
            if (across == before) {
                pixel = line[static_cast<std::size_t>(x) - 1];
                continue;
            }
            before = across;
            pixel = 0.0F;
            for (int row = down.begin; row < down.end; ++row)
                for (int column = across.begin; column < across.end; ++column) pixel = std::max(pixel, value(row, column));
        }
    }
}

bool DifferenceMap::allZero() const {
    for (int column = 0; column < columns(); ++column)
        for (int row = 0; row < rows(); ++row)
            if (value(row, column) > 0.0F) return false;
    return true;
}

ColorScale DifferenceMap::scale() const {
    constexpr float base = 10.0F;
    float least = std::numeric_limits<float>::infinity();
    float most = 0.0F;
    for (int column = 0; column < columns(); ++column)
        for (int row = 0; row < rows(); ++row) {
            const float cell = value(row, column);
            if (!(cell > 0.0F) || std::isinf(cell)) continue;
            least = std::min(least, cell);
            most = std::max(most, cell);
        }
    ColorScale scale{ColorScale::Map::Decades, 0.0F, 0.0F,
                     choice_.measure == DifferenceMeasure::MaxAbs
                         ? differenceMapText("largest |%1 − A|").arg(sideLetter(side()))
                         : differenceMapText("|%1 − A| / |A|").arg(sideLetter(side()))};
    if (most <= 0.0F) return scale;
    scale.low = std::pow(base, std::floor(std::log10(least)));
    scale.high = std::pow(base, std::ceil(std::log10(most)));
    if (scale.high <= scale.low) scale.high = scale.low * base;
    return scale;
}

QString DifferenceMap::describe(int row, int column) const {
    QString place = differenceMapText("layer %1, token %2 “%3”").arg(row).arg(column).arg(tokens_.value(column).trimmed());
    if (ofLayer_[static_cast<std::size_t>(row)].empty()) return place;
    const Worst found = worst(row, column);
    if (measured(found.difference) == 0.0F) return place + QLatin1Char('\n') + differenceMapText("equal to the last bit");
    return place + QLatin1Char('\n') +
           differenceMapText("%1, channel %2: %3 apart (%4 relative)")
               .arg(tensorText(found.item.tensor))
               .arg(found.difference.channel)
               .arg(QLocale().toString(found.difference.maxAbs, 'g', 4), QLocale().toString(found.difference.relative, 'g', 3));
}

}  // namespace ternion::app
