#include <QAbstractButton>
#include <QAction>
#include <QClipboard>
#include <QDoubleSpinBox>
#include <QElapsedTimer>
#include <QLabel>
#include <QPlainTextEdit>
#include <QTemporaryDir>
#include <QToolButton>

#include "chat/chat_panel.h"
#include "chat/message_list.h"
#include "chat/token_text.h"
#include "chat_fixture.h"
#include "shell/theme.h"

namespace ternion::app {

/// A panel in a window of its own, worked by mouse and keys.
struct PanelFixture : ChatFixture {
    PanelFixture() {
        panel.reset(chatPanel().create({engine, conversation, actions}));
        panel->resize(960, 800);
        for (const auto& entry : actions.entries()) panel->addAction(entry.action);  // as the window's menus do
        panel->show();
        panel->activateWindow();
    }
    template <class Widget = QWidget>
    Widget* find(const char* name) const {
        const auto all = panel->findChildren<Widget*>(name);
        for (auto k = all.size(); k-- > 0;)
            if (all[k]->isVisible()) return all[k];
        return nullptr;
    }
    bool click(const char* name) const {
        auto* widget = find(name);
        if (widget == nullptr || !widget->isEnabled()) return false;
        QTest::mouseClick(widget, Qt::LeftButton);
        return true;
    }
    bool ask(const QString& text) {
        QTest::keyClicks(find<QPlainTextEdit>("prompt"), text);
        QTest::keyClick(find("prompt"), Qt::Key_Return);
        return conversation.answering();
    }
    TokenText* answer() const { return panel->findChild<MessageList*>()->lastMessage()->text(); }

    std::unique_ptr<QWidget> panel;
};

class ChatPanelTest : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() {
        QStandardPaths::setTestModeEnabled(true);
        settings_ = std::make_unique<Settings>(folder_.filePath("settings.ini"));
        theme_ = std::make_unique<Theme>(*settings_);
        theme_->setMode(ThemeMode::Light);
    }

    void beginsWithTheCursorInThePromptAndThreeExamples() {
        PanelFixture chat;
        keepPicture(*chat.panel, "chat-no-model");
        QVERIFY(chat.find<QLabel>("emptyTitle")->text().contains("No model"));
        QVERIFY(chat.openSample());
        QTRY_COMPARE(chat.panel->findChildren<QAbstractButton*>("example").size(), 3);
        QTRY_VERIFY(chat.find("prompt")->hasFocus());
        keepPicture(*chat.panel, "chat-empty");
        chat.conversation.setMaxTokens(4);
        QVERIFY(chat.click("example"));
        QVERIFY(chat.answered());
        QCOMPARE(chat.conversation.conversation().messages.size(), std::size_t{2});
    }

    void answersAndShowsAlternativesOfAClickedToken() {
        PanelFixture chat;
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(40);
        QVERIFY(chat.ask("Tell me a story about a cat."));
        QVERIFY(chat.answered());
        QVERIFY(chat.find<QPlainTextEdit>("prompt")->toPlainText().isEmpty());
        QCOMPARE(chat.answer()->text().toStdString(), chat.last().text);
        QVERIFY(chat.find<QLabel>("messageNote")->text().contains("tokens/s"));
        keepPicture(*chat.panel, "chat-answer");

        constexpr int place = 6;
        QTest::mouseClick(chat.answer(), Qt::LeftButton, {}, chat.answer()->tokenRect(place).center());
        QVERIFY(chat.find("tokenPopover"));
        keepPicture(*chat.panel, "chat-alternatives");
        const auto& token = chat.last().tokens[place];
        const auto rows = chat.find("tokenPopover")->findChildren<QAbstractButton*>("alternative");
        QCOMPARE(static_cast<std::size_t>(rows.size()), token.alternatives.size());
        QTest::keyClick(chat.panel->focusWidget(), Qt::Key_Escape);
        QVERIFY(!chat.find("tokenPopover"));
        QVERIFY(chat.answer()->hasFocus());

        // The same by keyboard: one token on, Enter, and Enter on another alternative.
        QTest::keyClick(chat.answer(), Qt::Key_Left);
        QTest::keyClick(chat.answer(), Qt::Key_Return);
        QVERIFY(chat.find("tokenPopover"));
        const auto before = chat.last();
        const auto& others = before.tokens[place - 1].alternatives;
        const TokenId chosen = others.back().id;
        for (std::size_t k = 0; k < others.size(); ++k) QTest::keyClick(chat.panel->focusWidget(), Qt::Key_Down);
        QTest::keyClick(chat.panel->focusWidget(), Qt::Key_Return);
        QVERIFY(chat.conversation.answering());
        QVERIFY(chat.answered());
        QCOMPARE(chat.last().tokens[place - 1].id, chosen);
        QCOMPARE(chat.answer()->text().toStdString(), chat.last().text);
    }

