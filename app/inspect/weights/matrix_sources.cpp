#include "inspect/weights/matrix_sources.h"

#include <QCoreApplication>
#include <QLocale>
#include <cmath>

#include "inspect/trit_map.h"

namespace ternion::app {
namespace {

QString matrixSourcesText(const char* source) { return QCoreApplication::translate("Weights", source); }

MatrixRegion toMatrix(const MapRegion& region) { return {region.firstRow, region.rows, region.firstColumn, region.columns}; }

class TritSource : public MapSource {
public:
    TritSource(std::shared_ptr<const Model> model, const TernaryMatrix& trits, TritValue value)
        : model_(std::move(model)), trits_(trits), value_(value) {}

    int rows() const override { return trits_.rows(); }
    int columns() const override { return trits_.cols(); }
    float value(int row, int column) const override {
        const int trit = trits_.trit(row, column);
        return static_cast<float>(value_ == TritValue::Mean ? trit : trit == 0 ? 1 : 0);
    }
    void reduce(const MapRegion& region, int height, int width, std::span<float> out,
                const std::stop_token& stop) const override {
        const std::span<float> none;
        const bool mean = value_ == TritValue::Mean;
        reduceTrits(trits_, toMatrix(region), height, width, mean ? out : none, mean ? none : out, stop);
    }
    QString describe(int row, int column) const override {
        return matrixSourcesText("output %1, input %2: %3").arg(row).arg(column).arg(tritText(trits_.trit(row, column)));
    }

private:
    std::shared_ptr<const Model> model_;  // keeps the trits
    const TernaryMatrix& trits_;
    TritValue value_;
};

class ErrorSource : public MapSource {
public:
    ErrorSource(std::shared_ptr<const LatentWeights> weights, ErrorValue value) : weights_(std::move(weights)), value_(value) {}

    int rows() const override { return weights_->rows(); }
    int columns() const override { return weights_->cols(); }
    float value(int row, int column) const override {
        const float error = weights_->error(row, column);
        return value_ == ErrorValue::Mean ? error : std::abs(error);
    }
    void reduce(const MapRegion& region, int height, int width, std::span<float> out,
                const std::stop_token& stop) const override {
        const std::span<float> none;
        const bool mean = value_ == ErrorValue::Mean;
        weights_->reduceError(toMatrix(region), height, width, mean ? out : none, mean ? none : out, stop);
    }
    QString describe(int row, int column) const override {
        return matrixSourcesText("output %1, input %2: error %3 γ")
            .arg(row)
            .arg(column)
            .arg(QLocale().toString(weights_->error(row, column), 'f', 3));
    }

private:
    std::shared_ptr<const LatentWeights> weights_;
    ErrorValue value_;
};

}  // namespace

std::shared_ptr<const MapSource> tritSource(const ShownMatrix& matrix, TritValue value) {
    return tritSource(matrix.of->model, matrix.trits(), value);
}

std::shared_ptr<const MapSource> tritSource(std::shared_ptr<const Model> model, const TernaryMatrix& trits, TritValue value) {
    return std::make_shared<TritSource>(std::move(model), trits, value);
}

std::shared_ptr<const MapSource> errorSource(std::shared_ptr<const LatentWeights> weights, ErrorValue value) {
    return std::make_shared<ErrorSource>(std::move(weights), value);
}

}  // namespace ternion::app
