#include "metrics/store_reading.h"

namespace ternion::app {

Result<SeriesSummary> StoreConnection::summary(std::int64_t series, std::int64_t last) {
    const auto known = summaries.find(series);
    if (known != summaries.end() && known->second.last == last) return known->second;
    TERNION_TRY(const SeriesSummary read, reader->summary(series));
    summaries[series] = read;
    return read;
}

bool StoreReading::connect() {
    if (connection_) return true;
    auto reader = store_.reader();
    if (!reader) {
        emit failed(QString::fromStdString(reader.error().text()));
        return false;
    }
    connection_ = std::make_shared<StoreConnection>();
    connection_->reader = std::move(reader).value();
    return true;
}

}  // namespace ternion::app
