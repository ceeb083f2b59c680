// A name for a running program that no other one ever has, so that what it left half done can be told when it has gone.
#pragma once

#include <string>

namespace ternion {

/// This process: number, time of start, and start of the system.
std::string processMark();

/// Whether the process of a mark still runs here. False also for a mark of another machine.
bool processLives(const std::string& mark);

}  // namespace ternion
