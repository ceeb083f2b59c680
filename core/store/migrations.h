// The tables of the user's database.
#pragma once

#include <span>
#include <string_view>

namespace ternion {

/// Migration n brings a database of `user_version` n to n + 1. One that was ever released is not changed: a new one is added.
std::span<const std::string_view> migrations();

}  // namespace ternion
