#include "program/reference_accelerator.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ternion::fpga {
namespace {

constexpr std::uint32_t interruptAtEnd = 1, interruptAtError = 2;

std::int32_t elementAt(std::span<const std::byte> bytes, std::size_t index) {
    std::int32_t value = 0;
    std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
    return value;
}

/// Trit `row` of a byte of the matrix.
int tritOf(unsigned byte, int row, bool dense) {
    if (!dense) {
        const unsigned code = byte >> (2 * row) & 3U;
        return code == 1 ? 1 : code == 3 ? -1 : 0;
    }
    if (byte >= 243) return 0;
    for (; row > 0; --row) byte /= 3;
    return static_cast<int>(byte % 3) - 1;
}

}  // namespace

ReferenceAccelerator::ReferenceAccelerator(DeviceMemory& memory, const Configuration& configuration)
    : memory_(memory),
      configuration_(configuration),
      vectors_(static_cast<std::size_t>(configuration.vectorWords) * static_cast<std::size_t>(configuration.elements())),
      codes_(static_cast<std::size_t>(configuration.codeWords) * static_cast<std::size_t>(configuration.lanes)) {}

std::uint64_t ReferenceAccelerator::pair(std::uint32_t low) const {
    const auto value = [&](std::uint32_t offset) {
        const auto found = registers_.find(offset);
        return std::uint64_t{found == registers_.end() ? 0 : found->second};
    };
    return value(low) | value(low + 4) << 32;
}

std::uint32_t ReferenceAccelerator::read(std::uint32_t offset) {
    switch (offset) {
        case reg::id:
            return acceleratorId;
        case reg::version:
            return acceleratorVersion;
        case reg::configHash:
            return configuration_.hash();
        case reg::array:
            return configuration_.arrayRegister();
        case reg::memories:
            return configuration_.memoriesRegister();
        case reg::status:
            return (busy_ ? 1U : 0U) | (done_ ? 2U : 0U) | (error_ != AcceleratorError::None ? 4U : 0U);
        case reg::error:
            return static_cast<std::uint32_t>(error_);
        case reg::errorInstruction:
            return errorInstruction_;
        case reg::errorAddressLo:
            return static_cast<std::uint32_t>(errorAddress_);
        case reg::errorAddressHi:
            return static_cast<std::uint32_t>(errorAddress_ >> 32);
        case reg::interruptStatus:
            return interruptStatus_;
        case reg::chosen:
            return chosen_;
        case reg::chosenValue:
            return static_cast<std::uint32_t>(chosenValue_);
        default:
            return static_cast<std::uint32_t>(pair(offset));
    }
}

void ReferenceAccelerator::write(std::uint32_t offset, std::uint32_t value) {
    if (offset == reg::interruptStatus) {
        interruptStatus_ &= ~value;
    } else if (offset == reg::control) {
        if ((value & 2U) != 0) reset();
        if ((value & 1U) != 0) busy_ = true;
    } else {
        registers_[offset] = value;
    }
}

bool ReferenceAccelerator::interrupt() const {
    const auto enabled = registers_.find(reg::interruptEnable);
    return enabled != registers_.end() && (enabled->second & interruptStatus_) != 0;
}

void ReferenceAccelerator::reset() {
    busy_ = done_ = false;
    error_ = AcceleratorError::None;
    interruptStatus_ = 0;
}

void ReferenceAccelerator::run(std::uint64_t /*cycles*/) {
    if (!busy_) return;
    done_ = false;
    error_ = AcceleratorError::None;
    chosen_ = 0;
    chosenValue_ = 0;
    runProgram();
    busy_ = false;
    done_ = error_ == AcceleratorError::None;
    interruptStatus_ |= done_ ? interruptAtEnd : interruptAtError;
}

void ReferenceAccelerator::runProgram() {
    const std::uint64_t base = pair(reg::programLo) / static_cast<std::uint64_t>(configuration_.wordBytes());
    const auto length = static_cast<std::uint32_t>(pair(reg::programLength) & 0xFFFFFFFFU);
    const auto words =
        (std::uint64_t{length} * Instruction::bytes + static_cast<std::uint64_t>(configuration_.wordBytes()) - 1) /
        static_cast<std::uint64_t>(configuration_.wordBytes());
    const auto program = memoryAt(base, words, AcceleratorError::ReadFailed, error_);
    if (error_ != AcceleratorError::None) return;
    for (std::uint32_t k = 0; k < length; ++k) {
        Instruction::Bits bits;
        std::memcpy(bits.data(), program.data() + std::size_t{k} * Instruction::bytes, Instruction::bytes);
        const Instruction instruction = Instruction::decode(bits);
        errorInstruction_ = k;
        if (instruction.opcode == Opcode::Halt) return;
        error_ = execute(instruction);
        if (error_ != AcceleratorError::None) return;
    }
    error_ = AcceleratorError::NoHalt;
}

