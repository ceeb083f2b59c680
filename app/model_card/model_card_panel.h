// What is known of the open model, as a dock.
#pragma once

#include <vector>

#include "shell/panel.h"

namespace ternion::app {

struct OpenModel;
struct ActiveDevice;

struct CardRow {
    QString name;
    QString value;
};
struct CardSection {
    QString title;
    std::vector<CardRow> rows;
};

/// The card's text: shape, size, tokenizer, and `device` if it is on one.
std::vector<CardSection> cardSections(const OpenModel& model, const ActiveDevice* device);

PanelDefinition modelCardPanel();

}  // namespace ternion::app
