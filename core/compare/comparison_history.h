// Comparisons that were kept: what each found, in few words, and how that changes from version to version.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/run_records.h"

namespace ternion {

struct SideOutline {
    std::string backend;  ///< DeviceInfo::id()
    std::string device, model, modelHash, profile, packing;
    std::optional<double> wallMilliseconds;       ///< median token, measured; nothing: it fed none
    std::optional<Figure> clockMilliseconds;      ///< the same by the device's clock, where it counts cycles
    std::optional<Figure> energy;                 ///< J a token
    std::string energyMissing;                    ///< why there is none
    std::string error;                            ///< that ended it; empty: none did
    bool sameAs(const SideOutline& other) const;  ///< as a trend takes it: model, device, profile and packing
};

/// A side against the first. Nothing: no token was compared.
struct DifferenceOutline {
    int compared = 0;              ///< tokens
    std::optional<double> maxAbs;  ///< infinity where a side computed what is no number
    std::optional<double> kl, top1;
    std::string divergence;  ///< the first one over the threshold; empty: none
};

struct ComparisonOutline {
    std::int64_t id = 0, startedAt = 0;  ///< of the ComparisonRecord
    std::vector<std::int64_t> runs;
    bool baseline = false;
    std::string program, date;
    std::vector<SideOutline> sides;
    std::vector<DifferenceOutline> differences;  ///< of sides 1, 2, ...
    bool stopped = false;                        ///< by the user

    /// BadInput where the report is none.
    static Result<ComparisonOutline> of(const ComparisonRecord& record);
    bool sameSides(const ComparisonOutline& other) const;
};

/// What a plot over versions shows of one comparison: a side against the first. Nothing: it is not known, or not of one kind of
/// source.
struct TrendPoint {
    std::int64_t comparison = 0, startedAt = 0;
    std::string program;
    bool baseline = false;
    std::optional<double> maxAbs, kl, top1;
    std::optional<double> wallRatio, clockRatio, energyRatio;
};

/// Comparisons of the same sides in the order in which they were made.
struct ComparisonTrend {
    std::vector<SideOutline> sides;                ///< as the newest has them
    std::vector<std::vector<TrendPoint>> against;  ///< of sides 1, 2, ...; oldest first
};
/// The trend with the newest comparison first. `outlines` in any order; ids give the order of time.
std::vector<ComparisonTrend> trendsOf(std::span<const ComparisonOutline> outlines);
TrendPoint pointOf(const ComparisonOutline& outline, std::size_t side);  ///< side 1, 2, ...

/// One value against the baseline's.
struct Judgement {
    enum class Verdict : std::uint8_t { Same, Better, Worse };
    std::size_t side = 1;
    std::string what;  ///< "max_abs", "kl", "top1_agreement", "wall_ratio", "clock_ratio", "energy_ratio"
    double before = 0.0, now = 0.0;
    Verdict verdict = Verdict::Same;
};
std::string_view nameOf(Judgement::Verdict verdict);  ///< "same", "better", "worse"
/// Ratios that are measured differ by so much without a reason.
inline constexpr double ratioTolerance = 0.1;
/// All that both know. What differs is to be less, ratios to the first side too; top-1 is to agree more. InvalidArgument where
/// they are not of the same sides.
Result<std::vector<Judgement>> judge(const ComparisonOutline& now, const ComparisonOutline& baseline);

}  // namespace ternion