    void escapeStopsAndControlRRegenerates() {
        PanelFixture chat;
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(100000);
        chat.conversation.setSampler({.temperature = 5.0F});  // no sense, hence no end
        QVERIFY(chat.ask("Tell me a story about a cat."));
        QVERIFY(chat.find("stop") && !chat.find("send"));
        QTRY_VERIFY_WITH_TIMEOUT(chat.last().tokens.size() > 8, patience);
        keepPicture(*chat.panel, "chat-answering");
        QTest::keyClick(chat.find("prompt"), Qt::Key_Escape);
        QVERIFY(chat.answered());
        QVERIFY(chat.find("send") && !chat.find("stop"));
        QVERIFY(chat.find<QLabel>("messageNote")->text().contains("stopped"));
        const auto first = chat.last().text;
        chat.conversation.setMaxTokens(12);
        QTest::keyClick(chat.find("prompt"), Qt::Key_R, Qt::ControlModifier);
        QVERIFY(chat.conversation.answering());
        QVERIFY(chat.answered());
        QVERIFY(!first.starts_with(chat.last().text));
        const auto tokens = chat.last().tokens.size();
        QVERIFY(chat.click("continueMessage"));
        QVERIFY(chat.answered());
        QVERIFY(chat.last().tokens.size() > tokens);
        QVERIFY(chat.click("copyMessage"));
        QCOMPARE(QGuiApplication::clipboard()->text().toStdString(), chat.last().text);
    }

    void anEarlierMessageIsEditedInPlace() {
        PanelFixture chat;
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(12);
        QVERIFY(chat.ask("Hello! What is your name?"));
        QVERIFY(chat.answered());
        QVERIFY(chat.ask("What is two plus three?"));
        QVERIFY(chat.answered());
        auto* first = chat.panel->findChildren<QWidget*>("userMessage").front();
        QTest::mouseClick(first->findChild<QToolButton*>("editMessage"), Qt::LeftButton);
        auto* edit = first->findChild<QPlainTextEdit*>("messageEdit");
        QVERIFY(edit && edit->hasFocus());
        keepPicture(*chat.panel, "chat-editing");
        QTest::keyClick(edit, Qt::Key_Escape);
        QTRY_VERIFY(!chat.find("messageEdit"));
        QCOMPARE(chat.conversation.conversation().messages.size(), std::size_t{4});

        QTest::mouseClick(first->findChild<QToolButton*>("editMessage"), Qt::LeftButton);
        edit = chat.find<QPlainTextEdit>("messageEdit");
        QVERIFY(edit);
        edit->selectAll();
        QTest::keyClicks(edit, "Tell me a story about a dog.");
        QVERIFY(chat.click("saveEdit"));
        QVERIFY(chat.answered());
        QCOMPARE(chat.conversation.conversation().messages.size(), std::size_t{2});
        QCOMPARE(chat.conversation.conversation().messages[0].text, std::string("Tell me a story about a dog."));
    }

