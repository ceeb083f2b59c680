#include <QCoreApplication>
#include <QFileInfo>
#include <QLocale>

#include "engine/engine_client.h"
#include "model_card/model_card_panel.h"
#include "shell/device_selector.h"
#include "shell/format.h"

namespace ternion::app {
namespace {

QString cardSectionsText(const char* source) { return QCoreApplication::translate("ModelCard", source); }
QString yesNo(bool value) { return value ? cardSectionsText("yes") : cardSectionsText("no"); }

QString tokenizerKind(const OpenModel& model) {
    if (!model.checkpoint.tokenizer) return cardSectionsText("none: the model can be looked at, not talked to");
    return model.checkpoint.tokenizer->kind == TokenizerSource::Kind::SentencePiece
               ? cardSectionsText("SentencePiece (tokenizer.model)")
               : cardSectionsText("BPE (tokenizer.json)");
}

QString templateKind(const OpenModel& model) {
    if (!model.templateNote.isEmpty()) return model.templateNote;
    return model.isChatModel ? cardSectionsText("the model's own chat template")
                             : cardSectionsText("none: a base model, it continues your text");
}

}  // namespace

std::vector<CardSection> cardSections(const OpenModel& model, const ActiveDevice* device) {
    const Model& weights = *model.checkpoint.model;
    const ModelConfig& config = weights.config;
    const auto number = [](auto value) { return formatCount(static_cast<std::int64_t>(value)); };
    std::vector<CardSection> sections;
    sections.push_back({cardSectionsText("Size"),
                        {{cardSectionsText("Parameters"), formatShortCount(static_cast<double>(config.parameterCount()))},
                         {cardSectionsText("Trits, packed"), formatBytes(weights.ternaryBytes())},
                         {cardSectionsText("Embeddings"), formatBytes(weights.embeddingBytes())}}});
    if (device != nullptr)
        sections.push_back({cardSectionsText("Device"),
                            {{cardSectionsText("Runs on"), deviceLabel(device->info)},
                             {cardSectionsText("Arithmetic"), arithmeticText(device->profile)},
                             {cardSectionsText("Driver"), QString::fromStdString(device->info.driver)},
                             {cardSectionsText("Weights there"), formatBytes(device->memory.weights)},
                             {cardSectionsText("State"), formatBytes(device->memory.state)},
                             {cardSectionsText("Work space"), formatBytes(device->memory.scratch)}}});
    sections.push_back(
        {cardSectionsText("Configuration"),
         {{cardSectionsText("Architecture"), QString::fromStdString(config.architecture)},
          {cardSectionsText("Layers"), number(config.numLayers)},
          {cardSectionsText("Hidden size"), number(config.hiddenSize)},
          {cardSectionsText("State a layer"), number(config.stateSize())},
          {cardSectionsText("GLU width"), number(config.intermediateSize)},
          {cardSectionsText("Heads"), number(config.numHeads)},
          {cardSectionsText("Vocabulary"), number(config.vocabSize)},
          {cardSectionsText("Lower bounds"), yesNo(config.useLowerBound)},
          {cardSectionsText("Tied embeddings"), yesNo(config.tieWordEmbeddings)},
          {cardSectionsText("Trained on"),
           config.maxPositionEmbeddings > 0 ? cardSectionsText("%1 tokens at a time").arg(number(config.maxPositionEmbeddings))
                                            : cardSectionsText("not stated")}}});
    sections.push_back(
        {cardSectionsText("Text"),
         {{cardSectionsText("Tokenizer"), tokenizerKind(model)}, {cardSectionsText("Template"), templateKind(model)}}});
    sections.push_back(
        {cardSectionsText("File"),
         {{cardSectionsText("Path"), formatPath(model.path)}, {cardSectionsText("Hash"), QString::fromStdString(model.hash)}}});
    return sections;
}

}  // namespace ternion::app
