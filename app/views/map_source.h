// A matrix of values to be looked at as an image.
#pragma once

#include <QString>
#include <cmath>
#include <limits>
#include <span>
#include <stop_token>

#include "inspect/pixel_grid.h"

namespace ternion::app {

/// A rectangle of cells.
struct MapRegion {
    int firstRow = 0, rows = 0;
    int firstColumn = 0, columns = 0;
    bool operator==(const MapRegion&) const = default;
};

/// Immutable; read by any thread.
class MapSource {
public:
    virtual ~MapSource() = default;
    virtual int rows() const = 0;
    virtual int columns() const = 0;
    /// NaN: nothing is known there.
    virtual float value(int row, int column) const = 0;
    /// The mean of the cells that each of `[height, width]` pixels covers of `region`, row-major; where a pixel is smaller than
    /// a cell, that cell. NaN where nothing is known. Returns early, with whatever is there, once `stop` is requested. To be
    /// overridden where there is a quicker way than cell by cell.
    virtual void reduce(const MapRegion& region, int height, int width, std::span<float> out,
                        const std::stop_token& stop) const;
    /// For the hover text: "channel 12, token 5 “the”: 0.431".
    virtual QString describe(int row, int column) const = 0;
};

}  // namespace ternion::app