std::span<std::byte> ReferenceAccelerator::memoryAt(std::uint64_t address, std::uint64_t words, AcceleratorError bus,
                                                    AcceleratorError& failure) {
    const auto size = static_cast<std::uint64_t>(configuration_.wordBytes());
    const std::uint64_t limit = std::min<std::uint64_t>(pair(reg::memoryLimitLo), memory_.bytes.size());
    const std::uint64_t begin = address * size, end = begin + words * size;
    failure = AcceleratorError::None;
    errorAddress_ = begin;
    if (end > limit) failure = AcceleratorError::BadAddress;
    if (failure == AcceleratorError::None && end > memory_.failsFrom) failure = bus;
    if (failure != AcceleratorError::None) return {};
    return memory_.bytes.subspan(begin, words * size);
}

std::int32_t* ReferenceAccelerator::vectorAt(std::uint64_t word, std::uint64_t words) {
    if (words == 0 || word + words > static_cast<std::uint64_t>(configuration_.vectorWords)) return nullptr;
    return vectors_.data() + word * static_cast<std::uint64_t>(configuration_.elements());
}

AcceleratorError ReferenceAccelerator::project(const Instruction& instruction, std::vector<std::int32_t>& y) {
    const Configuration& c = configuration_;
    if (instruction.count == 0 || instruction.b == 0 || instruction.b > c.codeWords) return AcceleratorError::BadVector;
    const std::uint64_t groups =
        (std::uint64_t{instruction.count} + static_cast<std::uint64_t>(c.rows()) - 1) / static_cast<std::uint64_t>(c.rows());
    AcceleratorError failure{};
    const auto matrix = memoryAt(instruction.address, groups * instruction.b, AcceleratorError::ReadFailed, failure);
    if (failure != AcceleratorError::None) return failure;
    y.assign(groups * static_cast<std::uint64_t>(c.rows()), 0);
    const std::byte* word = matrix.data();
    for (std::uint64_t r = 0; r < groups; ++r)
        for (int chunk = 0; chunk < instruction.b; ++chunk, word += c.wordBytes())
            for (int row = 0; row < c.rows(); ++row) {
                std::int32_t& sum = y[r * static_cast<std::uint64_t>(c.rows()) + static_cast<std::uint64_t>(row)];
                const std::byte* bytes = word + std::ptrdiff_t{row / c.rowsOfByte()} * c.lanes;
                for (int lane = 0; lane < c.lanes; ++lane)
                    sum += tritOf(std::to_integer<unsigned>(bytes[lane]), row % c.rowsOfByte(), c.dense) *
                           codes_[static_cast<std::size_t>(chunk * c.lanes + lane)];
            }
    y.resize(instruction.count);
    for (std::int32_t& value : y) value = fixed::rescale(value, codeScale_);
    return AcceleratorError::None;
}

void ReferenceAccelerator::chooseLargest(std::span<const std::int32_t> y) {
    const auto most = std::max_element(y.begin(), y.end());
    chosen_ = static_cast<std::uint32_t>(most - y.begin());
    chosenValue_ = *most;
}

