// A libnvidia-ml.so for tests: GPUs by their address, each with another fault. It is loaded as the real one is.
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>

// NOLINTBEGIN(readability-identifier-naming): the names are NVIDIA's
namespace {

enum Code : int {
    success = 0,
    invalidArgument = 2,
    notSupported = 3,
    noPermission = 4,
    notFound = 6,
    gpuIsLost = 15,
};

struct Gpu {
    const char* address;
    bool instant;  // tells power at this moment
    int code;      // of every reading
};

std::array<Gpu, 4> gpus{{{"0000:01:00.0", true, success},
                         {"0000:02:00.0", false, success},
                         {"0000:03:00.0", true, noPermission},
                         {"0000:04:00.0", true, success}}};

int users = 0;      // nvmlInit_v2 less nvmlShutdown
bool lost = false;  // the last of the GPUs

/// Renewed every 20 ms: 300 W and a little, as a real one is never quite the same.
unsigned long long step() {
    using namespace std::chrono;
    constexpr auto period = milliseconds(20);
    return static_cast<unsigned long long>(steady_clock::now().time_since_epoch() / period);
}

int begin(const Gpu* gpu) {
    if (gpu == &gpus.back() && lost) return gpuIsLost;
    return gpu->code;
}

}  // namespace

extern "C" {

struct FieldValue {
    unsigned field, scope;
    long long timestamp, latency;
    unsigned type;
    int code;
    union {
        double real;
        unsigned whole;
    } value;
};

int fakeNvmlUsers() { return users; }
void fakeNvmlLose(int is) { lost = is != 0; }

int nvmlInit_v2() {
    if (const char* code = std::getenv("FAKE_NVML_INIT")) return std::atoi(code);
    ++users;
    return success;
}
int nvmlShutdown() {
    --users;
    return success;
}
const char* nvmlErrorString(int code) { return code == gpuIsLost ? "GPU is lost" : "some error"; }

int nvmlDeviceGetHandleByPciBusId_v2(const char* address, void** device) {
    for (auto& gpu : gpus)
        if (std::strcmp(gpu.address, address) == 0) {
            *device = &gpu;
            return success;
        }
    return notFound;
}

int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
    const auto* gpu = static_cast<const Gpu*>(device);
    *milliwatts = 200000 + static_cast<unsigned>(step() % 7);
    return begin(gpu);
}

int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
    const auto* gpu = static_cast<const Gpu*>(device);
    if (!gpu->instant) return notSupported;  // as before Volta
    *millijoules = 6000 * step();            // 300 W
    return begin(gpu);
}

int nvmlDeviceGetFieldValues(void* device, int count, FieldValue* values) {
    constexpr unsigned powerInstant = 186;
    const auto* gpu = static_cast<const Gpu*>(device);
    if (count != 1 || values->field != powerInstant || values->scope != 0) return invalidArgument;
    values->code = gpu->instant ? begin(gpu) : notSupported;
    values->type = 1;
    values->value.whole = 300000 + static_cast<unsigned>(step() % 7);
    return success;
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming)
