// A verilated module on a clock, and the chance that stalls it.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include <verilated.h>

/// Set inputs, settle() where an output depends on them, then edge(). The clock
/// is low in between.
template <typename Model>
struct Clocked {
    VerilatedContext context;
    Model model{&context, "module"};

    Clocked() {
        settle();  // the first evaluation sees no edge
        reset();
    }
    ~Clocked() { model.final(); }
    Clocked(const Clocked&) = delete;
    Clocked& operator=(const Clocked&) = delete;

    Model* operator->() { return &model; }
    void settle() { model.eval(); }
    void edge() {
        model.clk_i = 1;
        model.eval();
        model.clk_i = 0;
        model.eval();
    }
    void reset() {
        if constexpr (requires { model.rst_ni; }) {
            model.rst_ni = 0;
            edge();
            model.rst_ni = 1;
            settle();
        }
    }
};

class Chance {
public:
    explicit Chance(std::uint32_t seed) : engine_(seed) {}
    bool in(std::uint32_t of) { return below(of) == 0; }  ///< one time in `of`
    std::uint32_t below(std::uint32_t end) { return std::uniform_int_distribution<std::uint32_t>(0, end - 1)(engine_); }
    std::uint32_t between(std::uint32_t first, std::uint32_t last) { return first + below(last - first + 1); }
    std::uint32_t bits() { return static_cast<std::uint32_t>(engine_()); }
    std::uint64_t bits64() { return std::uint64_t{bits()} << 32 | bits(); }

private:
    std::mt19937 engine_;
};
