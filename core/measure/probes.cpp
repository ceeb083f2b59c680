#include "measure/probes.h"

#include <iterator>

namespace ternion {

Probes findProbes(const std::shared_ptr<const DeviceModel>& device, const ProbeSources& sources) {
    const DeviceInfo& info = device->device();
    Probes all;
    const auto add = [&](Probes more) {
        all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    };
    add(hostMemoryProbes(sources));
    add(deviceMemoryProbes(device));
    add(nvmlProbes(info, sources));
    add(hwmonProbes(info, sources));
    add(raplProbes(sources));
    return all;
}

}  // namespace ternion
