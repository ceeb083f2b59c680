#include "base/process_mark.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace ternion {
namespace {

std::string firstLine(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string markOf(long process) {
    const std::string facts = firstLine("/proc/" + std::to_string(process) + "/stat");
    // The name, in brackets, may hold anything.
    std::istringstream rest(facts.substr(std::min(facts.rfind(')'), facts.size())));
    std::string field;
    constexpr int startTime = 20;  // counted from the closing bracket
    for (int k = 0; k <= startTime; ++k) rest >> field;
    return facts.empty() ? "" : std::to_string(process) + " " + field + " " + firstLine("/proc/sys/kernel/random/boot_id");
}

}  // namespace

std::string processMark() { return markOf(getpid()); }

bool processLives(const std::string& mark) {
    std::istringstream text(mark);
    long process = 0;
    return text >> process && process > 0 && markOf(process) == mark;
}

}  // namespace ternion
