#include "views/map_source.h"

#include <algorithm>

#include "inspect/pixel_grid.h"

namespace ternion::app {

void MapSource::reduce(const MapRegion& region, int height, int width, std::span<float> out,
                       const std::stop_token& stop) const {
    CellRange above{-1, -1};
    for (int y = 0; y < height && !stop.stop_requested(); ++y) {
        const auto line =
            out.subspan(static_cast<std::size_t>(y) * static_cast<std::size_t>(width), static_cast<std::size_t>(width));
        const CellRange down = cellsUnder(y, height, region.firstRow, region.rows);
        if (down.begin == above.begin) {  // many pixels a cell
            std::copy_n(line.data() - width, width, line.data());
            continue;
        }
        above = down;
        for (int x = 0; x < width; ++x) {
            const CellRange across = cellsUnder(x, width, region.firstColumn, region.columns);
            double sum = 0;
            int known = 0;
            for (int row = down.begin; row < down.end; ++row)
                for (int column = across.begin; column < across.end; ++column) {
                    const float cell = value(row, column);
                    if (std::isnan(cell)) continue;
                    sum += cell;
                    ++known;
                }
            line[static_cast<std::size_t>(x)] =
                known > 0 ? static_cast<float>(sum / known) : std::numeric_limits<float>::quiet_NaN();
        }
    }
}

}  // namespace ternion::app
