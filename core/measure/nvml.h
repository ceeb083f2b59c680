// NVIDIA's management library, loaded while the program runs.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace ternion {

/// Initialised from load() to destruction. Any thread.
class Nvml {
public:
    using Device = void*;  ///< valid as long as the library is
    enum class Power { Instant, Mean };

    /// Unsupported, saying what to do, where the library or its driver is not there.
    static Result<std::shared_ptr<const Nvml>> load(const std::string& library);
    Nvml(const Nvml&) = delete;
    Nvml& operator=(const Nvml&) = delete;
    ~Nvml();

    // All fail with DeviceLost, or with Io and what to do.
    Result<Device> find(const std::string& pciAddress) const;
    /// Watts. Mean: what the driver calls the usage, over the last second on most GPUs since Ampere.
    Result<double> power(Device device, Power kind) const;
    /// Joules since the driver was loaded.
    Result<double> energy(Device device) const;

private:
    struct Functions;
    Nvml(void* library, std::unique_ptr<const Functions> functions);

    void* library_;
    std::unique_ptr<const Functions> functions_;
};

}  // namespace ternion
