#include "link/unix_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "link/failures.h"

namespace ternion::fpga {
namespace {

constexpr mode_t forOthers = S_IRWXG | S_IRWXO;

/// InvalidArgument: the name is too long for a socket.
Result<sockaddr_un> addressOf(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = path.string();
    if (name.empty() || name.size() >= sizeof address.sun_path)
        return Error{ErrorCode::InvalidArgument,
                     "a socket's name has 1 to " + std::to_string(sizeof address.sun_path - 1) + " bytes", name};
    name.copy(address.sun_path, name.size());
    return address;
}

Result<FileDescriptor> makeSocket(int type) {
    FileDescriptor made(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
    if (!made) return Error{ErrorCode::Io, "cannot make a socket: " + reasonOf(errno), {}};
    return made;
}

}  // namespace

Result<FileDescriptor> connectSocket(const std::filesystem::path& path, int type) {
    TERNION_TRY(const auto address, addressOf(path));
    TERNION_TRY(auto socket, makeSocket(type));
    if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
    const int number = errno;
    std::string message = "cannot connect to it: " + reasonOf(number);
    if (number == ECONNREFUSED) message = "nobody serves this socket any more; start ternion-board again";
    if (number == ENOENT) message = "there is no such socket; is ternion-board running?";
    if (number == EACCES) message = "the socket is another user's: run ternion-board as the user who is to use it";
    return Error{ErrorCode::DeviceUnavailable, std::move(message), path.string()};
}

Result<FileDescriptor> listenSocket(const std::filesystem::path& path, int type) {
    struct stat folder {};
    const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    if (stat(parent.c_str(), &folder) != 0) return Error{ErrorCode::Io, "cannot use it: " + reasonOf(errno), parent.string()};
    if (folder.st_uid != geteuid() || (folder.st_mode & forOthers) != 0)
        return Error{ErrorCode::InvalidArgument, "a board's socket belongs in a folder of yours with mode 0700",
                     parent.string()};
    TERNION_TRY(const auto address, addressOf(path));
    TERNION_TRY(auto socket, makeSocket(type));
    struct stat there {};
    if (lstat(path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) {
        if (connectSocket(path, type)) return Error{ErrorCode::Io, "another board is served there already", path.string()};
        unlink(path.c_str());
    }
    // The folder keeps everybody else away until the mode is set.
    constexpr int waiting = 4;
    if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0 || listen(socket.get(), waiting) != 0)
        return Error{ErrorCode::Io, "cannot listen on it: " + reasonOf(errno), path.string()};
    return socket;
}

bool hasHungUp(int socket) {
    pollfd watched{socket, POLLRDHUP, 0};
    return poll(&watched, 1, 0) > 0;
}

Result<std::filesystem::path> makePrivateFolder() {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    std::error_code failure;
    std::filesystem::path parent = runtime != nullptr ? runtime : "";
    if (!parent.is_absolute() || !std::filesystem::is_directory(parent, failure))
        parent = std::filesystem::temp_directory_path(failure);
    std::string name = (parent / "ternion-board-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
        return Error{ErrorCode::Io, "cannot make a folder for the board's socket: " + reasonOf(errno), parent.string()};
    return std::filesystem::path(name);
}

}  // namespace ternion::fpga
