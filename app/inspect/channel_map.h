// Values kept token by token, as a map with a channel a row and a token a column.
#pragma once

#include <QLocale>
#include <QStringList>
#include <algorithm>
#include <vector>

#include "views/map_source.h"

namespace ternion::app {

/// `Values` is a copy of its own, read by any thread: firstToken(), endToken(), width() and row(token), a span of `[width]`, as
/// TraceSeries has them.
template <class Values>
class ChannelMap final : public MapSource {
public:
    /// `channelOfRow` is a permutation of the channels; empty: in their order. `tokens`: the texts, for people.
    ChannelMap(Values values, std::vector<int> channelOfRow, QStringList tokens, QString what)
        : values_(std::move(values)),
          channelOfRow_(std::move(channelOfRow)),
          tokens_(std::move(tokens)),
          what_(std::move(what)) {}

    int rows() const override { return values_.width(); }
    int columns() const override { return values_.endToken(); }
    float value(int row, int column) const override {
        if (column < values_.firstToken()) return std::numeric_limits<float>::quiet_NaN();
        return static_cast<float>(values_.row(column)[static_cast<std::size_t>(channel(row))]);
    }
    int channel(int row) const { return channelOfRow_.empty() ? row : channelOfRow_[static_cast<std::size_t>(row)]; }
    int rowOf(int channel) const {
        if (channelOfRow_.empty() || channel < 0) return channel < rows() ? channel : -1;
        const auto found = std::find(channelOfRow_.begin(), channelOfRow_.end(), channel);
        return found == channelOfRow_.end() ? -1 : static_cast<int>(found - channelOfRow_.begin());
    }

    /// Token by token, as the values lie in memory.
    void reduce(const MapRegion& region, int height, int width, std::span<float> out,
                const std::stop_token& stop) const override {
        std::vector<double> sums(static_cast<std::size_t>(region.rows));
        CellRange before{-1, -1};
        for (int x = 0; x < width && !stop.stop_requested(); ++x) {
            const CellRange across = cellsUnder(x, width, region.firstColumn, region.columns);
            const auto pixel = [&](int y, int column) -> float& {
                return out[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(column)];
            };
            if (across == before) {
                for (int y = 0; y < height; ++y) pixel(y, x) = pixel(y, x - 1);
                continue;
            }
            before = across;
            std::fill(sums.begin(), sums.end(), 0.0);
            const int first = std::max(across.begin, values_.firstToken());
            for (int token = first; token < across.end; ++token) {
                const auto row = values_.row(token);
                for (int r = 0; r < region.rows; ++r)
                    sums[static_cast<std::size_t>(r)] +=
                        static_cast<double>(row[static_cast<std::size_t>(channel(region.firstRow + r))]);
            }
            for (int y = 0; y < height; ++y) {
                const CellRange down = cellsUnder(y, height, 0, region.rows);
                double sum = 0.0;
                for (int r = down.begin; r < down.end; ++r) sum += sums[static_cast<std::size_t>(r)];
                const int cells = (across.end - first) * (down.end - down.begin);
                pixel(y, x) = cells > 0 ? static_cast<float>(sum / cells) : std::numeric_limits<float>::quiet_NaN();
            }
        }
    }
    QString describe(int row, int column) const override {
        const float known = value(row, column);
        return QStringLiteral("%1, %2\n%3 %4")
            .arg(QCoreApplication::translate("ChannelMap", "channel %1").arg(channel(row)),
                 QCoreApplication::translate("ChannelMap", "token %1 “%2”").arg(column).arg(tokens_.value(column)), what_,
                 std::isnan(known) ? QCoreApplication::translate("ChannelMap", "not kept") : QLocale().toString(known, 'g', 6));
    }

private:
    Values values_;
    std::vector<int> channelOfRow_;
    QStringList tokens_;
    QString what_;
};

}  // namespace ternion::app
