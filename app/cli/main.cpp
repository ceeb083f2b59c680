// ternion-cli: composition root. Exit codes: 0 done, 2 bad usage, 3 bad input file, 4 missing or failed device, 5 stopped.
#include <csignal>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <thread>

#include "backend/cpu/cpu_backend.h"
#include "backend/fpga_backend.h"
#include "backend/vulkan/vulkan_backend.h"
#include "base/log.h"
#include "base/user_folders.h"
#include "command.h"

namespace ternion::cli {
namespace {

struct CommandEntry {
    const char* name;
    const char* description;
    Setup setup;
};

const std::vector<CommandEntry>& commands() {
    static const std::vector<CommandEntry> table{
        {"devices", "List the backends and devices of this machine", setupDevices},
        {"info", "Show a model's configuration and its trits", setupInfo},
        {"tokenize", "Turn text into token ids and back", setupTokenize},
        {"convert", "Pack a Hugging Face folder into one GGUF file", setupConvert},
        {"logits", "Write the logits and hidden states of a token sequence", setupLogits},
        {"generate", "Complete a prompt", setupGenerate},
        {"chat", "Talk with a model in the terminal", setupChat},
        {"bench", "Measure prefill and decode speed against the memory roofline", setupBench},
        {"compare", "Run the same text on two or three devices and tell what differs", setupCompare},
        {"comparisons", "List what compare has recorded, newest first, against the baseline", setupComparisons},
        {"inspect", "Write what is inside a model, or inside one of its passes, to a file", setupInspect},
        {"runs", "List what has been recorded, newest first", setupRuns},
        {"sql", "Ask the database of runs a question in SQL", setupSql},
        {"export", "Write a run to a file that can be carried elsewhere, or its raw samples", setupExport},
        {"import", "Put a run that was exported elsewhere among the runs here", setupImport},
        {"replay", "Run an exported run again and tell what differs", setupReplay},
        {"projection", "What the accelerator would do on boards that are not here, modelled", setupProjection},
        {"paper", "The paper's table: memory, latency, power and energy of the published models, ours beside theirs",
         setupPaper},
    };
    return table;
}

enum ExitCode { Done = 0, BadUsage = 2, BadInput = 3, BadDevice = 4, Stopped = 5 };

ExitCode exitCodeOf(ErrorCode code) {
    switch (code) {
        case ErrorCode::InvalidArgument:
            return BadUsage;
        case ErrorCode::BadInput:
        case ErrorCode::NotFound:
        case ErrorCode::Io:
        case ErrorCode::Unsupported:
            return BadInput;
        case ErrorCode::OutOfMemory:
        case ErrorCode::DeviceUnavailable:
        case ErrorCode::DeviceOutOfMemory:
        case ErrorCode::DeviceLost:
            return BadDevice;
        case ErrorCode::Cancelled:
            return Stopped;
    }
    return BadInput;
}

/// Ctrl+C as a stop token. A thread waits for the signal, since a handler may do next to nothing.
class Interrupt {
public:
    Interrupt() {
        sigemptyset(&signals_);
        sigaddset(&signals_, SIGINT);
        sigaddset(&signals_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &signals_, nullptr);  // before any other thread: they inherit it
        std::thread([this] { wait(); }).detach();
    }

    std::stop_token arm() {
        const std::lock_guard lock(mutex_);
        source_ = std::stop_source();
        return source_.get_token();
    }

private:
    void wait() {
        for (int signal = 0; sigwait(&signals_, &signal) == 0;) {
            const std::lock_guard lock(mutex_);
            // The second one, or one while nothing that can stop is running, ends the program.
            if (!source_.stop_possible() || !source_.request_stop()) std::_Exit(Stopped);
        }
    }

