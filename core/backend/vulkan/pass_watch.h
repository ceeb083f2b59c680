// What a pass on a Vulkan device shows of its inside, and edits there.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "backend/vulkan/vulkan_device.h"

namespace ternion::vulkan {

/// Where in the readback what a pass was asked for will lie, in bytes.
struct Traced {
    TraceRequest::Item item;
    VkDeviceSize offset, size;
};
struct ReadbackPlan {
    std::uint32_t logits = 0;  ///< rows, of the last tokens; they come first
    std::vector<Traced> traced;
    VkDeviceSize bytes = 0;

    static ReadbackPlan of(std::uint32_t tokens, const ForwardOptions& options, const ModelConfig& config);
    bool traces(TraceRequest::Item item) const;
};

/// Where in a buffer of edits those of one intermediate are.
struct EditRange {
    std::uint32_t begin = 0, end = 0;
    bool empty() const { return begin == end; }
};
class EditRanges {
public:
    /// Writes the edits into `buffer`, which is made anew where it is too small; there is none before the first.
    static Result<EditRanges> upload(Device& device, std::span<const Edit> intervention, const ModelConfig& config,
                                     Buffer& buffer);
    EditRange of(TraceRequest::Item item) const;

private:
    std::vector<std::pair<TraceRequest::Item, EditRange>> ranges_;
};

/// What a pass is asked for besides its logits.
struct Watch {
    const ReadbackPlan& plan;
    const EditRanges& edits;

    bool sees(TraceRequest::Item item) const { return plan.traces(item) || !edits.of(item).empty(); }
};

}  // namespace ternion::vulkan
