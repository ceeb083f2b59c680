// A running ternion-cli, and where its tests write.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace ternion {

inline const std::string sample = std::string(TERNION_RESOURCES) + "/sample-model/ternary-49m.gguf";
inline const std::string golden = std::string(TERNION_TEST_DATA) + "/hgrn-256x4";

/// A folder that is gone afterwards.
class Scratch {
public:
    Scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "ternion-cli-test-XXXXXX").string();
        EXPECT_NE(mkdtemp(name.data()), nullptr);
        path_ = name;
    }
    ~Scratch() { std::filesystem::remove_all(path_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

/// Where every ternion-cli of these tests has its user's data: never the user's own.
inline std::string dataHome() {
    static const Scratch home;
    return home / "data";
}

struct Finished {
    int exitCode = -1;
    std::string out;
    std::string err;

    nlohmann::json json() const { return nlohmann::json::parse(out, nullptr, false); }
};

inline std::string drain(int descriptor) {
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = read(descriptor, buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    close(descriptor);
    return text;
}

/// A running ternion-cli; no shell in between, so that arguments and signals are exact.
class Program {
public:
    explicit Program(std::vector<std::string> arguments, const std::string& input = {}) {
        std::array<int, 2> in{}, out{}, err{};
        EXPECT_EQ(pipe(in.data()) | pipe(out.data()) | pipe(err.data()), 0);
        arguments.insert(arguments.begin(), TERNION_CLI);
        std::vector<char*> argv;
        for (auto& argument : arguments) argv.push_back(argument.data());
        argv.push_back(nullptr);
        const std::string home = dataHome();
        process_ = fork();
        if (process_ == 0) {
            dup2(in[0], STDIN_FILENO);
            dup2(out[1], STDOUT_FILENO);
            dup2(err[1], STDERR_FILENO);
            for (const auto& ends : {in, out, err})
                for (const int end : ends) close(end);
            setenv("XDG_DATA_HOME", home.c_str(), 1);
            execv(argv[0], argv.data());
            _exit(127);
        }
        close(in[0]);
        close(out[1]);
        close(err[1]);
        EXPECT_EQ(write(in[1], input.data(), input.size()), static_cast<ssize_t>(input.size()));
        close(in[1]);
        out_ = out[0];
        err_ = err[0];
    }

    void send(int signal) const { kill(process_, signal); }
    /// Waits until something is on stdout.
    char firstCharacter() const {
        char c = 0;
        return read(out_, &c, 1) == 1 ? c : '\0';
    }
    Finished wait() const {
        Finished finished;
        std::thread errors([&] { finished.err = drain(err_); });
        finished.out = drain(out_);
        errors.join();
        int status = 0;
        waitpid(process_, &status, 0);
        finished.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return finished;
    }

private:
    pid_t process_ = -1;
    int out_ = -1;
    int err_ = -1;
};

inline Finished cli(std::vector<std::string> arguments, const std::string& input = {}) {
    return Program(std::move(arguments), input).wait();
}

}  // namespace ternion
