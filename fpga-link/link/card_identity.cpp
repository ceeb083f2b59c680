#include "link/card_identity.h"

#include <string>

#include "accelerator_interface.h"
#include "link/bounds.h"
#include "link/failures.h"

namespace ternion::fpga {
namespace {

constexpr int majorBits = 16;

std::string versionText(std::uint32_t version) {
    return std::to_string(version >> majorBits) + "." + std::to_string(version & 0xFFFF);
}

std::string parametersText(const Configuration& configuration) {
    return std::to_string(configuration.lanes) + " lanes, " + std::to_string(configuration.groups) + " groups, " +
           (configuration.dense ? "five trits a byte, " : "four trits a byte, ") + std::to_string(configuration.vectorWords) +
           " vector words, " + std::to_string(configuration.codeWords) + " code words";
}

}  // namespace

Result<CardIdentity> readIdentity(Board& board) {
    CardIdentity identity;
    TERNION_TRY(identity.id, board.read32(reg::id));
    TERNION_TRY(identity.shell, board.read32(shell::shellId));
    TERNION_TRY(identity.version, board.read32(reg::version));
    TERNION_TRY(identity.configHash, board.read32(reg::configHash));
    TERNION_TRY(const auto array, board.read32(reg::array));
    TERNION_TRY(const auto memories, board.read32(reg::memories));
    identity.configuration = Configuration::of(array, memories);
    TERNION_TRY(identity.memoryBytes, read64(board, shell::memoryBytesLo));
    TERNION_TRY(identity.clockKhz, board.read32(shell::clockKhz));
    TERNION_TRY(const auto flags, board.read32(shell::shellFlags));
    identity.simulated = (flags & 1) != 0;
    return identity;
}

Status checkIdentity(const CardIdentity& identity) {
    if (identity.id != acceleratorId)
        return unavailable("this is no accelerator of ours: its ID register reads " + hexText(identity.id) + ", not " +
                           hexText(acceleratorId) + "; is the right bitstream loaded?");
    if (identity.shell != shellId)
        return unavailable("the accelerator is in a shell that is not ours: SHELL_ID reads " + hexText(identity.shell) +
                           ", not " + hexText(shellId) + "; build the bitstream with the shell of fpga-link");
    if (identity.version >> majorBits != acceleratorVersion >> majorBits)
        return unavailable("its bitstream has version " + versionText(identity.version) +
                           " of the interface, and this program speaks " + versionText(acceleratorVersion) +
                           ": load a bitstream of this release");
    if (identity.configHash != identity.configuration.hash())
        return unavailable("its configuration hash reads " + hexText(identity.configHash) + ", but that of its parameters (" +
                           parametersText(identity.configuration) + ") is " + hexText(identity.configuration.hash()) +
                           ": the bitstream is of another release, or damaged");
    if (identity.memoryBytes == 0) return unavailable("it has no device memory; the bitstream's shell is not complete");
    return {};
}

Status checkConfiguration(const CardIdentity& identity, const Configuration& program) {
    if (identity.configHash == program.hash()) return {};
    return unavailable("the program was made for another accelerator (" + parametersText(program) + ") than the board's (" +
                       parametersText(identity.configuration) + "): load the model again for this board");
}

}  // namespace ternion::fpga