    sigset_t signals_{};
    std::mutex mutex_;
    std::stop_source source_{std::nostopstate};
};

/// What the simulated board assumes; before the command or after it.
void addSimulation(CLI::App& app, fpga::SimulationSettings& settings) {
    using Limits = fpga::SimulationSettings;
    auto* group = app.add_option_group("Simulated board", "what fpga:sim assumes");
    group->add_option("--board-clock-khz", settings.clockKhz, "Its clock")
        ->check(CLI::Range(1U, Limits::mostKhz))
        ->capture_default_str();
    group->add_option("--board-memory-mib", settings.memoryMebibytes, "Its memory")
        ->check(CLI::Range(1U, Limits::mostMebibytes))
        ->capture_default_str();
    group->add_option("--board-latency", settings.latency, "Cycles from a read's address to its first word")
        ->check(CLI::Range(1U, Limits::longestLatency))
        ->capture_default_str();
    group->add_option("--board-rate", settings.rate, "Words that its memory gives in 1024 cycles, at most")
        ->check(CLI::Range(1U, Limits::fullRate))
        ->capture_default_str();
}

int report(const Result<nlohmann::ordered_json>& result, bool json) {
    if (!result) {
        std::cerr << "ternion-cli: " << result.error().text() << "\n";
        return exitCodeOf(result.error().code);
    }
    if (json) std::cout << result->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    std::cout.flush();
    if (!std::cout) {
        std::cerr << "ternion-cli: the output could not be written\n";
        return BadInput;
    }
    return result->value("stopped", false) ? Stopped : Done;
}

int run(int argc, char** argv) {
    // Static: its thread waits for signals until the program ends.
    static Interrupt interrupt;
    Context context;
    context.armInterrupt = [] { return interrupt.arm(); };
    context.registry.add(makeVulkanBackend({.cacheFolder = userCacheFolder()}));
    context.registry.add(makeCpuBackend());
    fpga::SimulationSettings simulation;
    fpga::FpgaOptions boards;
    boards.simulation = [&simulation] { return simulation; };
    context.registry.add(fpga::makeFpgaBackend(std::move(boards)));
    setLogHook([](LogLevel level, std::string_view message) {
        if (level >= LogLevel::Warning) std::cerr << message << "\n";
    });

    CLI::App app{"Ternion: a workbench for MatMul-free language models", "ternion-cli"};
    app.require_subcommand(1);
    app.set_version_flag("--version", TERNION_VERSION);
    app.fallthrough();
    addSimulation(app, simulation);
    std::vector<std::pair<CLI::App*, Run>> runs;
    for (const auto& entry : commands()) {
        CLI::App* sub = app.add_subcommand(entry.name, entry.description);
        sub->add_flag("--json", context.json, "Print one JSON object on stdout");
        runs.emplace_back(sub, entry.setup(*sub, context));
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::RequiredError& error) {
        // It misses the command before it says which word is none.
        if (const auto words = app.remaining(); !words.empty()) std::cerr << "there is no command '" << words.front() << "'\n";
        return app.exit(error) == 0 ? Done : BadUsage;
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? Done : BadUsage;
    }
    for (const auto& [sub, command] : runs)
        if (sub->parsed()) return report(command(), context.json);
    return BadUsage;
}

}  // namespace

Progress Context::progress() const {
    Progress progress;
    progress.stop = armInterrupt();
    if (isatty(STDERR_FILENO) != 0)
        progress.report = [last = -1](std::string_view what, double fraction) mutable {
            const int percent = static_cast<int>(fraction * 100);
            if (percent == last) return;
            last = percent;
            std::cerr << "\r\x1b[K" << what << " " << percent << " %" << (percent >= 100 ? "\r\x1b[K" : "") << std::flush;
        };
    return progress;
}

}  // namespace ternion::cli

int main(int argc, char** argv) {
    try {
        return ternion::cli::run(argc, argv);
    } catch (const std::exception& failure) {  // nothing of ours throws: memory, or a third party
        std::fprintf(stderr, "ternion-cli: %s\n", failure.what());
        return 4;
    }
}
