#include <iostream>

#include "command.h"

namespace ternion::cli {

Run setupDevices(CLI::App&, Context& context) {
    return [&context]() -> Result<nlohmann::ordered_json> {
        nlohmann::ordered_json list = nlohmann::ordered_json::array();
        for (const auto& device : context.registry.devices()) {
            list.push_back({{"backend", device.backend},
                            {"index", device.index},
                            {"id", device.id()},
                            {"name", device.name},
                            {"driver", device.driver},
                            {"memory_bytes", device.memoryBytes},
                            {"software", device.software},
                            {"usable", device.usable},
                            {"reason", device.reason}});
            if (context.json) continue;
            std::cout << device.id() << "\t" << device.name << (device.software ? " (software)" : "") << "\t" << device.driver
                      << "\t" << (device.memoryBytes >> 20) << " MiB" << (device.usable ? "" : "\tnot usable: " + device.reason)
                      << "\n";
        }
        return nlohmann::ordered_json{{"devices", list}};
    };
}

}  // namespace ternion::cli
