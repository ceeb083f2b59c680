// Device memory on an AXI4 bus, cycle by cycle: what answers the accelerator's
// memory master in a simulation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/accelerator.h"

namespace ternion::fpga {

/// What a test holds back in a cycle. A bus without stalls takes every request
/// and gives all that latency and rate allow.
struct BusStalls {
    bool readRequest = false;
    bool readData = false;
    bool writeRequest = false;
    bool writeData = false;
    bool writeAnswer = false;
    bool otherReadFirst = false;  ///< of the two masters' bursts, not the oldest;
                                  ///< that is allowed between different IDs
};

/// Reads and writes share the rate; a write is answered, and a burst's first
/// word given, `latency` cycles after it was asked. Words beyond the memory are
/// bus errors. Whole words only.
class AxiMemory {
public:
    AxiMemory(DeviceMemory& memory, std::size_t wordBytes) : memory_(&memory), wordBytes_(wordBytes) {}

    /// Between two edges: reads the outputs of `model`, an accelerator, and sets
    /// the inputs that the next edge takes.
    template <typename Model>
    void step(Model& model, const BusStalls& stalls = {}) {
        ++cycle_;
        // What is left of a word is kept, so that a rate that does not divide 1024 is the rate.
        credit_ = std::min(credit_ + memory_->rate, wordCredit + memory_->rate - 1);
        model.m_arready_i = !stalls.readRequest;
        if (model.m_arvalid_o && model.m_arready_i)
            reads_.push_back({model.m_araddr_o, model.m_arlen_o + 1U, due(), model.m_arid_o != 0});
        model.m_awready_i = !stalls.writeRequest;
        if (model.m_awvalid_o && model.m_awready_i) writes_.push_back({model.m_awaddr_o, model.m_awlen_o + 1U, 0, false});

        model.m_wready_i = false;
        if (model.m_wvalid_o && !writes_.empty() && !stalls.writeData && credit_ >= wordCredit) {
            model.m_wready_i = true;
            takeWord(&model.m_wdata_o, model.m_wstrb_o != 0);
        }
        // The accelerator takes at once what it is given.
        model.m_rvalid_i = false;
        if (!reads_.empty() && !stalls.readData && credit_ >= wordCredit) {
            const std::size_t chosen = chosenRead(stalls.otherReadFirst);
            if (reads_[chosen].from <= cycle_) {
                model.m_rvalid_i = true;
                model.m_rid_i = reads_[chosen].id;
                model.m_rlast_i = reads_[chosen].left == 1;
                model.m_rresp_i = giveWord(chosen, &model.m_rdata_i) ? okay : slaveError;
            }
        }
        model.m_bvalid_i = !answers_.empty() && answers_.front().from <= cycle_ && !stalls.writeAnswer;
        if (model.m_bvalid_i) {
            model.m_bresp_i = answers_.front().failed ? slaveError : okay;
            answers_.erase(answers_.begin());
        }
    }

    /// Nothing is asked for or owed.
    bool idle() const { return reads_.empty() && writes_.empty() && answers_.empty(); }

private:
    static constexpr std::uint32_t wordCredit = 1024;
    static constexpr std::uint8_t okay = 0;
    static constexpr std::uint8_t slaveError = 2;

    struct Burst {
        std::uint64_t address = 0;
        std::uint32_t left = 0;
        std::uint64_t from = 0;  ///< cycle of the first word
        bool id = false;
    };
    struct Answer {
        std::uint64_t from = 0;
        bool failed = false;
    };

    std::size_t chosenRead(bool otherFirst) const;
    bool giveWord(std::size_t read, void* to);
    void takeWord(const void* from, bool enabled);
    std::uint64_t due() const { return cycle_ + std::max(memory_->latency, 1U); }
    bool reachable(std::uint64_t address) const {
        return address + wordBytes_ <= memory_->failsFrom && address + wordBytes_ <= memory_->bytes.size();
    }

    DeviceMemory* memory_;
    std::size_t wordBytes_;
    std::uint64_t cycle_ = 0;
    std::uint32_t credit_ = 0;
    bool writeFailed_ = false;
    std::vector<Burst> reads_;
    std::vector<Burst> writes_;
    std::vector<Answer> answers_;
};

}  // namespace ternion::fpga
