// Dates as people read them.
#pragma once

#include <array>
#include <cstdint>
#include <ctime>
#include <string>

namespace ternion {

/// `seconds` since 1970 by `format` (strftime), UTC.
inline std::string utcTime(std::int64_t seconds, const char* format) {
    const auto time = static_cast<std::time_t>(seconds);
    std::tm parts{};
    gmtime_r(&time, &parts);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

}  // namespace ternion
