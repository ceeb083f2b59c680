#include <cstdio>
#include <iostream>

#include "checkpoint/config_json.h"
#include "command.h"

namespace ternion::cli {

Run setupInfo(CLI::App& app, Context& context) {
    auto path = std::make_shared<std::filesystem::path>();
    app.add_option("MODEL", *path, "A Hugging Face folder or a GGUF file")->required();
    return [&context, path]() -> Result<nlohmann::ordered_json> {
        TERNION_TRY(const auto checkpoint, openCheckpoint(*path, context.progress()));
        const Model& model = *checkpoint.model;
        nlohmann::ordered_json config{{"architecture", model.config.architecture}};
        config.update(toFields(model.config));
        config["parameters"] = model.config.parameterCount();
        nlohmann::ordered_json tensors = nlohmann::ordered_json::array();
        model.forEachBitLinear([&](const std::string& name, const BitLinear& linear) {
            const TernaryMatrix& weight = linear.weight;
            const TritCounts counts = weight.counts();
            tensors.push_back({{"name", name + ".weight"},
                               {"shape", {weight.rows(), weight.cols()}},
                               {"minus", counts.minus},
                               {"zero", counts.zero},
                               {"plus", counts.plus},
                               {"gamma", weight.gamma()}});
            if (context.json) return;
            const double all = static_cast<double>(counts.minus + counts.zero + counts.plus) / 100.0;
            std::printf("%-40s %6d x %-6d  -1 %5.1f %%   0 %5.1f %%  +1 %5.1f %%  gamma %.6g\n", name.c_str(), weight.rows(),
                        weight.cols(), static_cast<double>(counts.minus) / all, static_cast<double>(counts.zero) / all,
                        static_cast<double>(counts.plus) / all, static_cast<double>(weight.gamma()));
        });
        if (!context.json) std::cout << config.dump(2) << "\n";
        return nlohmann::ordered_json{{"name", model.name},
                                      {"hash", model.hash()},
                                      {"config", config},
                                      {"ternary_bytes", model.ternaryBytes()},
                                      {"embedding_bytes", model.embeddingBytes()},
                                      {"tensors", tensors}};
    };
}

}  // namespace ternion::cli
