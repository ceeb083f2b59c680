#include "backend/backend.h"

namespace ternion {

std::string_view nameOf(Profile profile) { return profile == Profile::Fixed ? "fixed" : "float"; }

Result<DecodeOutput> DeviceModel::decode(const DecodeRequest& request, DeviceState& state) {
    TERNION_TRY(auto output, forward({&request.first, 1}, state, {}));
    return DecodeOutput{{}, std::move(output.logits)};
}

std::vector<DeviceInfo> BackendRegistry::devices(std::string_view name) const {
    std::vector<DeviceInfo> found;
    for (const auto& backend : backends_)
        if (name.empty() || backend->name() == name)
            for (auto& device : backend->devices()) found.push_back(std::move(device));
    return found;
}

Result<DeviceInfo> BackendRegistry::find(std::string_view id) const {
    const auto candidates = devices(id.substr(0, id.find(':')));
    const auto unavailable = [&](std::string what) {
        what += "; there is";
        const char* separator = " ";
        for (const auto& device : devices())
            if (device.usable) {
                what += separator + device.id() + " (" + device.name + ")";
                separator = ", ";
            }
        return Error{ErrorCode::DeviceUnavailable, std::move(what), std::string(id)};
    };
    if (id.empty()) {
        for (const auto& device : candidates)
            if (device.usable && !device.software && device.backend != "cpu") return device;
        for (const auto& device : candidates)
            if (device.usable && device.backend == "cpu") return device;
        return unavailable("no device is usable");
    }
    const DeviceInfo* found = nullptr;
    for (const auto& device : candidates)
        if (device.id() == id || device.backend + ":" + std::to_string(device.index) == id ||
            (device.backend == id && (found == nullptr || !found->usable)))
            found = &device;
    if (found == nullptr) return unavailable("there is no such device");
    if (!found->usable) return unavailable("it cannot be used: " + found->reason);
    return *found;
}

Result<std::unique_ptr<DeviceModel>> BackendRegistry::load(std::string_view id, std::shared_ptr<const Model> model,
                                                           const Progress& progress, const LoadOptions& options) const {
    TERNION_TRY(const auto device, find(id));
    for (const auto& backend : backends_)
        if (backend->name() == device.backend) return backend->load(std::move(model), device.index, progress, options);
    return Error{ErrorCode::DeviceUnavailable, "its backend is not part of this program", std::string(id)};
}

Result<std::uint64_t> DeviceModel::memoryInUse() const {
    return Error{ErrorCode::Unsupported, "it has no memory but the host's", device().id()};
}

Result<PassTimes> DeviceModel::timeKernels(int /*tokens*/) {
    return Error{ErrorCode::Unsupported, "it runs no kernels one after another that could be timed", device().id()};
}

}  // namespace ternion
