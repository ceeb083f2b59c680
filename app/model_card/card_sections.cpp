#include <QCoreApplication>
#include <QFileInfo>
#include <QLocale>

#include "engine/engine_client.h"
#include "model_card/model_card_panel.h"
#include "shell/device_selector.h"
#include "shell/format.h"

namespace ternion::app {
namespace {

QString text(const char* source) { return QCoreApplication::translate("ModelCard", source); }
QString yesNo(bool value) { return value ? text("yes") : text("no"); }

QString tokenizerKind(const OpenModel& model) {
    if (!model.checkpoint.tokenizer) return text("none: the model can be looked at, not talked to");
    return model.checkpoint.tokenizer->kind == TokenizerSource::Kind::SentencePiece ? text("SentencePiece (tokenizer.model)")
                                                                                    : text("BPE (tokenizer.json)");
}

QString templateKind(const OpenModel& model) {
    if (!model.templateNote.isEmpty()) return model.templateNote;
    return model.isChatModel ? text("the model's own chat template") : text("none: a base model, it continues your text");
}

}  // namespace

std::vector<CardSection> cardSections(const OpenModel& model, const ActiveDevice* device) {
    const Model& weights = *model.checkpoint.model;
    const ModelConfig& config = weights.config;
    const auto number = [](auto value) { return formatCount(static_cast<std::int64_t>(value)); };
    std::vector<CardSection> sections;
    sections.push_back({text("Size"),
                        {{text("Parameters"), formatShortCount(static_cast<double>(config.parameterCount()))},
                         {text("Trits, packed"), formatBytes(weights.ternaryBytes())},
                         {text("Embeddings"), formatBytes(weights.embeddingBytes())}}});
    if (device != nullptr)
        sections.push_back({text("Device"),
                            {{text("Runs on"), deviceLabel(device->info)},
                             {text("Arithmetic"), arithmeticText(device->profile)},
                             {text("Driver"), QString::fromStdString(device->info.driver)},
                             {text("Weights there"), formatBytes(device->memory.weights)},
                             {text("State"), formatBytes(device->memory.state)},
                             {text("Work space"), formatBytes(device->memory.scratch)}}});
    sections.push_back({text("Configuration"),
                        {{text("Architecture"), QString::fromStdString(config.architecture)},
                         {text("Layers"), number(config.numLayers)},
                         {text("Hidden size"), number(config.hiddenSize)},
                         {text("State a layer"), number(config.stateSize())},
                         {text("GLU width"), number(config.intermediateSize)},
                         {text("Heads"), number(config.numHeads)},
                         {text("Vocabulary"), number(config.vocabSize)},
                         {text("Lower bounds"), yesNo(config.useLowerBound)},
                         {text("Tied embeddings"), yesNo(config.tieWordEmbeddings)},
                         {text("Trained on"), config.maxPositionEmbeddings > 0
                                                  ? text("%1 tokens at a time").arg(number(config.maxPositionEmbeddings))
                                                  : text("not stated")}}});
    sections.push_back({text("Text"), {{text("Tokenizer"), tokenizerKind(model)}, {text("Template"), templateKind(model)}}});
    sections.push_back(
        {text("File"), {{text("Path"), formatPath(model.path)}, {text("Hash"), QString::fromStdString(model.hash)}}});
    return sections;
}

}  // namespace ternion::app
