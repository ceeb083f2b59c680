// Where a number comes from. It travels with the number, and whatever shows one shows the other (design, section 6).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ternion {

enum class Source : std::uint8_t {
    Measured,        ///< by a clock or a count of our own, or the operating system's
    VendorEstimate,  ///< what a vendor's sensor or driver says (NVML, hwmon, RAPL)
    Modelled,        ///< computed from a model or a simulation
};

/// As files and the database call it: "measured", "vendor-estimate", "modelled".
constexpr std::string_view nameOf(Source source) {
    return source == Source::Measured ? "measured" : source == Source::VendorEstimate ? "vendor-estimate" : "modelled";
}

constexpr std::optional<Source> sourceNamed(std::string_view name) {
    for (const Source source : {Source::Measured, Source::VendorEstimate, Source::Modelled})
        if (name == nameOf(source)) return source;
    return std::nullopt;
}

}  // namespace ternion
