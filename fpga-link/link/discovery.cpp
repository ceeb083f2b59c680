#include "link/discovery.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <regex>

#include "link/bounds.h"
#include "link/card_identity.h"
#include "link/vfio_user_board.h"
#include "link/xdma_board.h"
#include "link/xdma_files.h"

namespace ternion::fpga {
namespace {

using std::filesystem::path;

constexpr const char* simulatedId = "sim";
constexpr const char* userEnd = "_user";

BoardInfo notUsable(BoardInfo info, std::string reason) {
    info.usable = false;
    info.reason = std::move(reason);
    return info;
}

/// Names in a folder, in order; none where it cannot be read.
std::vector<std::string> namesIn(const path& folder) {
    std::vector<std::string> names;
    std::error_code failure;
    for (std::filesystem::directory_iterator entry(folder, failure), end; !failure && entry != end; entry.increment(failure))
        names.push_back(entry->path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

/// "0x10ee" of a file of sysfs.
std::optional<std::uint32_t> numberIn(const path& file) {
    std::ifstream in(file);
    std::string text;
    if (!(in >> text) || !text.starts_with("0x")) return {};
    std::uint32_t number = 0;
    constexpr int base = 16;
    const auto [end, failure] = std::from_chars(text.data() + 2, text.data() + text.size(), number, base);
    if (failure != std::errc() || end != text.data() + text.size()) return {};
    return number;
}

Result<path> boardProgram(const DiscoverySettings& settings) {
    if (settings.boardProgram.empty()) return findBoardProgram();
    if (access(settings.boardProgram.c_str(), X_OK) == 0) return settings.boardProgram;
    return Error{ErrorCode::NotFound, "there is no program there that can be run; build ternion-board",
                 settings.boardProgram.string()};
}

BoardInfo simulatedBoard(const DiscoverySettings& settings) {
    BoardInfo info;
    info.id = simulatedId;
    info.name = "Simulated board";
    info.transport = "vfio-user";
    info.simulated = true;
    if (const auto program = boardProgram(settings); !program) return notUsable(std::move(info), program.error().text());
    info.usable = true;
    return info;
}

/// Which PCI device is behind the driver's file; empty where sysfs does not tell.
std::string pciAddressOf(const DiscoverySettings& settings, const std::string& prefix) {
    std::error_code failure;
    return std::filesystem::read_symlink(settings.roots.system / "class/xdma" / (prefix + userEnd) / "device", failure)
        .filename()
        .string();
}

BoardInfo xdmaBoard(const DiscoverySettings& settings, const std::string& prefix) {
    BoardInfo info;
    info.id = (settings.roots.devices / prefix).string();
    info.name = "XDMA board " + prefix;
    info.transport = "xdma";
    info.pciAddress = pciAddressOf(settings, prefix);
    const auto board = XdmaBoard::open(settings.roots.devices, prefix, info.pciAddress);
    return board ? (*board)->info() : notUsable(std::move(info), board.error().message);
}

/// Nothing for a device that is not ours and that nobody has set aside for a program.
std::optional<BoardInfo> pciBoard(const DiscoverySettings& settings, const std::string& address) {
    const path device = settings.roots.system / "bus/pci/devices" / address;
    const auto vendor = numberIn(device / "vendor");
    const auto product = numberIn(device / "device");
    if (!vendor || !product) return {};
    std::error_code failure;
    const auto driver = std::filesystem::read_symlink(device / "driver", failure).filename().string();
    const bool ours = *vendor == pciVendor && *product == pciDevice;
    if (driver == "xdma" || (!ours && driver != "vfio-pci")) return {};

    BoardInfo info;
    info.id = info.pciAddress = address;
    info.name = "PCI board " + address;
    info.transport = "vfio-pci";
    if (!ours)
        return notUsable(std::move(info), "it is bound to vfio-pci, but is no board of ours: its identity is " +
                                              hexText(*vendor) + ":" + hexText(*product) + ", not " + hexText(pciVendor) + ":" +
                                              hexText(pciDevice));
    if (driver != "vfio-pci")
        return notUsable(std::move(info), (driver.empty() ? "no driver has it" : "the driver " + driver + " has it") +
                                              std::string(": load xdma, or bind it to vfio-pci (fpga-link/link/README.md)"));
    const auto board = VfioPciBoard::open(address, settings.roots);
    return board ? (*board)->info() : notUsable(std::move(info), board.error().message);
}

bool isPciAddress(const std::string& id) {
    static const std::regex form("[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]");
    return std::regex_match(id, form);
}

template <class Opened>
Result<std::unique_ptr<Board>> asBoard(Result<std::unique_ptr<Opened>> opened) {
    if (!opened) return opened.error();
    return std::unique_ptr<Board>(std::move(*opened));
}

Result<std::unique_ptr<Board>> openSimulated(const DiscoverySettings& settings) {
    TERNION_TRY(const auto program, boardProgram(settings));
    TERNION_TRY(auto process, BoardProcess::start(program, settings.simulation));
    const auto socket = process.socket();
    VfioUserBoard::Settings board;
    board.id = simulatedId;
    return asBoard(VfioUserBoard::open(socket, std::move(board), std::move(process)));
}

}  // namespace

std::vector<BoardInfo> findBoards(const DiscoverySettings& settings) {
    std::vector<BoardInfo> boards{simulatedBoard(settings)};
    for (const auto& name : namesIn(settings.roots.devices))
        if (name.starts_with("xdma") && name.ends_with(userEnd))
            boards.push_back(xdmaBoard(settings, name.substr(0, name.size() - std::string(userEnd).size())));
    for (const auto& address : namesIn(settings.roots.system / "bus/pci/devices"))
        if (auto board = pciBoard(settings, address)) boards.push_back(std::move(*board));
    return boards;
}

Result<std::unique_ptr<Board>> openBoard(const std::string& id, const DiscoverySettings& settings) {
    if (id == simulatedId) return openSimulated(settings);
    if (isPciAddress(id)) return asBoard(VfioPciBoard::open(id, settings.roots));
    struct stat facts {};
    if (stat(id.c_str(), &facts) == 0 && S_ISSOCK(facts.st_mode)) return asBoard(VfioUserBoard::open(id, {}));
    const path file(id);
    const auto prefix = file.filename().string();
    if (file.is_absolute() && prefix.starts_with("xdma"))
        return asBoard(XdmaBoard::open(file.parent_path(), prefix, pciAddressOf(settings, prefix)));
    return Error{ErrorCode::NotFound,
                 "there is no such board: it is sim, /dev/xdma0, a PCI address like 0000:03:00.0, or a socket of ternion-board",
                 id};
}

}  // namespace ternion::fpga
