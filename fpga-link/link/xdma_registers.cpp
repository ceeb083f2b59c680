#include "link/xdma_registers.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "link/failures.h"
#include "link/handles.h"
#include "link/mapped_registers.h"
#include "link/unix_socket.h"
#include "link/xdma_files.h"

namespace ternion::fpga {
namespace {

class MappedXdmaRegisters final : public XdmaRegisters {
public:
    MappedXdmaRegisters(FileDescriptor file, Mapping mapping) : file_(std::move(file)), registers_(std::move(mapping)) {}
    Result<std::uint32_t> read(std::uint32_t offset) override { return registers_.read(offset); }
    Status write(std::uint32_t offset, std::uint32_t value) override {
        registers_.write(offset, value);
        return {};
    }
    int life() const override { return -1; }

private:
    FileDescriptor file_;  // holds the lock
    MappedRegisters registers_;
};

/// Where the driver does not map.
class FileXdmaRegisters final : public XdmaRegisters {
public:
    explicit FileXdmaRegisters(FileDescriptor file) : file_(std::move(file)) {}
    Result<std::uint32_t> read(std::uint32_t offset) override {
        std::uint32_t value = 0;
        if (pread(file_.get(), &value, sizeof value, offset) != sizeof value) return lost();
        std::uint32_t first = value;
        if (value == nothingThere && pread(file_.get(), &first, sizeof first, 0) == sizeof first && first == nothingThere)
            return emptySlot();
        return value;
    }
    Status write(std::uint32_t offset, std::uint32_t value) override {
        if (pwrite(file_.get(), &value, sizeof value, offset) != sizeof value) return lost();
        return {};
    }
    int life() const override { return -1; }

private:
    static Error lost() { return {ErrorCode::DeviceLost, "its registers cannot be reached: " + reasonOf(errno), {}}; }
    FileDescriptor file_;
};

class ServedXdmaRegisters final : public XdmaRegisters {
public:
    static Result<std::unique_ptr<XdmaRegisters>> connect(const std::filesystem::path& user) {
        TERNION_TRY(auto socket, connectSocket(user, SOCK_SEQPACKET));
        auto registers = std::make_unique<ServedXdmaRegisters>(std::move(socket));
        TERNION_TRY(const auto welcome, registers->receive());
        if (welcome.error != 0)
            return Error{ErrorCode::DeviceUnavailable, "another program, or this one, has the board open", user.string()};
        return std::unique_ptr<XdmaRegisters>(std::move(registers));
    }
    explicit ServedXdmaRegisters(FileDescriptor socket) : socket_(std::move(socket)) {}

    Result<std::uint32_t> read(std::uint32_t offset) override {
        TERNION_TRY(const auto reply, ask({0, offset, 0}));
        return reply.value;
    }
    Status write(std::uint32_t offset, std::uint32_t value) override {
        if (const auto reply = ask({1, offset, value}); !reply) return reply.error();
        return {};
    }
    int life() const override { return socket_.get(); }

private:
    Result<RegisterReply> ask(const RegisterRequest& request) {
        if (send(socket_.get(), &request, sizeof request, MSG_NOSIGNAL) != sizeof request)
            return Error{ErrorCode::DeviceLost, "the board's process has ended", {}};
        TERNION_TRY(const auto reply, receive());
        if (reply.error != 0)
            return Error{ErrorCode::DeviceLost, "the board refused a register: " + reasonOf(static_cast<int>(reply.error)), {}};
        return reply;
    }
    Result<RegisterReply> receive() {
        constexpr int patience = 10'000;  // milliseconds
        pollfd watched{socket_.get(), POLLIN, 0};
        if (poll(&watched, 1, patience) == 0) return Error{ErrorCode::DeviceLost, "the board's process does not answer", {}};
        RegisterReply reply;
        if (recv(socket_.get(), &reply, sizeof reply, 0) != sizeof reply)
            return Error{ErrorCode::DeviceLost, "the board's process has ended", {}};
        return reply;
    }
    FileDescriptor socket_;
};

}  // namespace

Result<std::unique_ptr<XdmaRegisters>> XdmaRegisters::open(const std::filesystem::path& user, std::uint64_t windowBytes) {
    struct stat facts {};
    if (stat(user.c_str(), &facts) != 0)
        return Error{ErrorCode::DeviceUnavailable,
                     "there is no such device; is the xdma driver loaded, and the board in its slot?", user.string()};
    if (S_ISSOCK(facts.st_mode)) return ServedXdmaRegisters::connect(user);
    FileDescriptor file(::open(user.c_str(), O_RDWR | O_CLOEXEC));
    if (!file && errno == EACCES)
        return Error{ErrorCode::DeviceUnavailable, "you may not open it; add a udev rule that gives your group xdma's devices",
                     user.string()};
    if (!file) return Error{ErrorCode::DeviceUnavailable, "cannot open it: " + reasonOf(errno), user.string()};
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0)
        return Error{ErrorCode::DeviceUnavailable, "another program, or this one, has the board open", user.string()};
    // What a plain file lacks at its end would end us.
    const bool whole = !S_ISREG(facts.st_mode) || static_cast<std::uint64_t>(facts.st_size) >= windowBytes;
    if (auto mapping = whole ? Mapping::ofFile(file.get(), windowBytes) : Mapping())
        return std::unique_ptr<XdmaRegisters>(std::make_unique<MappedXdmaRegisters>(std::move(file), std::move(mapping)));
    return std::unique_ptr<XdmaRegisters>(std::make_unique<FileXdmaRegisters>(std::move(file)));
}

}  // namespace ternion::fpga
