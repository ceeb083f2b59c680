// Lengths, directions, neighbours and the principal plane of states, against plain loops and Jacobi's method.
#include "inspect/hidden_statistics.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <numeric>
#include <random>
#include <thread>

#include "inspect/principal_plane.h"

namespace ternion {
namespace {

std::vector<float> randomStates(int tokens, int width, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(static_cast<std::size_t>(tokens) * static_cast<std::size_t>(width));
    for (std::size_t k = 0; k < values.size(); ++k)  // channels of different scale and mean, as a residual stream has them
        values[k] =
            normal(random) * (1.0F + static_cast<float>(k % static_cast<std::size_t>(width))) + static_cast<float>(seed);
    return values;
}

double plainCosine(std::span<const float> a, std::span<const float> b) {
    double ab = 0.0, aa = 0.0, bb = 0.0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        ab += double(a[k]) * b[k];
        aa += double(a[k]) * a[k];
        bb += double(b[k]) * b[k];
    }
    return ab / std::sqrt(aa * bb);
}

TEST(HiddenStatistics, LengthsAndCosinesAreThoseOfPlainLoops) {
    for (const int width : {1, 7, 8, 83}) {
        const auto values = randomStates(2, width, 3);
        const States states = statesOf(values, width);
        ASSERT_EQ(states.size(), 2U);
        double sum = 0.0;
        for (const float x : states[0]) sum += double(x) * x;
        EXPECT_NEAR(norm(states[0]), std::sqrt(sum), 1e-12 * std::sqrt(sum));
        EXPECT_NEAR(rootMeanSquare(states[0]), std::sqrt(sum / width), 1e-12 * std::sqrt(sum));
        EXPECT_NEAR(cosine(states[0], states[1]), plainCosine(states[0], states[1]), 1e-12);
        EXPECT_DOUBLE_EQ(cosine(states[0], states[0]), 1.0);
    }
    const std::vector<float> none(4), one{1, 2, 3, 4};
    EXPECT_EQ(cosine(none, one), 0.0);
}

TEST(HiddenStatistics, DepthsAreComparedTokenByTokenAndAveraged) {
    constexpr int depths = 5, tokens = 9, width = 19;
    std::vector<std::vector<float>> values;
    std::vector<States> states;
    for (unsigned d = 0; d < depths; ++d) values.push_back(randomStates(tokens, width, d));
    for (const auto& of : values) states.push_back(statesOf(of, width));
    const auto mean = cosinesBetween(states, {});
    ASSERT_TRUE(mean);
    for (std::size_t a = 0; a < depths; ++a)
        for (std::size_t b = 0; b < depths; ++b) {
            double sum = 0.0;
            for (std::size_t t = 0; t < tokens; ++t) sum += plainCosine(states[a][t], states[b][t]);
            EXPECT_NEAR((*mean)[a * depths + b], sum / tokens, 1e-6);
        }
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(cosinesBetween(states, stop.get_token()).error().code, ErrorCode::Cancelled);
}

TEST(HiddenStatistics, NeighboursAreTheMostAlikeWithoutItself) {
    constexpr int tokens = 40, width = 11;
    auto values = randomStates(tokens, width, 5);
    for (int k = 0; k < width; ++k) values[30 * width + k] = 2.0F * values[4 * width + k];  // twice as long, the same way
    for (int k = 0; k < width; ++k) values[20 * width + k] = values[30 * width + k];        // ... and once more: a tie
    const States states = statesOf(values, width);
    const auto found = nearest(states, 4, 6);
    ASSERT_EQ(found.size(), 6U);
    EXPECT_EQ(found[0].token, 20);
    EXPECT_EQ(found[1].token, 30);
    EXPECT_FLOAT_EQ(found[0].cosine, 1.0F);
    for (const auto& neighbour : found) {
        EXPECT_NEAR(neighbour.cosine, plainCosine(states[4], states[neighbour.token]), 1e-6);
        EXPECT_NE(neighbour.token, 4);
    }
    for (int other = 0; other < tokens; ++other) {
        const bool listed = std::any_of(found.begin(), found.end(), [&](const auto& n) { return n.token == other; });
        if (!listed && other != 4) {
            EXPECT_LE(plainCosine(states[4], states[other]), found.back().cosine + 1e-6);
        }
    }
    EXPECT_EQ(nearest(states, 0, 1000).size(), tokens - 1U);
}

TEST(HiddenStatistics, StatesOfATraceAreItsRows) {
    TraceStore store;
    const auto values = randomStates(100, 6, 1);
    ASSERT_TRUE(store.append(stateAt(3), 0, 100, 6, values));
    EXPECT_EQ(stateAt(0), (TraceRequest::Item{TraceTensor::Residual, 0}));
    EXPECT_EQ(stateAt(3), (TraceRequest::Item{TraceTensor::LayerOutput, 2}));
    const TraceSeries series = store.series(stateAt(3));
    const States states = statesOf(series, 60, 70);
    ASSERT_EQ(states.size(), 10U);
    for (std::size_t t = 0; t < 10; ++t)
        EXPECT_TRUE(std::equal(states[t].begin(), states[t].end(), values.begin() + static_cast<std::ptrdiff_t>((60 + t) * 6)));
}

/// Eigenvalues (descending) and eigenvectors (rows) of a symmetric matrix: classical Jacobi, the largest entry first.
struct Jacobi {
    std::vector<double> values;
    std::vector<std::vector<double>> vectors;

