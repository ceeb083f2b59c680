#include "compare/comparison_job.h"

#include <map>

#include "backend/modelled_figures.h"
#include "compare/comparison_feed.h"
#include "engine/engine_client.h"

namespace ternion::app {
namespace {

Result<std::shared_ptr<const Model>> readOther(const AskedComparison& asked, const QString& path, const Progress& progress) {
    TERNION_TRY(const auto read, openCheckpoint(path.toStdString(), progress));
    const auto& own = asked.model->checkpoint.tokenizer;
    if (read.tokenizer && own && read.tokenizer->bytes != own->bytes)
        return Error{ErrorCode::InvalidArgument, "this model has another tokenizer: the same tokens mean other texts to it",
                     path.toStdString()};
    return read.model;
}

}  // namespace

QString sideLetter(int side) { return QString(QChar(u'A' + side)); }

Result<ComparisonReport> runComparison(const AskedComparison& asked, const BackendRegistry& registry, RunStore* store,
                                       ComparisonFeed& feed, const Progress& progress) {
    ComparisonPlan plan;
    plan.lockstep = asked.lockstep;
    plan.prompt = asked.prompt;
    plan.texts = asked.texts;
    plan.sides.reserve(asked.sides.size());
    std::map<QString, std::shared_ptr<const Model>> read;
    std::vector<std::shared_ptr<const Model>> models;
    models.reserve(asked.sides.size());
    for (const AskedSide& side : asked.sides) {
        ComparisonSide made{
            side.backend, asked.model->checkpoint.model, asked.model->path.toStdString(), asked.model->hash, side.packing,
            side.profile};
        if (!side.modelPath.isEmpty()) {
            auto& model = read[side.modelPath];
            if (!model) {
                TERNION_TRY(model, readOther(asked, side.modelPath, progress));
            }
            made.model = model;
            made.modelPath = side.modelPath.toStdString();
            made.modelHash.clear();
        }
        models.push_back(made.model);
        plan.sides.push_back(std::move(made));
    }
    TERNION_TRY(const auto devices, loadSides(registry, plan, progress));
    feed.setModels(std::move(models));
    ComparisonRecording recording;
    recording.began = [&feed](const std::vector<std::int64_t>& runs) { feed.begin(runs); };
    recording.modelled = fpga::modelledFigures;
    return recordComparison(devices, plan, feed.listener(), progress.stop, store, recording);
}

}  // namespace ternion::app
