#include "kernel_profile.h"

#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace ternion::cli {
namespace {

struct Kernel {
    int calls = 0;
    std::uint64_t weightBytes = 0;
    double seconds = 0.0;  // a pass
};

nlohmann::ordered_json profileOf(const PassTimes& times) {
    std::vector<std::string> order;
    std::map<std::string, Kernel> kernels;
    for (const KernelTime& time : times.kernels) {
        Kernel& kernel = kernels[time.kernel];
        if (kernel.calls++ == 0) order.push_back(time.kernel);
        kernel.weightBytes += time.weightBytes;
        kernel.seconds += time.seconds;
    }
    auto list = nlohmann::ordered_json::array();
    for (const std::string& name : order) {
        const Kernel& kernel = kernels[name];
        auto& entry = list.emplace_back(
            nlohmann::ordered_json{{"kernel", name}, {"calls", kernel.calls}, {"microseconds", 1e6 * kernel.seconds}});
        if (kernel.weightBytes == 0) continue;
        entry["weight_bytes"] = kernel.weightBytes;
        if (kernel.seconds > 0.0) entry["achieved_Bps"] = static_cast<double>(kernel.weightBytes) / kernel.seconds;
    }
    return nlohmann::ordered_json{{"tokens", times.tokens}, {"kernels", list}};
}

}  // namespace

nlohmann::ordered_json kernelProfile(const BenchmarkResult& result) {
    if (!result.decodeKernels) return nlohmann::ordered_json{{"unavailable", result.kernelsMissing}};
    nlohmann::ordered_json profile{{"note", "one dispatch after another: decode without its persistent kernel"},
                                   {"decode", profileOf(*result.decodeKernels)}};
    if (result.prefillKernels) profile["prefill"] = profileOf(*result.prefillKernels);
    return profile;
}

void printKernelProfile(const nlohmann::ordered_json& profile) {
    if (profile.contains("unavailable")) {
        std::printf("kernels: not available: %s\n", profile["unavailable"].get<std::string>().c_str());
        return;
    }
    for (const char* part : {"decode", "prefill"}) {
        if (!profile.contains(part)) continue;
        std::printf("kernels of %s, %d tokens a pass (dispatched one by one):\n", part, profile[part]["tokens"].get<int>());
        for (const auto& kernel : profile[part]["kernels"]) {
            std::printf("  %-28s %4d calls %10.1f us", kernel["kernel"].get<std::string>().c_str(), kernel["calls"].get<int>(),
                        kernel["microseconds"].get<double>());
            if (kernel.contains("achieved_Bps"))
                std::printf("  %8.1f GB/s of weights", kernel["achieved_Bps"].get<double>() / 1e9);
            std::printf("\n");
        }
    }
}

}  // namespace ternion::cli
