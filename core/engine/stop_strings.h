// Ends a stream of text before the first of some strings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ternion {

/// Passes text through, holding back only what may be the beginning of a stop string. The joined parts are the text up to the
/// first stop string. Not thread-safe.
class StopStrings {
public:
    /// Empty strings are ignored.
    explicit StopStrings(std::vector<std::string> strings);

    /// What of the held back and the new text is certain to be shown.
    std::string append(std::string_view text);
    /// The rest, when the stream has ended without a stop string.
    std::string finish();
    bool seen() const { return seen_; }

private:
    std::vector<std::string> strings_;
    std::string held_;
    bool seen_ = false;
};

}  // namespace ternion
