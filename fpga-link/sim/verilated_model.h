// What makes an Accelerator of a verilated rtl/accelerator.sv, whatever its
// parameters.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include <verilated.h>

#include "sim/accelerator.h"
#include "sim/axi_memory.h"

namespace ternion::fpga {

/// Model: the class that Verilator made. A register access takes a few cycles
/// of the clock.
template <typename Model>
class VerilatedAccelerator final : public Accelerator {
public:
    explicit VerilatedAccelerator(DeviceMemory& memory)
        : memory_(&memory), model_(std::make_unique<Model>(&context_, "accelerator")), axi_(memory, wordBytes()) {
        model_->eval();  // the first evaluation sees no edge
        hardReset();
    }
    ~VerilatedAccelerator() override { model_->final(); }
    VerilatedAccelerator(const VerilatedAccelerator&) = delete;
    VerilatedAccelerator& operator=(const VerilatedAccelerator&) = delete;

    std::uint32_t read(std::uint32_t offset) override {
        model_->s_araddr_i = static_cast<std::uint16_t>(offset);
        model_->s_arvalid_i = true;
        do tick();
        while (!model_->s_rvalid_o);
        model_->s_arvalid_i = false;
        const std::uint32_t value = model_->s_rdata_o;
        tick();
        return value;
    }
    void write(std::uint32_t offset, std::uint32_t value) override {
        model_->s_awaddr_i = static_cast<std::uint16_t>(offset);
        model_->s_wdata_i = value;
        model_->s_awvalid_i = model_->s_wvalid_i = true;
        do tick();
        while (!model_->s_bvalid_o);
        model_->s_awvalid_i = model_->s_wvalid_i = false;
        tick();
    }
    void run(std::uint64_t cycles) override {
        for (bool high = interrupt(); cycles > 0 && busy() && (high || !interrupt()); --cycles) {
            high = interrupt();
            tick();
        }
    }
    bool busy() const override { return model_->busy_o; }
    bool interrupt() const override { return model_->interrupt_o; }

    /// The reset line, of the chip and of what is on its bus.
    void hardReset() {
        axi_ = AxiMemory(*memory_, wordBytes());
        model_->rst_ni = false;
        model_->s_arvalid_i = model_->s_awvalid_i = model_->s_wvalid_i = false;
        model_->s_rready_i = model_->s_bready_i = true;
        model_->s_wstrb_i = 0xF;
        tick();
        model_->rst_ni = true;
        tick();
    }
    /// For tests: asked each cycle what the bus holds back.
    void stallBy(std::function<BusStalls()> source) { stalls_ = std::move(source); }
    Model& model() { return *model_; }

private:
    static constexpr std::size_t wordBytes() { return sizeof(std::declval<Model&>().m_rdata_i); }

    /// The inputs change with the rising edge, which takes them; so one
    /// evaluation an edge is enough.
    void tick() {
        if (stalls_)
            axi_.step(*model_, stalls_());
        else
            axi_.step(*model_);
        model_->clk_i = true;
        model_->eval();
        model_->clk_i = false;
        model_->eval();
    }

    DeviceMemory* memory_;
    VerilatedContext context_;
    std::unique_ptr<Model> model_;
    AxiMemory axi_;
    std::function<BusStalls()> stalls_;
};

}  // namespace ternion::fpga
