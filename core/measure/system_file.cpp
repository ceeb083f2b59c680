#include "measure/system_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace ternion {

Result<std::string> readSystemFile(const std::filesystem::path& path) {
    constexpr std::size_t limit = std::size_t{64} << 10;  // such files are one line, or a page
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return Error{ErrorCode::Io, std::string("cannot open it: ") + std::strerror(errno), path.string()};
    std::string text;
    std::array<char, 4096> part{};
    ssize_t got = 0;
    while (text.size() < limit && (got = ::read(descriptor, part.data(), part.size())) > 0)
        text.append(part.data(), static_cast<std::size_t>(got));
    const int number = errno;
    ::close(descriptor);
    if (got < 0) return Error{ErrorCode::Io, std::string("cannot read it: ") + std::strerror(number), path.string()};
    return text;
}

Result<std::uint64_t> readSystemNumber(const std::filesystem::path& path) {
    TERNION_TRY(std::string text, readSystemFile(path));
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure == std::errc{} && end == text.data() + text.size()) return value;
    constexpr std::size_t shown = 40;
    return Error{ErrorCode::Io,
                 text.empty() ? "it is empty" : "'" + text.substr(0, shown) + "' is no number that a sensor tells",
                 path.string()};
}

}  // namespace ternion
