#include "measure/nvml.h"

#include <dlfcn.h>

#include <type_traits>
#include <utility>

namespace ternion {
namespace {

// Of nvml.h, what is used here: the library keeps these as they are for programs that are built already.
enum Code : int {
    success = 0,
    notSupported = 3,
    noPermission = 4,
    notFound = 6,
    driverNotLoaded = 9,
    gpuIsLost = 15,
    resetRequired = 16,
    versionMismatch = 18,
};

struct FieldValue {
    unsigned field = 0;
    unsigned scope = 0;
    long long timestamp = 0;
    long long latency = 0;
    unsigned type = 0;
    int code = 0;
    union {
        double real;
        unsigned whole;
    } value{};
};
static_assert(sizeof(FieldValue) == 40);

constexpr unsigned powerInstant = 186;  // milliwatts of the GPU
constexpr unsigned wholeType = 1;       // of FieldValue::type
constexpr double milli = 1e-3;

/// What helps against it; empty: the library's own words say enough.
const char* adviceFor(int code) {
    switch (code) {
        case notSupported:
            return "this GPU or its driver has no such sensor";
        case noPermission:
            return "the system does not let this user read it: ask who runs the machine";
        case notFound:
            return "NVIDIA's driver does not have this GPU: another driver uses it, or it is hidden from this container";
        case driverNotLoaded:
            return "NVIDIA's kernel module is not loaded: run `sudo modprobe nvidia`, or install the driver";
        case gpuIsLost:
        case resetRequired:
            return "the GPU stopped answering: restart the machine";
        case versionMismatch:
            return "the driver was updated while it ran: restart the machine";
        default:
            return "";
    }
}

}  // namespace

struct Nvml::Functions {
    int (*init)() = nullptr;
    int (*shutdown)() = nullptr;
    int (*find)(const char*, Device*) = nullptr;
    int (*power)(Device, unsigned*) = nullptr;
    int (*energy)(Device, unsigned long long*) = nullptr;
    const char* (*errorString)(int) = nullptr;
    int (*fields)(Device, int, FieldValue*) = nullptr;  // only newer libraries have it

    Error failed(int code, const char* what) const {
        const std::string advice = adviceFor(code);
        const char* words = errorString(code);
        return {code == gpuIsLost || code == resetRequired ? ErrorCode::DeviceLost : ErrorCode::Io,
                std::string(words == nullptr ? "unknown error" : words) + (advice.empty() ? "" : "; " + advice), what};
    }
};

Nvml::Nvml(void* library, std::unique_ptr<const Functions> functions) : library_(library), functions_(std::move(functions)) {}

Nvml::~Nvml() {
    functions_->shutdown();
    dlclose(library_);
}

Result<std::shared_ptr<const Nvml>> Nvml::load(const std::string& library) {
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char* reason = dlerror();
        return Error{ErrorCode::Unsupported,
                     "NVIDIA's management library cannot be loaded; it comes with the driver (Debian: libnvidia-ml1)" +
                         (reason == nullptr ? std::string() : std::string(": ") + reason),
                     library};
    }
    auto functions = std::make_unique<Functions>();
    bool complete = true;
    const auto bind = [&](auto& function, const char* name, bool needed = true) {
        function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle, name));
        complete = complete && (function != nullptr || !needed);
    };
    bind(functions->init, "nvmlInit_v2");
    bind(functions->shutdown, "nvmlShutdown");
    bind(functions->find, "nvmlDeviceGetHandleByPciBusId_v2");
    bind(functions->power, "nvmlDeviceGetPowerUsage");
    bind(functions->energy, "nvmlDeviceGetTotalEnergyConsumption");
    bind(functions->errorString, "nvmlErrorString");
    bind(functions->fields, "nvmlDeviceGetFieldValues", false);
    if (!complete) {
        dlclose(handle);
        return Error{ErrorCode::Unsupported, "this library is too old to tell energy; install a driver of 2018 or newer",
                     library};
    }
    if (const int code = functions->init(); code != success) {
        Error error = functions->failed(code, "NVML cannot start");
        dlclose(handle);
        error.code = ErrorCode::Unsupported;
        return error;
    }
    return std::shared_ptr<const Nvml>(new Nvml(handle, std::move(functions)));
}

Result<Nvml::Device> Nvml::find(const std::string& pciAddress) const {
    Device device = nullptr;
    if (const int code = functions_->find(pciAddress.c_str(), &device); code != success)
        return functions_->failed(code, "NVML finds no GPU at this address");
    return device;
}

Result<double> Nvml::power(Device device, Power kind) const {
    constexpr const char* what = "power by NVML";
    unsigned milliwatts = 0;
    if (kind == Power::Mean) {
        if (const int code = functions_->power(device, &milliwatts); code != success) return functions_->failed(code, what);
        return milliwatts * milli;
    }
    if (functions_->fields == nullptr) return functions_->failed(notSupported, what);
    FieldValue value{.field = powerInstant};
    int code = functions_->fields(device, 1, &value);
    if (code == success) code = value.code;
    if (code == success && value.type != wholeType) code = notSupported;
    if (code != success) return functions_->failed(code, what);
    return value.value.whole * milli;
}

Result<double> Nvml::energy(Device device) const {
    unsigned long long millijoules = 0;
    if (const int code = functions_->energy(device, &millijoules); code != success)
        return functions_->failed(code, "energy by NVML");
    return static_cast<double>(millijoules) * milli;
}

}  // namespace ternion