AcceleratorError ReferenceAccelerator::execute(const Instruction& i) {
    const auto count = static_cast<std::size_t>(i.count) * static_cast<std::size_t>(configuration_.elements());
    std::vector<std::int32_t> y;
    if (i.opcode == Opcode::Scale) {
        scale_ = scaleOf(i);
        epsilon_ = epsilonOf(i);
        return AcceleratorError::None;
    }
    if (i.opcode == Opcode::Matvec) {
        const auto words =
            static_cast<std::uint64_t>(configuration_.wordsFor(static_cast<int>(std::min(i.count, 0x7FFFFFFFU))));
        std::int32_t* dst = vectorAt(i.dst, words);
        if (dst == nullptr) return AcceleratorError::BadVector;
        const auto failure = project(i, y);
        if (failure == AcceleratorError::None) std::copy(y.begin(), y.end(), dst);
        return failure;
    }
    if (i.opcode == Opcode::Head) {
        AcceleratorError failure = project(i, y);
        if (failure != AcceleratorError::None) return failure;
        chooseLargest(y);
        if (!i.has(flag::logits)) return failure;
        const auto words = static_cast<std::uint64_t>(configuration_.wordsFor(static_cast<int>(i.count)));
        const auto out = memoryAt(pair(reg::logitsLo) / static_cast<std::uint64_t>(configuration_.wordBytes()), words,
                                  AcceleratorError::WriteFailed, failure);
        if (failure == AcceleratorError::None) std::memcpy(out.data(), y.data(), y.size() * sizeof y.front());
        return failure;
    }

    const bool known = i.opcode <= Opcode::Glu;
    if (!known) return AcceleratorError::BadOpcode;
    const bool writes = i.opcode != Opcode::Store && i.opcode != Opcode::Norm;
    const bool readsA = i.opcode != Opcode::Load;
    const bool readsB = i.opcode == Opcode::Add || i.opcode == Opcode::Cand || i.opcode >= Opcode::Decay;
    std::int32_t* dst = vectorAt(i.dst, i.count);
    const std::int32_t* a = vectorAt(i.a, i.count);
    const std::int32_t* b = vectorAt(i.b, i.count);
    if ((writes && dst == nullptr) || (readsA && a == nullptr) || (readsB && b == nullptr)) return AcceleratorError::BadVector;
    if (i.opcode == Opcode::Quant && count > codes_.size()) return AcceleratorError::BadVector;

    const bool streams = i.opcode == Opcode::Load || i.opcode == Opcode::Quant ||
                         ((i.opcode == Opcode::Norm || i.opcode == Opcode::Forget) && i.has(flag::weighted));
    std::uint64_t address = i.address;
    if (i.opcode == Opcode::Load && i.has(flag::indexed)) address += (pair(reg::token) & 0xFFFFFFFFU) * i.count;
    std::span<std::byte> bytes;
    if (streams || i.opcode == Opcode::Store) {
        AcceleratorError failure{};
        bytes = memoryAt(address, i.count, streams ? AcceleratorError::ReadFailed : AcceleratorError::WriteFailed, failure);
        if (failure != AcceleratorError::None) return failure;
    }
    const auto w = [&](std::size_t k) { return elementAt(bytes, k); };

    switch (i.opcode) {
        case Opcode::Load:
            std::memcpy(dst, bytes.data(), bytes.size());
            break;
        case Opcode::Store:
            std::memcpy(bytes.data(), a, bytes.size());
            break;
        case Opcode::Norm:
            s_ = 0;
            if (i.has(flag::first)) first_ = 0;
            for (std::size_t k = 0; k < count; ++k) {
                s_ = fixed::sum(s_, fixed::square(streams ? fixed::weigh(a[k], w(k)) : a[k]));
                if (i.has(flag::first)) first_ = fixed::sum(first_, fixed::square(a[k]));
            }
            break;
        case Opcode::Quant: {
            std::int32_t most = 0;
            for (std::size_t k = 0; k < count; ++k) {
                dst[k] = fixed::weigh(a[k], w(k));
                most = std::max(most, std::abs(dst[k]));
            }
            codeScale_ = fixed::codeScale(most, fixed::rootOf(fixed::withEpsilon(s_, first_, epsilon_)), scale_);
            for (std::size_t k = 0; k < count; ++k) codes_[k] = fixed::code(dst[k], codeScale_);
            // Codes are written word by word.
            const auto lanes = static_cast<std::size_t>(configuration_.lanes);
            std::fill(codes_.begin() + static_cast<std::ptrdiff_t>(count),
                      codes_.begin() + static_cast<std::ptrdiff_t>((count + lanes - 1) / lanes * lanes), std::int8_t{0});
            break;
        }
        case Opcode::Add:
            for (std::size_t k = 0; k < count; ++k)
                dst[k] = i.has(flag::state) ? fixed::nextState(a[k], b[k]) : fixed::add(a[k], b[k]);
            break;
        case Opcode::Forget:
            for (std::size_t k = 0; k < count; ++k) dst[k] = fixed::forgetGate(a[k], streams ? w(k) : 0);
            break;
        case Opcode::Cand:
            for (std::size_t k = 0; k < count; ++k) dst[k] = fixed::candidate(a[k], b[k]);
            break;
        case Opcode::Decay:
            for (std::size_t k = 0; k < count; ++k) dst[k] = fixed::decayed(a[k], b[k]);
            break;
        case Opcode::Gate:
            first_ = 0;
            for (std::size_t k = 0; k < count; ++k) {
                first_ = fixed::sum(first_, fixed::square(a[k]));
                dst[k] = fixed::gated(a[k], b[k]);
            }
            break;
        default:
            for (std::size_t k = 0; k < count; ++k) dst[k] = fixed::glu(a[k], b[k]);
            break;
    }
    return AcceleratorError::None;
}

}  // namespace ternion::fpga
