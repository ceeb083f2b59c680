#include "sim/board_options.h"

#include <charconv>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>

#include "link/board_process.h"
#include "program/configuration.h"

namespace ternion::fpga {
namespace {

using Limits = SimulationSettings;
constexpr std::uint32_t foreignVersion = acceleratorVersion + (1U << 16);
constexpr std::uint32_t foreignHash = 0xBADC0DE5;

Result<std::uint64_t> numberOf(std::string_view option, std::string_view text, std::uint64_t least, std::uint64_t most) {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure == std::errc() && end == text.data() + text.size() && number >= least && number <= most) return number;
    return Error{ErrorCode::InvalidArgument,
                 std::string(option) + " takes a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
                     ", not '" + std::string(text) + "'",
                 {}};
}

using Flags = std::map<std::string_view, std::function<void(BoardOptions&)>>;
const Flags& flags() {
    static const Flags all{
        {"--help", [](BoardOptions& options) { options.help = true; }},
        {"--persist", [](BoardOptions& options) { options.persists = true; }},
        {"--remove-folder", [](BoardOptions& options) { options.removesFolder = true; }},
        {"--drop-interrupt", [](BoardOptions& options) { options.card.dropsInterrupts = true; }},
        {"--stall", [](BoardOptions& options) { options.card.stalls = true; }},
        {"--wrong-version", [](BoardOptions& options) { options.card.version = foreignVersion; }},
        {"--wrong-config", [](BoardOptions& options) { options.card.configHash = foreignHash; }},
    };
    return all;
}

struct Number {
    std::uint64_t least = 0;
    std::uint64_t most = 0;
    std::function<void(BoardOptions&, std::uint64_t)> set;
};
using Numbers = std::map<std::string_view, Number>;
const Numbers& numbers() {
    constexpr auto number32 = [](std::uint64_t number) { return static_cast<std::uint32_t>(number); };
    constexpr int mebibyte = 20;
    static const Numbers all{
        {"--memory", {1, Limits::mostMebibytes, [](BoardOptions& o, std::uint64_t n) { o.card.memoryBytes = n << mebibyte; }}},
        {"--clock-khz", {1, Limits::mostKhz, [=](BoardOptions& o, std::uint64_t n) { o.card.clockKhz = number32(n); }}},
        {"--latency", {1, Limits::longestLatency, [=](BoardOptions& o, std::uint64_t n) { o.card.latency = number32(n); }}},
        {"--rate", {1, Limits::fullRate, [=](BoardOptions& o, std::uint64_t n) { o.card.rate = number32(n); }}},
        {"--memory-fails-from",
         {0, std::numeric_limits<std::uint64_t>::max(), [](BoardOptions& o, std::uint64_t n) { o.card.memoryFailsFrom = n; }}},
    };
    return all;
}

}  // namespace

Result<BoardOptions> readBoardOptions(std::span<char* const> arguments) {
    BoardOptions options;
    for (std::size_t k = 0; k < arguments.size(); ++k) {
        const std::string_view option = arguments[k];
        if (const auto flag = flags().find(option); flag != flags().end()) {
            flag->second(options);
            continue;
        }
        const auto number = numbers().find(option);
        const bool known = number != numbers().end() || option == "--socket" || option == "--xdma";
        if (!known) return Error{ErrorCode::InvalidArgument, "there is no option '" + std::string(option) + "'", {}};
        if (++k == arguments.size()) return Error{ErrorCode::InvalidArgument, std::string(option) + " lacks its value", {}};
        if (number != numbers().end()) {
            TERNION_TRY(const auto value, numberOf(option, arguments[k], number->second.least, number->second.most));
            number->second.set(options, value);
        } else if (option == "--socket") {
            options.socket = arguments[k];
        } else {
            options.xdma = arguments[k];
        }
    }
    if (!options.help && options.socket.empty() == options.xdma.empty())
        return Error{ErrorCode::InvalidArgument, "give --socket or --xdma, and only one of them", {}};
    return options;
}

const char* boardUsage() {
    return R"(usage: ternion-board (--socket PATH | --xdma FOLDER) [OPTION...]
Serves a simulated board: the accelerator's RTL, cycle by cycle, behind the registers, memory and interrupt of a real one.

  --socket PATH        vfio-user on a UNIX socket, in a folder of yours with mode 0700
  --xdma FOLDER        files named like those of the XDMA driver (FOLDER/xdma0_user ...), in such a folder
  --memory MIB         device memory [256]
  --clock-khz KHZ      the clock that a real board is assumed to have; no part of the simulation depends on it [200000]
  --latency CYCLES     from a read's address to its first word [100]
  --rate WORDS         that memory gives in 1024 cycles, at most [1024]
  --persist            goes on when its client or the program that started it has gone
  --remove-folder      takes the folder of the socket or of the files away at its end, if it is empty then

Faults, for tests:
  --drop-interrupt     computes, and says nothing
  --stall              takes the doorbell, and never comes to an end
  --wrong-version      shows a version of the interface that nobody speaks
  --wrong-config       shows a configuration hash that no program has
  --memory-fails-from ADDRESS   answers accesses from there on with a bus error
)";
}

}  // namespace ternion::fpga
