#include "runs/run_facts.h"

#include "base/hasher.h"
#include "shaders.h"

namespace ternion {
namespace {

std::string shaderHash() {
    Hasher hasher;
    for (const shaders::Kernel& kernel : shaders::all()) {
        hasher.add(std::as_bytes(std::span(kernel.name)));
        hasher.add(std::as_bytes(kernel.words));
    }
    return hasher.hex();
}

}  // namespace

std::string_view nameOf(Packing packing) {
    return packing == Packing::Dense ? "dense" : packing == Packing::TwoBit ? "2bit" : "auto";
}

RunFacts factsOf(std::string kind, const DeviceModel& device, std::string modelHash, std::string modelPath) {
    static const std::string shaders = shaderHash();
    const Model& model = device.model();
    RunFacts facts;
    facts.kind = std::move(kind);
    facts.model.hash = modelHash.empty() ? model.hash() : std::move(modelHash);
    facts.model.name = model.name;
    facts.model.path = std::move(modelPath);
    facts.model.parameters = model.config.parameterCount();
    constexpr std::uint64_t bytesUnoptimised = 2;  // 16 bits a weight
    facts.model.unoptimisedBytes = bytesUnoptimised * static_cast<std::uint64_t>(facts.model.parameters);
    facts.device = device.device();
    facts.packing = nameOf(device.packing());
    facts.profile = nameOf(device.profile());
    facts.program = "ternion " TERNION_VERSION;
    facts.shaderHash = facts.device.backend == "vulkan" ? shaders : "";
    return facts;
}

}  // namespace ternion
