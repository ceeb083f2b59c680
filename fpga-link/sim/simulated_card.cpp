#include "sim/simulated_card.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "accelerator_interface.h"
#include "link/board_process.h"
#include "link/failures.h"
#include "program/configuration.h"

namespace ternion::fpga {
namespace {

constexpr std::uint32_t shellStart = 0x1000;
constexpr std::uint32_t isSimulation = 1;
constexpr std::uint32_t resets = 2;
constexpr std::uint32_t startsDma = 1;
constexpr std::uint32_t dmaToHost = 2;
constexpr std::uint32_t dmaDone = 2;
constexpr std::uint32_t dmaFailed = 4;

std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }
void setLow(std::uint64_t& value, std::uint32_t half) { value = (value & ~std::uint64_t{0xFFFFFFFF}) | half; }
void setHigh(std::uint64_t& value, std::uint32_t half) { value = (value & 0xFFFFFFFF) | std::uint64_t{half} << 32; }

/// Memory that gives nothing at all would never let a program end.
std::uint32_t possibleRate(std::uint32_t rate) { return std::clamp(rate, std::uint32_t{1}, SimulationSettings::fullRate); }
std::uint32_t possibleLatency(std::uint32_t latency) {
    return std::clamp(latency, std::uint32_t{1}, SimulationSettings::longestLatency);
}

}  // namespace

SimulatedCard::SimulatedCard(const CardSettings& settings, Mapping memory) : settings_(settings), mapping_(std::move(memory)) {
    memory_.bytes = mapping_.bytes();
    memory_.latency = possibleLatency(settings.latency);
    memory_.rate = possibleRate(settings.rate);
    if (settings.memoryFailsFrom) memory_.failsFrom = *settings.memoryFailsFrom;
}

Result<std::unique_ptr<SimulatedCard>> SimulatedCard::create(const AcceleratorFactory& factory, const CardSettings& settings,
                                                             Mapping memory) {
    if (!memory) memory = Mapping::ofZeros(settings.memoryBytes);
    if (!memory)
        return Error{ErrorCode::OutOfMemory,
                     "there is no room for " + std::to_string(settings.memoryBytes) +
                         " bytes of device memory: " + reasonOf(errno) + "; ask for less",
                     {}};
    std::unique_ptr<SimulatedCard> card(new SimulatedCard(settings, std::move(memory)));
    card->accelerator_ = factory(card->memory_);
    return card;
}

std::uint32_t SimulatedCard::read(std::uint32_t offset) {
    if (offset >= shellStart) return readShell(offset);
    if (offset == reg::version && settings_.version) return *settings_.version;
    if (offset == reg::configHash && settings_.configHash) return *settings_.configHash;
    return accelerator_->read(offset);
}

void SimulatedCard::write(std::uint32_t offset, std::uint32_t value) {
    if (offset >= shellStart)
        writeShell(offset, value);
    else
        accelerator_->write(offset, value);
    watchInterrupt();
}

std::uint32_t SimulatedCard::readShell(std::uint32_t offset) const {
    switch (offset) {
        case shell::shellId:
            return shellId;
        case shell::shellFlags:
            return isSimulation;
        case shell::memoryBytesLo:
            return low(memory_.bytes.size());
        case shell::memoryBytesHi:
            return high(memory_.bytes.size());
        case shell::clockKhz:
            return settings_.clockKhz;
        case shell::memoryLatency:
            return memory_.latency;
        case shell::memoryRate:
            return memory_.rate;
        case shell::dmaHostLo:
            return low(dmaHost_);
        case shell::dmaHostHi:
            return high(dmaHost_);
        case shell::dmaDeviceLo:
            return low(dmaDevice_);
        case shell::dmaDeviceHi:
            return high(dmaDevice_);
        case shell::dmaLength:
            return dmaLength_;
        case shell::dmaStatus:
            return dmaStatus_;
        default:
            return 0;
    }
}

void SimulatedCard::writeShell(std::uint32_t offset, std::uint32_t value) {
    switch (offset) {
        case shell::clockKhz:
            settings_.clockKhz = value;
            break;
        case shell::memoryLatency:
            memory_.latency = possibleLatency(value);
            break;
        case shell::memoryRate:
            memory_.rate = possibleRate(value);
            break;
        case shell::dmaHostLo:
            setLow(dmaHost_, value);
            break;
        case shell::dmaHostHi:
            setHigh(dmaHost_, value);
            break;
        case shell::dmaDeviceLo:
            setLow(dmaDevice_, value);
            break;
        case shell::dmaDeviceHi:
            setHigh(dmaDevice_, value);
            break;
        case shell::dmaLength:
            dmaLength_ = value;
            break;
        case shell::dmaControl:
            if ((value & startsDma) != 0) dmaStatus_ = copy((value & dmaToHost) != 0) ? dmaDone : dmaFailed;
            break;
        default:
            break;
    }
}

bool SimulatedCard::copy(bool toHost) const {
    if (dmaLength_ > memory_.bytes.size() || dmaDevice_ > memory_.bytes.size() - dmaLength_ || !host_) return false;
    const auto host = host_(dmaHost_, dmaLength_);
    if (host.size() != dmaLength_) return false;
    const auto device = memory_.bytes.subspan(dmaDevice_, dmaLength_);
    if (toHost)
        std::copy(device.begin(), device.end(), host.begin());
    else
        std::copy(host.begin(), host.end(), device.begin());
    return true;
}

void SimulatedCard::run(std::uint64_t cycles) {
    if (!busy()) return;
    accelerator_->run(cycles);
    watchInterrupt();
}

void SimulatedCard::watchInterrupt() {
    const bool risen = accelerator_->interrupt() && !line_;
    line_ = accelerator_->interrupt();
    if (risen && !settings_.dropsInterrupts) interrupt_ = true;
}

void SimulatedCard::reset() {
    accelerator_->write(reg::control, resets);
    accelerator_->write(reg::interruptEnable, 0);
    dmaHost_ = dmaDevice_ = dmaLength_ = dmaStatus_ = 0;
    watchInterrupt();
    interrupt_ = false;
}

}  // namespace ternion::fpga
