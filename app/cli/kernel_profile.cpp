#include "kernel_profile.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace ternion::cli {
namespace {

constexpr int passes = 9;

struct Kernel {
    int calls = 0;
    std::uint64_t weightBytes = 0;
    std::vector<double> seconds;  // a pass
};

Result<nlohmann::ordered_json> profileOf(DeviceModel& device, int tokens) {
    std::vector<std::string> order;
    std::map<std::string, Kernel> kernels;
    int together = 0;
    for (int pass = -1; pass < passes; ++pass) {  // one to warm up
        TERNION_TRY(const auto times, device.timeKernels(tokens));
        together = times.tokens;
        if (pass < 0) continue;
        for (const KernelTime& time : times.kernels) {
            Kernel& kernel = kernels[time.kernel];
            if (kernel.calls == 0) order.push_back(time.kernel);
            if (pass == 0) {
                ++kernel.calls;
                kernel.weightBytes += time.weightBytes;
            }
            kernel.seconds.resize(static_cast<std::size_t>(pass) + 1);
            kernel.seconds.back() += time.seconds;
        }
    }
    auto list = nlohmann::ordered_json::array();
    for (const std::string& name : order) {
        Kernel& kernel = kernels[name];
        const auto middle = kernel.seconds.begin() + passes / 2;
        std::nth_element(kernel.seconds.begin(), middle, kernel.seconds.end());
        auto& entry = list.emplace_back(
            nlohmann::ordered_json{{"kernel", name}, {"calls", kernel.calls}, {"microseconds", 1e6 * *middle}});
        if (kernel.weightBytes == 0) continue;
        entry["weight_bytes"] = kernel.weightBytes;
        if (*middle > 0.0) entry["achieved_Bps"] = static_cast<double>(kernel.weightBytes) / *middle;
    }
    return nlohmann::ordered_json{{"tokens", together}, {"kernels", list}};
}

}  // namespace

Result<nlohmann::ordered_json> kernelProfile(DeviceModel& device, int prompt) {
    auto decode = profileOf(device, 1);
    if (!decode && decode.error().code == ErrorCode::Unsupported)
        return nlohmann::ordered_json{{"unavailable", decode.error().text()}};
    if (!decode) return decode.error();
    nlohmann::ordered_json profile{{"note", "one dispatch after another: decode without its persistent kernel"},
                                   {"decode", std::move(*decode)}};
    if (prompt > 1) {
        TERNION_TRY(profile["prefill"], profileOf(device, prompt));
    }
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
