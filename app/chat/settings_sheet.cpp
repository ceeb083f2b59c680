#include "chat/settings_sheet.h"

#include <QDoubleSpinBox>
#include <QEvent>
#include <QFontDatabase>
#include <QFormLayout>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSpinBox>
#include <QVBoxLayout>
#include <algorithm>
#include <limits>

#include "chat/conversation_model.h"
#include "chat/labels.h"
#include "engine/engine_client.h"

namespace ternion::app {
namespace {

/// A titled part, with a button that brings back what it was.
QVBoxLayout* beginPart(QWidget* part, const QString& title, QPushButton* reset) {
    auto* heading = makeLabel(title, "", false);
    QFont bold = heading->font();
    bold.setBold(true);
    heading->setFont(bold);
    auto* head = new QHBoxLayout;
    head->addWidget(heading, 1);
    if (reset != nullptr) head->addWidget(reset);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(grid);
    column->addLayout(head);
    part->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    return column;
}

QPushButton* makeReset(const QString& objectName, const QString& what) {
    auto* button = new QPushButton(themedIcon("reset"), SettingsSheet::tr("Reset"));
    button->setObjectName(objectName);
    button->setAccessibleName(what);
    button->setToolTip(what);
    return button;
}

QPlainTextEdit* makeEdit(const char* objectName, const QString& name) {
    auto* edit = new QPlainTextEdit;
    edit->setObjectName(objectName);
    edit->setAccessibleName(name);
    edit->setTabChangesFocus(true);
    return edit;
}

void showText(QPlainTextEdit& edit, const std::string& text) {
    const auto shown = QString::fromStdString(text);
    if (edit.toPlainText() != shown) edit.setPlainText(shown);
}

}  // namespace

SettingsSheet::SettingsSheet(ConversationModel& conversation, EngineClient& engine, QWidget* parent)
    : QScrollArea(parent), conversation_(conversation), engine_(engine) {
    setObjectName("settingsSheet");
    setAccessibleName(tr("Settings of the conversation"));
    setFrameShape(QFrame::NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(2 * grid, 2 * grid, 2 * grid, 2 * grid);
    column->setSpacing(3 * grid);
    column->addWidget(systemPromptPart());
    column->addWidget(samplingPart());
    column->addWidget(templatePart());
    column->addStretch();
    setWidget(page);
    connect(&conversation_, &ConversationModel::settingsChanged, this, &SettingsSheet::refresh);
    connect(&conversation_, &ConversationModel::opened, this, &SettingsSheet::refresh);
    connect(&engine_, &EngineClient::modelOpened, this, &SettingsSheet::refresh);
    refresh();
    fit();
}

void SettingsSheet::changeEvent(QEvent* event) {
    QScrollArea::changeEvent(event);
    if (event->type() == QEvent::FontChange && template_ != nullptr) fit();
}

/// Sizes that are so many characters or lines of the font in use.
void SettingsSheet::fit() {
    constexpr int characters = 46;
    setFixedWidth(characters * fontMetrics().averageCharWidth() + verticalScrollBar()->sizeHint().width());
    const auto setLines = [this](QPlainTextEdit& edit, int lines) {
        edit.setFixedHeight(lines * fontMetrics().lineSpacing() + 3 * grid);
    };
    setLines(*systemPrompt_, 4);
    setLines(*template_, 7);
}

void SettingsSheet::focusSystemPrompt() { systemPrompt_->setFocus(); }

void SettingsSheet::focusSampling() { temperature_->setFocus(); }

QWidget* SettingsSheet::systemPromptPart() {
    auto* part = new QWidget;
    auto* column = beginPart(part, tr("System prompt"), nullptr);
    systemPrompt_ = makeEdit("systemPrompt", tr("System prompt"));
    systemPrompt_->setPlaceholderText(
        tr("What the model should know before the conversation begins. Not every model heeds it."));
    column->addWidget(systemPrompt_);
    connect(systemPrompt_, &QPlainTextEdit::textChanged, this, [this] {
        if (!refreshing_) conversation_.setSystemPrompt(systemPrompt_->toPlainText());
    });
    return part;
}

QDoubleSpinBox* SettingsSheet::addNumber(QFormLayout& form, const char* objectName, const QString& label, const QString& help,
                                         double low, double high, double step) {
    auto* box = new QDoubleSpinBox;
    box->setObjectName(objectName);
    box->setAccessibleName(label);
    box->setToolTip(help);
    box->setRange(low, high);
    box->setSingleStep(step);
    connect(box, &QDoubleSpinBox::valueChanged, this, &SettingsSheet::readSampling);
    form.addRow(label, box);
    form.labelForField(box)->setToolTip(help);
    return box;
}

QSpinBox* SettingsSheet::addCount(QFormLayout& form, const char* objectName, const QString& label, const QString& help, int low,
                                  int high) {
    auto* box = new QSpinBox;
    box->setObjectName(objectName);
    box->setAccessibleName(label);
    box->setToolTip(help);
    box->setRange(low, high);
    connect(box, &QSpinBox::valueChanged, this, &SettingsSheet::readSampling);
    form.addRow(label, box);
    form.labelForField(box)->setToolTip(help);
    return box;
}

QWidget* SettingsSheet::samplingPart() {
    auto* part = new QWidget;
    auto* reset = makeReset("resetSampling", tr("Back to what the model's checkpoint recommends"));
    auto* column = beginPart(part, tr("Sampling"), reset);
    auto* form = new QFormLayout;
    form->setHorizontalSpacing(2 * grid);
    form->setVerticalSpacing(grid);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    temperature_ = addNumber(*form, "temperature", tr("Temperature"),
                             tr("0 always takes the most probable token; higher values take more risks."), 0.0, 5.0, 0.05);
    topK_ = addCount(*form, "topK", tr("Top-k"), tr("Only this many most probable tokens may be drawn; 0: all."), 0, 1000000);
    topP_ = addNumber(*form, "topP", tr("Top-p"),
                      tr("Only the most probable tokens that together reach this may be drawn; 1: all."), 0.01, 1.0, 0.01);
    minP_ = addNumber(*form, "minP", tr("Min-p"),
                      tr("Tokens below this fraction of the most probable one are dropped; 0: none."), 0.0, 1.0, 0.01);
    repetition_ = addNumber(*form, "repetitionPenalty", tr("Repetition penalty"),
                            tr("Above 1, tokens that are already there become less probable; 1: off."), 0.1, 10.0, 0.05);
    seed_ = addCount(*form, "seed", tr("Seed"), tr("The same seed gives the same text."), 0, std::numeric_limits<int>::max());
    maxTokens_ = addCount(*form, "maxTokens", tr("Longest answer"),
                          tr("After this many tokens an answer ends; it can be gone on with."), 1, 1000000);
    maxTokens_->setSuffix(tr(" tokens"));
    topK_->setSpecialValueText(tr("all"));
    column->addLayout(form);
    connect(reset, &QPushButton::clicked, this, [this] { conversation_.resetSampler(); });
    return part;
}

QWidget* SettingsSheet::templatePart() {
    auto* part = new QWidget;
    auto* reset = makeReset("resetTemplate", tr("Back to the model's own template"));
    auto* column = beginPart(part, tr("Chat template"), reset);
    templateNote_ = makeLabel({}, "small", true);
    templateNote_->setObjectName("templateNote");
    templateNote_->setWordWrap(true);
    template_ = makeEdit("chatTemplate", tr("Chat template"));
    // By style sheet: the application's own would set another font back.
    template_->setStyleSheet(
        QString("QPlainTextEdit { font-family: \"%1\"; }").arg(QFontDatabase::systemFont(QFontDatabase::FixedFont).family()));
    template_->setLineWrapMode(QPlainTextEdit::NoWrap);
    templateError_ = makeLabel({}, "small", false);
    templateError_->setObjectName("templateError");
    templateError_->setWordWrap(true);
    templateError_->hide();
    auto* help = makeLabel(tr("One line a role. {text} is the message, {bos} and {eos} the model's own marks, \\n a new line."),
                           "small", true);
    help->setWordWrap(true);
    for (QWidget* widget : {static_cast<QWidget*>(templateNote_), static_cast<QWidget*>(template_),
                            static_cast<QWidget*>(templateError_), static_cast<QWidget*>(help)})
        column->addWidget(widget);
    connect(template_, &QPlainTextEdit::textChanged, this, &SettingsSheet::readTemplate);
    connect(reset, &QPushButton::clicked, this, [this] {
        const auto model = engine_.model();
        template_->setPlainText(QString::fromStdString((model ? model->chatTemplate : ChatTemplate::plain()).toText()));
    });
    return part;
}

void SettingsSheet::readSampling() {
    if (refreshing_) return;
    SamplerSettings settings = conversation_.conversation().sampler;
    settings.temperature = static_cast<float>(temperature_->value());
    settings.topK = topK_->value();
    settings.topP = static_cast<float>(topP_->value());
    settings.minP = static_cast<float>(minP_->value());
    settings.repetitionPenalty = static_cast<float>(repetition_->value());
    settings.seed = static_cast<std::uint64_t>(seed_->value());
    conversation_.setMaxTokens(maxTokens_->value());
    conversation_.setSampler(settings);
}

void SettingsSheet::readTemplate() {
    if (refreshing_) return;
    const auto parsed = ChatTemplate::parse(template_->toPlainText().toStdString());
    templateError_->setVisible(!parsed.ok());
    if (parsed)
        conversation_.setChatTemplate(*parsed);
    else
        templateError_->setText(tr("Not used yet: %1").arg(QString::fromStdString(parsed.error().message)));
}

void SettingsSheet::refresh() {
    refreshing_ = true;
    const auto& [summary, systemPrompt, sampler, maxTokens, messages, intervention] = conversation_.conversation();
    showText(*systemPrompt_, systemPrompt);
    temperature_->setValue(sampler.temperature);
    topK_->setValue(sampler.topK);
    topP_->setValue(sampler.topP);
    minP_->setValue(sampler.minP);
    repetition_->setValue(sampler.repetitionPenalty);
    seed_->setValue(static_cast<int>(std::min<std::uint64_t>(sampler.seed, std::numeric_limits<int>::max())));
    maxTokens_->setValue(maxTokens);
    // What is being typed stays as it is typed, as long as it means the template in use.
    const auto typed = ChatTemplate::parse(template_->toPlainText().toStdString());
    if (!template_->hasFocus() || (typed && *typed != conversation_.chatTemplate())) {
        showText(*template_, conversation_.chatTemplate().toText());
        templateError_->hide();
    }
    const auto model = engine_.model();
    templateNote_->setText(model ? model->templateNote : tr("Opens with the model."));
    templateNote_->setVisible(!templateNote_->text().isEmpty());
    refreshing_ = false;
}

}  // namespace ternion::app
