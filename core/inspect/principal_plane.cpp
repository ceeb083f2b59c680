#include "inspect/principal_plane.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "base/wide.h"

namespace ternion {
namespace {

constexpr std::size_t block = 8;  // columns that are iterated: more than are wanted, so that near-equal variances part sooner
constexpr int mostIterations = 80;
constexpr double settled = 1e-11;  // change of a share of the variance at which it is found

using Small = std::array<std::array<double, block>, block>;

/// Eigenvectors (columns) and eigenvalues of a small symmetric matrix, descending: cyclic Jacobi.
struct SmallEigen {
    Small vectors{};
    std::array<double, block> values{};

    explicit SmallEigen(Small a) {
        Small v{};
        for (std::size_t k = 0; k < block; ++k) v[k][k] = 1.0;
        constexpr int sweeps = 12;  // quadratic convergence: 8 x 8 needs some 6
        for (int sweep = 0; sweep < sweeps; ++sweep)
            for (std::size_t p = 0; p < block; ++p)
                for (std::size_t q = p + 1; q < block; ++q) rotate(a, v, p, q);
        std::array<std::size_t, block> order{};
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return a[x][x] > a[y][y]; });
        for (std::size_t k = 0; k < block; ++k) {
            values[k] = a[order[k]][order[k]];
            for (std::size_t j = 0; j < block; ++j) vectors[j][k] = v[j][order[k]];
        }
    }

private:
    static void rotate(Small& a, Small& v, std::size_t p, std::size_t q) {
        if (a[p][q] == 0.0) return;
        const double theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
        const double t = (theta >= 0.0 ? 1.0 : -1.0) / (std::fabs(theta) + std::sqrt(theta * theta + 1.0));
        const double c = 1.0 / std::sqrt(t * t + 1.0), s = t * c;
        for (std::size_t k = 0; k < block; ++k) {
            const double x = a[k][p], y = a[k][q];
            a[k][p] = c * x - s * y;
            a[k][q] = s * x + c * y;
        }
        for (std::size_t k = 0; k < block; ++k) {
            const double x = a[p][k], y = a[q][k];
            a[p][k] = c * x - s * y;
            a[q][k] = s * x + c * y;
        }
        for (std::size_t k = 0; k < block; ++k) {
            const double x = v[k][p], y = v[k][q];
            v[k][p] = c * x - s * y;
            v[k][q] = s * x + c * y;
        }
    }
};

/// `[D]` rows of one entry a column: a state meets all columns in one pass.
using Columns = std::vector<std::array<double, block>>;

/// y = x V.
TERNION_WIDE std::array<double, block> project(const float* x, const std::array<double, block>* v, std::size_t width) {
    std::array<double, block> y{};
    for (std::size_t d = 0; d < width; ++d)
        for (std::size_t k = 0; k < block; ++k) y[k] += static_cast<double>(x[d]) * v[d][k];
    return y;
}

/// Z += x' y.
TERNION_WIDE void addOuter(const float* x, const std::array<double, block>& y, std::array<double, block>* z,
                           std::size_t width) {
    for (std::size_t d = 0; d < width; ++d)
        for (std::size_t k = 0; k < block; ++k) z[d][k] += static_cast<double>(x[d]) * y[k];
}

/// Modified Gram-Schmidt, twice; a column that depends on those before it becomes zero.
void orthonormalise(Columns& v) {
    const auto product = [&](std::size_t a, std::size_t b) {
        double sum = 0.0;
        for (const auto& row : v) sum += row[a] * row[b];
        return sum;
    };
    for (std::size_t k = 0; k < block; ++k) {
        const double before = std::sqrt(product(k, k));
        for (int pass = 0; pass < 2; ++pass)
            for (std::size_t j = 0; j < k; ++j) {
                const double along = product(j, k);
                for (auto& row : v) row[k] -= along * row[j];
            }
        const double length = std::sqrt(product(k, k));
        const double scale = length > 1e-12 * before ? 1.0 / length : 0.0;
        for (auto& row : v) row[k] *= scale;
    }
}

struct Centred {
    std::vector<float> values;  // [T, D]
    double variance = 0.0;      // sum of squares
};

Centred centre(const States& states, std::size_t width) {
    std::vector<double> mean(width);
    for (const auto& row : states)
        for (std::size_t d = 0; d < width; ++d) mean[d] += row[d];
    for (double& m : mean) m /= static_cast<double>(states.size());
    Centred centred;
    centred.values.reserve(states.size() * width);
    for (const auto& row : states)
        for (std::size_t d = 0; d < width; ++d) {
            centred.values.push_back(static_cast<float>(row[d] - mean[d]));
            centred.variance += static_cast<double>(centred.values.back()) * centred.values.back();
        }
    return centred;
}

Columns fixedStart(std::size_t width) {
    Columns v(width);
    std::mt19937_64 random;  // its default seed and its output are the standard's
    for (auto& row : v)
        for (double& x : row) x = static_cast<double>(random() >> 11) * 0x1p-53 - 0.5;
    orthonormalise(v);
    return v;
}

/// Column `column` of V U.
std::vector<float> axisOf(const Columns& v, const Small& u, std::size_t column) {
    std::vector<double> axis(v.size());
    std::size_t largest = 0;
    for (std::size_t d = 0; d < v.size(); ++d) {
        for (std::size_t k = 0; k < block; ++k) axis[d] += v[d][k] * u[k][column];
        if (std::fabs(axis[d]) > std::fabs(axis[largest])) largest = d;
    }
    const double sign = axis[largest] < 0.0 ? -1.0 : 1.0;
    std::vector<float> out;
    out.reserve(axis.size());
    for (const double x : axis) out.push_back(static_cast<float>(sign * x));
    return out;
}

}  // namespace

Result<PrincipalPlane> principalPlane(const States& states, const std::stop_token& stop) {
    PrincipalPlane plane;
    plane.points.resize(states.size());
    if (states.empty()) return plane;
    const std::size_t width = states.front().size();
    const Centred x = centre(states, width);
    plane.axes.fill(std::vector<float>(width));
    if (x.variance == 0.0) return plane;

    Columns v = fixedStart(width);
    for (int iteration = 0; iteration < mostIterations; ++iteration) {
        Columns z(width);  // C V, C the covariance times T
        Small ritz{};      // V' C V
        for (std::size_t t = 0; t < states.size(); ++t) {
            if (t % 64 == 0 && stop.stop_requested()) return Error{ErrorCode::Cancelled, "stopped", {}};
            const float* row = x.values.data() + t * width;
            const auto y = project(row, v.data(), width);
            addOuter(row, y, z.data(), width);
            for (std::size_t a = 0; a < block; ++a)
                for (std::size_t b = 0; b < block; ++b) ritz[a][b] += y[a] * y[b];
        }
        const SmallEigen eigen(ritz);
        double change = 0.0;
        for (std::size_t k = 0; k < 2; ++k) {
            const double share = eigen.values[k] / x.variance;
            change = std::max(change, std::fabs(share - plane.explained[k]));
            plane.explained[k] = share;
        }
        if (change < settled || iteration + 1 == mostIterations) {
            for (std::size_t k = 0; k < 2; ++k) plane.axes[k] = axisOf(v, eigen.vectors, k);
            break;
        }
        v = std::move(z);
        orthonormalise(v);
    }
    for (std::size_t t = 0; t < states.size(); ++t)
        for (std::size_t k = 0; k < 2; ++k)
            plane.points[t][k] = static_cast<float>(
                std::inner_product(plane.axes[k].begin(), plane.axes[k].end(), x.values.data() + t * width, 0.0));
    return plane;
}

}  // namespace ternion
