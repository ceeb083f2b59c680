#include "runs/sweep.h"

#include <algorithm>

#include "runs/benchmark.h"
#include "runs/run_facts.h"
#include "runs/run_recorder.h"

namespace ternion {
namespace {

/// What the last step had loaded, for the next one.
struct Loaded {
    std::string modelName;
    std::shared_ptr<const Model> model;
    std::string hash;
    std::string backend;
    Packing packing = Packing::Auto;
    std::shared_ptr<DeviceModel> device;
    std::unique_ptr<RunRecorder> recorder;  // after the device that it reads
};

Status loadModel(Loaded& loaded, const std::string& name, const SweepContext& context) {
    if (loaded.model && loaded.modelName == name) return {};
    loaded = {};
    if (name.empty()) {
        if (!context.openModel)
            return Error{ErrorCode::InvalidArgument, "no model is open: open one, or choose a published shape", {}};
        loaded.model = context.openModel;
        loaded.hash = context.openHash;
    } else {
        TERNION_TRY(const auto config, presetConfig(name));
        TERNION_TRY(auto model, randomModel(config, 1));
        model.name = name + " (random trits)";
        loaded.model = std::make_shared<const Model>(std::move(model));
        loaded.hash = loaded.model->hash();
    }
    loaded.modelName = name;
    return {};
}

Status load(Loaded& loaded, const SweepStep& step, const SweepContext& context, const Progress& progress) {
    TERNION_CHECK(loadModel(loaded, step.model, context));
    if (loaded.device && loaded.backend == step.backend && loaded.packing == step.packing) return {};
    loaded.recorder.reset();
    loaded.device.reset();
    TERNION_TRY(loaded.device, context.registry.load(step.backend, loaded.model, {{}, progress.stop}, {step.packing}));
    loaded.backend = step.backend;
    loaded.packing = step.packing;
    loaded.recorder = std::make_unique<RunRecorder>(context.store, loaded.device);
    return {};
}

Status runStep(Loaded& loaded, const SweepStep& step, const SweepPlan& plan, const SweepContext& context,
               const Progress& progress) {
    TERNION_CHECK(load(loaded, step, context, progress));
    BenchmarkPlan benchmark;
    benchmark.promptTokens = step.promptTokens;
    benchmark.tokens = plan.tokens;
    benchmark.kernels = plan.kernels;
    benchmark.energySeconds = plan.energySeconds;
    auto facts = factsOf("bench", *loaded.device, loaded.hash, step.model.empty() ? context.openPath : "preset:" + step.model);
    facts.sweep = plan.name;
    TERNION_CHECK(recordBenchmark(loaded.device, benchmark, std::move(facts), progress, *loaded.recorder));
    return {};
}

}  // namespace

std::string SweepStep::text() const {
    std::string text = (model.empty() ? "The open model" : model) + " on " + backend;
    if (packing != Packing::Auto) text += ", " + std::string(nameOf(packing));
    return text + ", prompt " + std::to_string(promptTokens);
}

std::vector<SweepStep> stepsOf(const SweepPlan& plan) {
    std::vector<SweepStep> steps;
    for (int repeat = 0; repeat < plan.repeats; ++repeat)
        for (const std::string& model : plan.models)
            for (const std::string& backend : plan.backends)
                for (const Packing packing : plan.packings)
                    for (const int promptTokens : plan.promptTokens)
                        steps.push_back({model, backend, packing, promptTokens, repeat});
    return steps;
}

SweepOutcome runSweep(const SweepPlan& plan, const SweepContext& context, const Progress& progress,
                      const std::function<void(const SweepStep&, int done, int all)>& onStep) {
    SweepOutcome outcome;
    outcome.name = plan.name;
    const auto steps = stepsOf(plan);
    const auto all = static_cast<int>(steps.size());
    Loaded loaded;
    for (int k = 0; k < all && !outcome.cancelled; ++k) {
        const SweepStep& step = steps[static_cast<std::size_t>(k)];
        if (onStep) onStep(step, k, all);
        const Progress part{[&](std::string_view what, double fraction) {
                                progress.tell(step.text() + ": " + std::string(what), (k + fraction) / all);
                            },
                            progress.stop};
        const auto ran = runStep(loaded, step, plan, context, part);
        if (ran) {
            ++outcome.done;
        } else if (ran.error().code == ErrorCode::Cancelled || progress.stopped()) {
            outcome.cancelled = true;
        } else {
            const std::string failure = step.text() + ": " + ran.error().text();
            if (std::find(outcome.failures.begin(), outcome.failures.end(), failure) == outcome.failures.end())
                outcome.failures.push_back(failure);
        }
    }
    return outcome;
}

}  // namespace ternion
