#include "sim/xdma_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "link/failures.h"
#include "link/unix_socket.h"

namespace ternion::fpga {
namespace {

constexpr mode_t forUser = S_IRUSR | S_IWUSR;
constexpr const char* prefix = "xdma0";

Error systemError(const char* what, const std::filesystem::path& path) {
    return {ErrorCode::Io, std::string(what) + ": " + reasonOf(errno), path.string()};
}

}  // namespace

XdmaFolder::~XdmaFolder() {
    for (const auto& file : {files_.user, files_.toCard, files_.fromCard, files_.events}) unlink(file.c_str());
}

Result<std::unique_ptr<XdmaFolder>> XdmaFolder::make(const std::filesystem::path& folder, std::uint64_t memoryBytes) {
    auto files = XdmaFiles::in(folder, prefix);
    TERNION_TRY(auto listener, listenSocket(files.user, SOCK_SEQPACKET));  // looks at the folder, and for another server
    std::unique_ptr<XdmaFolder> made(new XdmaFolder(std::move(files)));
    made->listener_ = std::move(listener);
    TERNION_CHECK(made->fill(memoryBytes));
    return made;
}

Status XdmaFolder::fill(std::uint64_t memoryBytes) {
    for (const auto& file : {files_.toCard, files_.fromCard, files_.events}) unlink(file.c_str());
    const FileDescriptor memory(open(files_.toCard.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, forUser));
    if (!memory || ftruncate(memory.get(), static_cast<off_t>(memoryBytes)) != 0)
        return systemError("cannot make device memory", files_.toCard);
    if (link(files_.toCard.c_str(), files_.fromCard.c_str()) != 0) return systemError("cannot make it", files_.fromCard);
    memory_ = Mapping::ofFile(memory.get(), memoryBytes);
    if (!memory_) return systemError("cannot map device memory", files_.toCard);
    if (mkfifo(files_.events.c_str(), forUser) != 0) return systemError("cannot make it", files_.events);
    events_ = FileDescriptor(open(files_.events.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!events_) return systemError("cannot open it", files_.events);
    return {};
}

Result<BoardServer::Event> XdmaServer::serve(std::chrono::milliseconds timeout) {
    std::array<pollfd, 2> watched{{{folder_->listener(), POLLIN, 0}, {client_.get(), POLLIN, 0}}};
    if (poll(watched.data(), watched.size(), static_cast<int>(timeout.count())) < 0 && errno != EINTR)
        return Error{ErrorCode::Io, "cannot wait for its clients", {}};
    const bool left = watched[1].revents != 0 && !answerClient();
    if (left) letGo();
    if ((watched[0].revents & POLLIN) != 0) acceptClient();
    return left ? Event::ClientLeft : Event::Nothing;
}

void XdmaServer::acceptClient() {
    FileDescriptor caller(accept4(folder_->listener(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!caller) return;
    if (client_ && hasHungUp(client_.get())) letGo();  // since we looked
    RegisterReply welcome;
    welcome.error = client_ ? EBUSY : 0;
    const bool heard = send(caller.get(), &welcome, sizeof welcome, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof welcome;
    if (heard && !client_) client_ = std::move(caller);
}

void XdmaServer::letGo() {
    client_ = FileDescriptor();
    card_.reset();
}

bool XdmaServer::answerClient() {
    RegisterRequest request;
    if (recv(client_.get(), &request, sizeof request, MSG_DONTWAIT | MSG_TRUNC) != sizeof request) return false;
    RegisterReply reply;
    if (request.offset % sizeof reply.value != 0 || request.offset > SimulatedCard::windowBytes - sizeof reply.value)
        reply.error = EINVAL;
    else if (request.isWrite != 0)
        card_.write(request.offset, request.value);
    else
        reply.value = card_.read(request.offset);
    return send(client_.get(), &reply, sizeof reply, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof reply;
}

void XdmaServer::interrupt() {
    const std::uint32_t count = 1;
    // A pipe that is full of interrupts says all that there is to say.
    if (write(folder_->events(), &count, sizeof count) < 0) return;
}

}  // namespace ternion::fpga
