#include "measure/pci_device.h"

#include "measure/system_file.h"

namespace ternion {

std::filesystem::path pciFolder(const DeviceInfo& device, const ProbeSources& sources) {
    return sources.sys / "bus/pci/devices" / device.pciAddress;
}

bool maybeNvidia(const DeviceInfo& device, const ProbeSources& sources) {
    if (device.pciAddress.empty()) return false;
    const auto vendor = readSystemFile(pciFolder(device, sources) / "vendor");
    return !vendor || vendor->starts_with("0x10de");
}

}  // namespace ternion
