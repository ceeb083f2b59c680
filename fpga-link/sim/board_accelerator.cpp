#include "sim/board_accelerator.h"

#include <cstring>
#include "accelerator_interface.h"
#include "program/configuration.h"

namespace ternion::fpga {
namespace {
// TEMPORARY
class Halting final : public Accelerator {
public:
    explicit Halting(DeviceMemory& m) : m_(m) {}
    std::uint32_t read(std::uint32_t o) override {
        switch (o) {
            case reg::id:
                return acceleratorId;
            case reg::version:
                return acceleratorVersion;
            case reg::configHash:
                return Configuration{}.hash();
            case reg::array:
                return Configuration{}.arrayRegister();
            case reg::memories:
                return Configuration{}.memoriesRegister();
            case reg::interruptStatus:
                return irq_ & 3;
            case reg::status:
                return busy_ ? 1 : status_;
            case reg::error:
                return error_;
            case reg::token:
                return token_;
            default:
                return r_[o / 4];
        }
    }
    void write(std::uint32_t o, std::uint32_t v) override {
        if (o == reg::control && (v & 2)) {
            busy_ = false;
            irq_ = 0;
            status_ = 0;
            enable_ = 0;
            return;
        }
        if (o == reg::control && (v & 1)) {
            busy_ = true;
            return;
        }
        if (o == reg::interruptStatus) {
            irq_ &= ~v;
            return;
        }
        if (o == reg::interruptEnable) {
            enable_ = v;
            return;
        }
        if (o == reg::token)
            token_ = v;
        else
            r_[o / 4] = v;
    }
    void run(std::uint64_t) override {
        if (!busy_) return;
        busy_ = false;
        std::uint64_t pc = r_[reg::programLo / 4];
        if (pc + 16 > m_.bytes.size()) {
            status_ = 6;
            error_ = 2;
            irq_ |= 2;
            return;
        }
        if (m_.bytes[pc] != std::byte{0}) {
            status_ = 6;
            error_ = 1;
            irq_ |= 2;
            return;
        }
        status_ = 2;
        error_ = 0;
        irq_ |= 1;
    }
    bool busy() const override { return busy_; }
    bool interrupt() const override { return (irq_ & enable_) != 0; }
    DeviceMemory& m_;
    std::uint32_t r_[1024] = {}, token_ = 0, irq_ = 0, enable_ = 0, status_ = 0, error_ = 0;
    bool busy_ = false;
};
}  // namespace
std::unique_ptr<Accelerator> makeBoardAccelerator(DeviceMemory& memory) { return std::make_unique<Halting>(memory); }
}  // namespace ternion::fpga
