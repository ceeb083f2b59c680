#include "model_card/model_card_panel.h"

#include <QClipboard>
#include <QCoreApplication>
#include <QFormLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QScrollArea>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "engine/engine_client.h"
#include "model_card/trit_bar.h"
#include "shell/action_registry.h"
#include "shell/icons.h"

namespace ternion::app {
namespace {

QString modelCardPanelText(const char* source) { return QCoreApplication::translate("ModelCard", source); }

QLabel* label(const QString& content, bool muted) {
    auto* made = new QLabel(content);
    made->setTextFormat(Qt::PlainText);
    made->setWordWrap(true);
    made->setProperty("muted", muted);
    if (!muted) made->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    return made;
}

class ModelCardPanel : public QScrollArea {
public:
    explicit ModelCardPanel(const PanelContext& context) : engine_(context.engine) {
        setObjectName("modelCard");
        setAccessibleName(modelCardPanelText("Model card"));
        setWidgetResizable(true);
        setProperty("flat", true);
        setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        copy_ = context.actions.add("model.copyCard", modelCardPanelText("Model"), modelCardPanelText("Copy model card"), {},
                                    [this] { QGuiApplication::clipboard()->setText(plainText()); });
        copy_->setIcon(themedIcon("copy"));
        connect(&engine_, &EngineClient::modelOpened, this, &ModelCardPanel::build);
        connect(&engine_, &EngineClient::deviceChanged, this, &ModelCardPanel::build);
        build();
    }

    QSize sizeHint() const override { return {328, 480}; }

private:
    std::vector<CardSection> sections() const {
        const auto device = engine_.activeDevice();
        return cardSections(*engine_.model(), device ? &*device : nullptr);
    }

    QString plainText() const {
        QString all = QString::fromStdString(engine_.model()->checkpoint.model->name) + QLatin1Char('\n');
        for (const CardSection& section : sections()) {
            all += QLatin1Char('\n') + section.title + QLatin1Char('\n');
            for (const CardRow& row : section.rows) all += QStringLiteral("  %1: %2\n").arg(row.name, row.value);
        }
        return all;
    }

    void build() {
        auto* content = new QWidget;
        auto* column = new QVBoxLayout(content);
        column->setContentsMargins(16, 12, 16, 16);
        column->setSpacing(8);
        copy_->setEnabled(engine_.model() != nullptr);
        if (engine_.model()) {
            addHead(column);
            const auto all = sections();
            int names = 0;
            for (const CardSection& section : all)
                for (const CardRow& row : section.rows) names = std::max(names, fontMetrics().horizontalAdvance(row.name));
            for (const CardSection& section : all) addSection(column, section, names + 8);
        } else {
            auto* empty = label(
                modelCardPanelText("No model is open.\n\nDrop a checkpoint folder or a GGUF file on this window, or choose "
                                   "File › Open model."),
                true);
            empty->setObjectName("modelCardEmpty");
            column->addWidget(empty);
        }
        column->addStretch(1);
        setWidget(content);
    }

    void addHead(QVBoxLayout* column) {
        auto* name = label(QString::fromStdString(engine_.model()->checkpoint.model->name), false);
        name->setObjectName("modelCardName");
        name->setProperty("textSize", "large");
        auto* button = new QToolButton;
        button->setDefaultAction(copy_);
        button->setAccessibleName(copy_->text());
        auto* row = new QHBoxLayout;
        row->addWidget(name, 1);
        row->addWidget(button, 0, Qt::AlignTop);
        column->addLayout(row);
        auto* trits = new TritBar;
        trits->setCounts(engine_.model()->trits);
        column->addWidget(trits);
    }

    static void addSection(QVBoxLayout* column, const CardSection& section, int nameWidth) {
        auto* title = label(section.title, false);
        QFont bold = title->font();
        bold.setBold(true);
        title->setFont(bold);
        title->setContentsMargins(0, 8, 0, 0);
        column->addWidget(title);
        auto* form = new QFormLayout;
        form->setHorizontalSpacing(8);
        form->setVerticalSpacing(4);
        form->setLabelAlignment(Qt::AlignLeft | Qt::AlignTop);
        for (const CardRow& row : section.rows) {
            auto* name = label(row.name, true);
            name->setWordWrap(false);
            name->setMinimumWidth(nameWidth);
            name->setAlignment(Qt::AlignLeft | Qt::AlignTop);
            auto* value = label(row.value, false);
            value->setAccessibleName(row.name);
            form->addRow(name, value);
        }
        column->addLayout(form);
    }

    EngineClient& engine_;
    QAction* copy_;
};

}  // namespace

PanelDefinition modelCardPanel() {
    return {"modelCard", modelCardPanelText("Model card"),
            modelCardPanelText(
                "What the open model is made of: its shape, its size in memory, and how many of its weights are −1, 0 and +1."),
            Qt::RightDockWidgetArea, [](const PanelContext& context) { return new ModelCardPanel(context); }};
}

}  // namespace ternion::app
