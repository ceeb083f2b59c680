#include "chat/empty_chat.h"

#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

#include "chat/labels.h"
#include "engine/engine_client.h"

namespace ternion::app {

EmptyChat::EmptyChat(EngineClient& engine, QWidget* parent)
    : QWidget(parent),
      engine_(engine),
      title_(makeLabel({}, "large", false)),
      text_(makeLabel({}, "", true)),
      examples_(new QVBoxLayout) {
    setObjectName("emptyChat");
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    title_->setObjectName("emptyTitle");
    text_->setObjectName("emptyText");
    for (auto* label : {title_, text_}) {
        label->setWordWrap(true);
        label->setAlignment(Qt::AlignHCenter);
    }
    examples_->setSpacing(grid);
    auto* middle = new QWidget;
    middle->setMaximumWidth(60 * grid);
    auto* column = new QVBoxLayout(middle);
    column->setContentsMargins(2 * grid, 2 * grid, 2 * grid, 2 * grid);
    column->setSpacing(2 * grid);
    column->addStretch(2);
    column->addWidget(title_);
    column->addWidget(text_);
    column->addLayout(examples_);
    column->addStretch(3);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->addStretch(1);
    row->addWidget(middle, 100);
    row->addStretch(1);
    connect(&engine_, &EngineClient::modelOpened, this, &EmptyChat::refresh);
    connect(&engine_, &EngineClient::busyChanged, this, [this] {
        if (!engine_.model()) refresh();
    });
    connect(&engine_, &EngineClient::progress, this, [this](const QString& what, double fraction) {
        if (!engine_.model()) text_->setText(tr("%1: %2 %").arg(what, QLocale().toString(qRound(fraction * 100))));
    });
    refresh();
}

void EmptyChat::refresh() {
    while (auto* item = examples_->takeAt(0)) {
        if (item->widget() != nullptr) {
            item->widget()->hide();
            item->widget()->deleteLater();
        }
        delete item;
    }
    const auto model = engine_.model();
    if (!model) {
        title_->setText(engine_.busy() ? tr("Opening the model…") : tr("No model is open"));
        text_->setText(engine_.busy()
                           ? tr("You can write already: the answer begins when it is loaded.")
                           : tr("Open one with File, Open model, or drop a checkpoint's folder or file on the window."));
        return;
    }
    const QString name = QString::fromStdString(model->checkpoint.model->name);
    title_->setText(model->isChatModel ? tr("Talk with %1").arg(name) : tr("Write with %1").arg(name));
    text_->setText(model->isChatModel
                       ? tr("Type below, or begin with one of these. Click any word of the answer to see what else "
                            "the model might have said.")
                       : model->templateNote);
    if (!model->tokenizer) return;
    const QStringList prompts =
        model->isChatModel
            ? QStringList{tr("Hello! What is your name?"), tr("Tell me a story about a cat."), tr("What is two plus three?")}
            : QStringList{tr("Once upon a time, there was a"), tr("The three largest cities of Europe are"),
                          tr("To bake bread, you need")};
    for (const auto& prompt : prompts) {
        auto* button = new QPushButton(prompt);
        button->setObjectName("example");
        button->setAccessibleName(tr("Example: %1").arg(prompt));
        button->setMinimumHeight(5 * grid);
        connect(button, &QPushButton::clicked, this, [this, prompt] { emit exampleChosen(prompt); });
        examples_->addWidget(button);
    }
}

}  // namespace ternion::app
