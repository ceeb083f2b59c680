// Sockets with a name in the file system: the only ones that anything of ours listens on.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "link/handles.h"

namespace ternion::fpga {

/// `type`: SOCK_STREAM or SOCK_SEQPACKET. DeviceUnavailable, with what to do: nobody listens, no permission, no such name.
Result<FileDescriptor> connectSocket(const std::filesystem::path& path, int type);

/// A socket that only its user can connect to, in a folder that only that user can enter. A name that nobody listens on any
/// more is taken over. InvalidArgument: the folder is open to others; Io: the name is in use, or cannot be made.
Result<FileDescriptor> listenSocket(const std::filesystem::path& path, int type);

/// Whether the other end has closed.
bool hasHungUp(int socket);

/// A folder of mode 0700 and of a name that nobody had, in XDG_RUNTIME_DIR, or else where temporary files go. Io.
Result<std::filesystem::path> makePrivateFolder();

}  // namespace ternion::fpga
