#include "sim/axi_memory.h"

#include <cstring>
#include <utility>

namespace ternion::fpga {

std::size_t AxiMemory::chosenRead(bool otherFirst) const {
    if (!otherFirst) return 0;
    const auto other =
        std::find_if(reads_.begin(), reads_.end(), [&](const Burst& burst) { return burst.id != reads_.front().id; });
    return other == reads_.end() ? 0 : static_cast<std::size_t>(other - reads_.begin());
}

bool AxiMemory::giveWord(std::size_t read, void* to) {
    Burst& burst = reads_[read];
    credit_ -= wordCredit;
    const bool reached = reachable(burst.address);
    if (reached)
        std::memcpy(to, memory_->bytes.data() + burst.address, wordBytes_);
    else
        std::memset(to, 0, wordBytes_);
    burst.address += wordBytes_;
    if (--burst.left == 0) reads_.erase(reads_.begin() + static_cast<std::ptrdiff_t>(read));
    return reached;
}

void AxiMemory::takeWord(const void* from, bool enabled) {
    credit_ -= wordCredit;
    Burst& burst = writes_.front();
    if (enabled) {
        if (reachable(burst.address))
            std::memcpy(memory_->bytes.data() + burst.address, from, wordBytes_);
        else
            writeFailed_ = true;
    }
    burst.address += wordBytes_;
    if (--burst.left == 0) {
        answers_.push_back({due(), std::exchange(writeFailed_, false)});
        writes_.erase(writes_.begin());
    }
}

}  // namespace ternion::fpga