    explicit Jacobi(std::vector<std::vector<double>> a) {
        const std::size_t n = a.size();
        std::vector<std::vector<double>> v(n, std::vector<double>(n));
        for (std::size_t k = 0; k < n; ++k) v[k][k] = 1.0;
        for (;;) {
            std::size_t p = 0, q = 1;
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = i + 1; j < n; ++j)
                    if (std::fabs(a[i][j]) > std::fabs(a[p][q])) p = i, q = j;
            if (std::fabs(a[p][q]) < 1e-9) break;
            const double angle = 0.5 * std::atan2(2.0 * a[p][q], a[q][q] - a[p][p]);
            const double c = std::cos(angle), s = std::sin(angle);
            for (std::size_t k = 0; k < n; ++k) {
                const double x = a[k][p], y = a[k][q];
                a[k][p] = c * x - s * y;
                a[k][q] = s * x + c * y;
            }
            for (std::size_t k = 0; k < n; ++k) {
                const double x = a[p][k], y = a[q][k];
                a[p][k] = c * x - s * y;
                a[q][k] = s * x + c * y;
            }
            for (std::size_t k = 0; k < n; ++k) {
                const double x = v[p][k], y = v[q][k];
                v[p][k] = c * x - s * y;
                v[q][k] = s * x + c * y;
            }
        }
        std::vector<std::size_t> order(n);
        std::iota(order.begin(), order.end(), 0);
        std::sort(order.begin(), order.end(), [&](auto x, auto y) { return a[x][x] > a[y][y]; });
        for (const std::size_t k : order) {
            values.push_back(a[k][k]);
            vectors.push_back(v[k]);
        }
    }
};

TEST(PrincipalPlane, IsThatOfTheEigenDecomposition) {
    constexpr int tokens = 60;
    for (const int width : {2, 5, 24}) {
        const auto values = randomStates(tokens, width, 11);
        const States states = statesOf(values, width);
        const auto n = static_cast<std::size_t>(width);
        std::vector<double> mean(n);
        for (const auto& row : states)
            for (std::size_t d = 0; d < n; ++d) mean[d] += row[d] / double(tokens);
        std::vector<std::vector<double>> covariance(n, std::vector<double>(n));
        for (const auto& row : states)
            for (std::size_t a = 0; a < n; ++a)
                for (std::size_t b = 0; b < n; ++b) covariance[a][b] += (row[a] - mean[a]) * (row[b] - mean[b]);
        const Jacobi eigen(covariance);
        const double all = std::accumulate(eigen.values.begin(), eigen.values.end(), 0.0);

        const auto plane = principalPlane(states, {});
        ASSERT_TRUE(plane);
        for (std::size_t k = 0; k < 2; ++k) {
            EXPECT_NEAR(plane->explained[k], eigen.values[k] / all, 1e-6) << width;
            const auto& axis = plane->axes[k];
            const auto largest =
                std::max_element(axis.begin(), axis.end(), [](float a, float b) { return std::fabs(a) < std::fabs(b); });
            EXPECT_GT(*largest, 0.0F);
            const double sign = eigen.vectors[k][static_cast<std::size_t>(largest - axis.begin())] < 0.0 ? -1.0 : 1.0;
            for (std::size_t d = 0; d < n; ++d) EXPECT_NEAR(axis[d], sign * eigen.vectors[k][d], 2e-4) << width << " " << k;
            for (std::size_t t = 0; t < tokens; ++t) {
                double along = 0.0;
                for (std::size_t d = 0; d < n; ++d) along += (states[t][d] - mean[d]) * axis[d];
                EXPECT_NEAR(plane->points[t][k], along, 1e-3);
            }
        }
        EXPECT_GE(plane->explained[0], plane->explained[1]);
        const auto again = principalPlane(states, {});
        EXPECT_EQ(again->points, plane->points);
        EXPECT_EQ(again->axes, plane->axes);
    }
}

TEST(PrincipalPlane, TakesWhatHasNoPlane) {
    EXPECT_TRUE(principalPlane({}, {})->points.empty());
    const std::vector<float> same(5 * 7, 3.0F);
    const auto none = principalPlane(statesOf(same, 7), {});
    EXPECT_EQ(none->explained, (std::array<double, 2>{0.0, 0.0}));
    EXPECT_EQ(none->points, (std::vector<std::array<float, 2>>(5)));
    const std::vector<float> line{0, 0, 0, 3, 0, 4, 6, 0, 8};  // three points on one line, 5 apart
    const auto straight = principalPlane(statesOf(line, 3), {});
    EXPECT_NEAR(straight->explained[0], 1.0, 1e-12);
    EXPECT_NEAR(straight->explained[1], 0.0, 1e-12);
    EXPECT_NEAR(straight->points[2][0], 5.0F, 1e-5);
    EXPECT_NEAR(straight->points[0][0], -5.0F, 1e-5);
}

TEST(PrincipalPlane, OfALongConversationIsQuickAndCanBeStopped) {
    constexpr int tokens = 4096, width = 1024;
    const auto values = randomStates(tokens, width, 2);
    const States states = statesOf(values, width);
    using Clock = std::chrono::steady_clock;
    std::stop_source stop;
    Clock::time_point asked;
    std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(60));
        asked = Clock::now();
        stop.request_stop();
    });
    const auto stopped = principalPlane(states, stop.get_token());
    const auto returned = Clock::now();
    other.join();
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
    EXPECT_LT(returned - asked, std::chrono::milliseconds(500));

    const auto start = Clock::now();
    ASSERT_TRUE(principalPlane(states, {}));
    RecordProperty("milliseconds", static_cast<int>((Clock::now() - start) / std::chrono::milliseconds(1)));
}

}  // namespace
}  // namespace ternion
