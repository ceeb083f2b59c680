#include "store/run_records.h"

#include <algorithm>
#include <array>

namespace ternion {

std::string_view nameOf(RunState state) {
    static constexpr std::array<std::string_view, 5> names{"running", "finished", "stopped", "failed", "interrupted"};
    return names[static_cast<std::size_t>(state)];
}

const Figure* RunSummary::figure(std::string_view name) const {
    const auto found = std::find_if(figures.begin(), figures.end(), [&](const Figure& figure) { return figure.name == name; });
    return found == figures.end() ? nullptr : &*found;
}

}  // namespace ternion
