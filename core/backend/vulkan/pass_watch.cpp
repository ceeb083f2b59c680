#include "backend/vulkan/pass_watch.h"

#include <algorithm>

namespace ternion::vulkan {

ReadbackPlan ReadbackPlan::of(std::uint32_t tokens, const ForwardOptions& options, const ModelConfig& config) {
    ReadbackPlan plan;
    plan.logits = options.logits == LogitsWanted::All ? tokens : options.logits == LogitsWanted::Last ? 1 : 0;
    plan.bytes = VkDeviceSize{plan.logits} * static_cast<std::size_t>(config.vocabSize) * sizeof(float);
    plan.traced.reserve(options.trace.items.size());
    for (const auto& item : options.trace.items) {
        const VkDeviceSize size = VkDeviceSize{tokens} * static_cast<std::size_t>(widthOf(item.tensor, config)) * sizeof(float);
        plan.traced.push_back({item, plan.bytes, size});
        plan.bytes += size;
    }
    return plan;
}

bool ReadbackPlan::traces(TraceRequest::Item item) const {
    return std::any_of(traced.begin(), traced.end(), [&](const Traced& one) { return one.item == item; });
}

EditRange EditRanges::of(TraceRequest::Item item) const {
    const auto found = std::find_if(ranges_.begin(), ranges_.end(), [&](const auto& entry) { return entry.first == item; });
    return found == ranges_.end() ? EditRange{} : found->second;
}

Result<EditRanges> EditRanges::upload(Device& device, std::span<const Edit> intervention, const ModelConfig& config,
                                      Buffer& buffer) {
    struct DeviceEdit {
        std::uint32_t first, end, kind;
        float a, b;
    };
    EditRanges made;
    if (intervention.empty()) return made;
    const VkDeviceSize bytes = intervention.size() * sizeof(DeviceEdit);
    if (buffer.size < bytes) {
        TERNION_TRY(buffer, device.allocate(bytes, MemoryKind::Upload));
    }
    // Those of one intermediate lie together, in their order.
    std::vector<Edit> sorted(intervention.begin(), intervention.end());
    const auto itemOf = [](const Edit& edit) { return TraceRequest::Item{edit.tensor, edit.layer}; };
    std::stable_sort(sorted.begin(), sorted.end(), [&](const Edit& a, const Edit& b) { return itemOf(a) < itemOf(b); });
    const auto entries = buffer.as<DeviceEdit>();
    for (std::size_t k = 0, begin = 0; k < sorted.size(); ++k) {
        const Edit& edit = sorted[k];
        const int end = edit.channels == 0 ? widthOf(edit.tensor, config) : edit.firstChannel + edit.channels;
        entries[k] = {static_cast<std::uint32_t>(edit.firstChannel), static_cast<std::uint32_t>(end),
                      static_cast<std::uint32_t>(edit.kind), edit.a, edit.b};
        if (k + 1 < sorted.size() && itemOf(sorted[k + 1]) == itemOf(edit)) continue;
        made.ranges_.emplace_back(itemOf(edit),
                                  EditRange{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(k + 1)});
        begin = k + 1;
    }
    return made;
}

}  // namespace ternion::vulkan