    void settingsAreBesideTheChat() {
        PanelFixture chat;
        chat.panel->resize(1440, 900);
        QVERIFY(chat.openSample());
        QVERIFY(!chat.find("settingsSheet"));
        QTest::keyClick(chat.find("prompt"), Qt::Key_M, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(chat.find("temperature"));
        QVERIFY(chat.find("temperature")->isAncestorOf(chat.panel->focusWidget()) || chat.find("temperature")->hasFocus());
        auto* temperature = chat.find<QDoubleSpinBox>("temperature");
        const double recommended = temperature->value();
        temperature->setValue(1.25);
        QCOMPARE(chat.conversation.conversation().sampler.temperature, 1.25F);
        QVERIFY(chat.click("resetSampling"));
        QCOMPARE(temperature->value(), recommended);

        auto* text = chat.find<QPlainTextEdit>("chatTemplate");
        const auto own = text->toPlainText();
        text->setPlainText("begin: {bos}\nuser: no mark\n");
        QVERIFY(chat.find<QLabel>("templateError")->text().contains("{text}"));
        keepPicture(*chat.panel, "chat-settings");
        text->setPlainText("begin: {bos}\nuser: Q {text} A\nassistant: {text}\n");
        QVERIFY(!chat.find("templateError"));
        QCOMPARE(chat.conversation.chatTemplate().user, std::string("Q {text} A"));
        QVERIFY(chat.click("resetTemplate"));
        QCOMPARE(text->toPlainText(), own);
        QTest::keyClicks(chat.find("systemPrompt"), "Be brief.");
        QCOMPARE(chat.conversation.conversation().systemPrompt, std::string("Be brief."));
    }

    void everyControlHasANameAndIsReachedByKeyboard() {
        PanelFixture chat;
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(4);
        QVERIFY(chat.ask("Hello! What is your name?"));
        QVERIFY(chat.answered());
        QVERIFY(chat.click("showSettings"));
        for (const auto* widget : chat.panel->findChildren<QWidget*>()) {
            const bool control = qobject_cast<const QAbstractButton*>(widget) ||
                                 qobject_cast<const QAbstractSpinBox*>(widget) || qobject_cast<const QPlainTextEdit*>(widget);
            if (!control || !widget->isVisible()) continue;
            QVERIFY2(!widget->accessibleName().isEmpty(), qPrintable(widget->objectName()));
            QVERIFY2(!widget->objectName().isEmpty(), qPrintable(widget->accessibleName()));
            QVERIFY2(widget->focusPolicy() & Qt::TabFocus, qPrintable(widget->objectName()));
        }
    }

    void aLongConversationStaysSmooth() {
        TokenText text;
        text.resize(720, 400);
        for (int k = 0; k < 4096; ++k) text.appendToken(k % 40 == 39 ? "word.\n" : "word ", 0.5F);
        text.finishAppending();
        text.heightForWidth(720);
        QElapsedTimer timer;
        timer.start();
        constexpr int more = 100;
        for (int k = 0; k < more; ++k) {
            text.appendToken("word ", 0.5F);
            text.heightForWidth(720);
        }
        const auto appended = timer.restart();
        TokenText whole;
        whole.resize(720, 400);
        for (int k = 0; k < 4096; ++k) whole.appendToken(k % 40 == 39 ? "word.\n" : "word ", 0.5F);
        timer.restart();
        whole.heightForWidth(720);
        // A hundred appended tokens cost less than a few layouts of everything: a hundred layouts would be a hundred times
        // that.
        QVERIFY2(appended <= 10 + 10 * timer.elapsed(), qPrintable(QString("%1 ms").arg(appended)));
    }

    void lightAndDark() {
        PanelFixture chat;
        chat.panel->resize(1440, 900);
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(120);
        QVERIFY(chat.ask("Hello! What is your name?"));
        QVERIFY(chat.answered());
        QVERIFY(chat.ask("Tell me a story about a cat."));
        QVERIFY(chat.answered());
        QVERIFY(chat.click("showProbabilities"));
        QVERIFY(chat.find("probabilityScale"));
        QVERIFY(chat.click("showSettings"));
        keepPicture(*chat.panel, "chat-probabilities-light");
        theme_->setMode(ThemeMode::Dark);
        QTest::mouseClick(chat.answer(), Qt::LeftButton, {}, chat.answer()->tokenRect(9).center());
        keepPicture(*chat.panel, "chat-probabilities-dark");
        theme_->setFontScale(1.5);
        keepPicture(*chat.panel, "chat-large-text");
        theme_->setFontScale(1.0);
        theme_->setMode(ThemeMode::Light);
    }

private:
    QTemporaryDir folder_;
    std::unique_ptr<Settings> settings_;
    std::unique_ptr<Theme> theme_;
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::ChatPanelTest)
#include "chat_panel_test.moc"
