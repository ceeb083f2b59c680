#include "engine/stop_strings.h"

#include <algorithm>
#include <utility>

namespace ternion {

StopStrings::StopStrings(std::vector<std::string> strings) : strings_(std::move(strings)) {
    std::erase(strings_, std::string());
}

std::string StopStrings::append(std::string_view text) {
    if (seen_) return {};
    held_ += text;
    std::size_t end = std::string::npos;
    for (const auto& string : strings_) end = std::min(end, held_.find(string));
    if (end != std::string::npos) {
        seen_ = true;
        return held_.substr(0, end);
    }
    // The longest tail that a stop string begins with stays here.
    std::size_t tail = 0;
    for (const auto& string : strings_)
        for (std::size_t length = std::min(string.size() - 1, held_.size()); length > tail; --length)
            if (held_.ends_with(std::string_view(string).substr(0, length))) tail = length;
    std::string certain = held_.substr(0, held_.size() - tail);
    held_.erase(0, certain.size());
    return certain;
}

std::string StopStrings::finish() { return seen_ ? std::string() : std::exchange(held_, {}); }

}  // namespace ternion
