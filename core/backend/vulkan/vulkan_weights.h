// A model's weights on a device.
#pragma once

#include <array>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "backend/fixed_weights.h"
#include "backend/vulkan/vulkan_device.h"
#include "base/progress.h"
#include "model/model.h"

namespace ternion::vulkan {

/// Device memory that is filled once, in blocks as large as the device allows.
class WeightMemory {
public:
    /// `expected`: bytes that will be put, so that no block is larger than needed.
    static Result<WeightMemory> create(Device& device, VkDeviceSize expected);

    /// Stores the parts one after another and returns where they begin, aligned to 256. They are there after flush().
    Result<VkDeviceAddress> put(std::span<const std::span<const std::byte>> parts);
    Result<VkDeviceAddress> put(std::span<const float> values) { return put(std::array{std::as_bytes(values)}); }
    Result<VkDeviceAddress> put(std::span<const std::int32_t> values) { return put(std::array{std::as_bytes(values)}); }
    Status flush();

    VkDeviceSize bytes() const { return bytes_; }

private:
    Status write(std::span<const std::byte> part, VkDeviceSize offset);

    struct Copy {
        VkDeviceSize from, to, size;
    };
    Device* device_ = nullptr;
    VkDeviceSize expected_ = 0;
    VkDeviceSize bytes_ = 0;
    VkDeviceSize used_ = 0;       // of the last block
    std::vector<Buffer> blocks_;  // copies go to the last one
    Buffer staging_;
    VkDeviceSize staged_ = 0;
    std::vector<Copy> copies_;
};

/// One or more BitLinears of one shape that a dispatch runs together: packed trits [P, rows, row], norms [P, in].
struct DeviceBitLinear {
    VkDeviceAddress weights = 0, norms = 0;
    std::array<float, 3> gamma{};
    std::uint32_t projections = 1, rows = 0, columns = 0;
};

struct DeviceLayer {
    VkDeviceAddress attnNorm = 0, gNorm = 0, mlpNorm = 0;
    VkDeviceAddress lowerBound = 0;  ///< 0: none
    DeviceBitLinear ifg;             ///< i, f and g, in this order
    DeviceBitLinear o, gate, down;
};

struct DeviceWeights {
    WeightMemory memory;
    std::vector<DeviceLayer> layers;
    VkDeviceAddress norm = 0;
    DeviceBitLinear head;
    VkDeviceAddress sigmoid = 0;  ///< the fixed profile's table; 0: these are the float profile's

    /// The embeddings stay on the host, which gathers a token's row. DeviceOutOfMemory, Cancelled.
    static Result<DeviceWeights> upload(Device& device, const Model& model, Packing packing, const Progress& progress);
    /// The same for the fixed profile: norms and bounds are int32, a BitLinear's norm times the one before it; no gamma.
    static Result<DeviceWeights> upload(Device& device, const Model& model, const fixed::Weights& numbers, Packing packing,
                                        const Progress& progress);

private:
    static Result<DeviceWeights> start(Device& device, const Model& model, Packing packing);
};

Result<DeviceBitLinear> putBitLinears(WeightMemory& memory, Packing packing, std::initializer_list<const BitLinear*> linears);
Result<DeviceBitLinear> putBitLinears(WeightMemory& memory, Packing packing,
                                      std::initializer_list<const fixed::Linear*> linears);

}  // namespace ternion::vulkan
