#include <QAbstractButton>
#include <QAction>
#include <QClipboard>
#include <QContextMenuEvent>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QMenu>
#include <QPlainTextEdit>
#include <QTemporaryDir>
#include <QToolButton>
#include <cstdlib>

#include "chat/chat_panel.h"
#include "chat/message_list.h"
#include "chat/token_text.h"
#include "chat_fixture.h"
#include "shell/theme.h"

namespace ternion::app {

/// A panel in a window of its own, worked by mouse and keys.
struct PanelFixture : ChatFixture {
    PanelFixture() {
        panel.reset(chatPanel().create({engine, conversation, inspector, runs, actions}));
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

    void anyPartOfAnAnswerIsSelectedAndCopied() {
        PanelFixture chat;
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(40);
        QVERIFY(chat.ask("Tell me a story about a cat."));
        QVERIFY(chat.answered());
        auto* answer = chat.answer();
        const auto textOf = [&](std::size_t from, std::size_t to) {
            std::string text;
            for (auto k = from; k <= to; ++k) text += chat.last().tokens[k].text;
            return text;
        };
        auto& clipboard = *QGuiApplication::clipboard();

        // By mouse: from the left edge of one token to the right edge of another. That is no click.
        const auto from = answer->tokenRect(2);
        const auto to = answer->tokenRect(6);
        QTest::mousePress(answer, Qt::LeftButton, {}, {from.left() + 1, from.center().y()});
        QTest::mouseMove(answer, from.center());
        QTest::mouseMove(answer, {to.right() - 1, to.center().y()});
        QTest::mouseRelease(answer, Qt::LeftButton, {}, {to.right() - 1, to.center().y()});
        QVERIFY(!chat.find("tokenPopover"));
        QCOMPARE(answer->selectedText().toStdString(), textOf(2, 6));
        keepPicture(*chat.panel, "chat-selection");
        clipboard.clear();
        QTest::keyClick(answer, Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(clipboard.text().toStdString(), textOf(2, 6));

        // By keys.
        QTest::keyClick(answer, Qt::Key_Home);
        QVERIFY(answer->selectedText().isEmpty());
        QTest::keyClick(answer, Qt::Key_Right);
        QTest::keyClick(answer, Qt::Key_Right, Qt::ShiftModifier);
        QTest::keyClick(answer, Qt::Key_Right, Qt::ShiftModifier);
        QCOMPARE(answer->selectedText().toStdString(), textOf(1, 3));

        // By the menu.
        QContextMenuEvent event(QContextMenuEvent::Mouse, to.center(), answer->mapToGlobal(to.center()));
        QApplication::sendEvent(answer, &event);
        auto* menu = answer->findChild<QMenu*>("textMenu");
        QVERIFY(menu);
        menu->findChild<QAction*>("copySelection")->trigger();
        QCOMPARE(clipboard.text().toStdString(), textOf(1, 3));
        menu->findChild<QAction*>("copyWholeMessage")->trigger();
        QCOMPARE(clipboard.text().toStdString(), chat.last().text);
        menu->close();

        // Without a drag it is a click.
        QTest::mouseClick(answer, Qt::LeftButton, {}, to.center());
        QVERIFY(chat.find("tokenPopover"));
        QVERIFY(answer->selectedText().isEmpty());

        // One's own words too.
        auto* own = chat.panel->findChild<QWidget*>("userMessage")->findChild<TokenText*>();
        QTest::mouseClick(own, Qt::LeftButton, {}, own->rect().center());
        QTest::keyClick(own, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClick(own, Qt::Key_C, Qt::ControlModifier);
        QCOMPARE(clipboard.text(), QString("Tell me a story about a cat."));
    }

    void markdownIsShownAndItsTokensStayWhereTheyAre() {
        const QString text =
            "# Cats\nThey are **very** fond of *fish*, call `meow()` and\n\n- sleep\n- eat when they are hungry, and then go "
            "back to "
            "sleep until somebody comes\n1. wake\n```\nint **cat = 0;\n```\nEnd 2 * 3 * 4 of snake_case_name.";
        TokenText shown(true);
        shown.resize(400, 400);
        for (const auto& word : text.split(' ')) shown.appendToken(word + ' ', 0.5F);
        shown.finishAppending();
        shown.resize(400, shown.heightForWidth(400));
        keepPicture(shown, "chat-markdown");
        QCOMPARE(shown.text(), text + ' ');
        QSignalSpy clicked(&shown, &TokenText::tokenActivated);
        for (int k = 0; k < shown.tokenCount(); ++k) QTest::mouseClick(&shown, Qt::LeftButton, {}, shown.tokenRect(k).center());
        QCOMPARE(clicked.count(), shown.tokenCount());
        for (int k = 0; k < shown.tokenCount(); ++k) QCOMPARE(clicked[k][0].toInt(), k);

        const auto formatted = [](const QString& paragraph, bool codeBefore = false) {
            QStringList found;
            const auto kind = markdownParagraph(paragraph, codeBefore);
            for (const auto& range : markdownFormats(paragraph, kind, {QFont(), Qt::gray, Qt::gray})) {
                const auto part = paragraph.mid(range.start, range.length);
                if (range.format.fontWeight() == QFont::Bold) found << "bold:" + part;
                if (range.format.fontItalic()) found << "italic:" + part;
                if (range.format.hasProperty(QTextFormat::FontFamilies)) found << "code:" + part;
            }
            return found;
        };
        QCOMPARE(formatted("They are **very** fond of *fish*, call `meow()`."),
                 QStringList({"bold:very", "italic:fish", "code:meow()"}));
        QCOMPARE(formatted("## Cats"), QStringList({"bold:Cats"}));
        QCOMPARE(formatted("- **a** b"), QStringList({"bold:a"}));
        QCOMPARE(formatted("int **a = **b;", true), QStringList({"code:int **a = **b;"}));
        QVERIFY(formatted("2 * 3 * 4 of snake_case_name and **open, `open").isEmpty());
        QVERIFY(markdownParagraph("```cpp", false).isFence && markdownParagraph("```", true).isFence);
        QCOMPARE(markdownParagraph("12. twelve", false).indent, 4);
    }

    void escapeStopsAndControlRRegenerates() {
        PanelFixture chat;
        QVERIFY(chat.openSample());
        chat.conversation.setMaxTokens(100000);
        chat.conversation.setSampler({.temperature = 5.0F});  // so hot that it does not come to an end by itself
        QVERIFY(chat.ask("Tell me a story about a cat."));
        QVERIFY(chat.find("stop") && !chat.find("send"));
        QTRY_VERIFY_WITH_TIMEOUT(chat.last().tokens.size() > 8, patience);
        keepPicture(*chat.panel, "chat-answering");
        QTest::keyClick(chat.find("prompt"), Qt::Key_Escape);
        QVERIFY(chat.answered());
        QVERIFY(chat.find("send") && !chat.find("stop"));
        QVERIFY2(chat.find<QLabel>("messageNote")->text().contains("stopped"),
                 qPrintable(chat.find<QLabel>("messageNote")->text()));
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

    void aLongAnswerStaysSmooth_data() {
        QTest::addColumn<int>("wordsInAParagraph");
        QTest::newRow("paragraphs") << 40;
        QTest::newRow("one paragraph") << 1000000;
    }

    void aLongAnswerStaysSmooth() {
        QFETCH(int, wordsInAParagraph);
        constexpr int width = 720;
        constexpr int tokens = 4096;
        const auto token = [&](int k) {
            return QString(k % wordsInAParagraph == wordsInAParagraph - 1 ? "word%1.\n" : "word%1 ").arg(k % 7 * k);
        };
        TokenText streamed(true);
        streamed.resize(width, 400);
        std::int64_t most = 0;
        for (int k = 0; k < tokens; ++k) {
            const auto before = streamed.charactersLaidOut();
            streamed.appendToken(token(k), 0.5F);
            streamed.heightForWidth(width);
            most = std::max(most, streamed.charactersLaidOut() - before);
        }
        // However long the answer is, a token lays out the last lines only.
        QVERIFY2(most < 5000, qPrintable(QString("%1 characters").arg(most)));

        TokenText whole(true);
        whole.resize(width, 400);
        for (int k = 0; k < tokens; ++k) whole.appendToken(token(k), 0.5F);
        const auto everyTokenIsWhereItWas = [&] {
            for (int k = 0; k < tokens; k += 13) {
                const QRect one = streamed.tokenRect(k);
                const QRect other = whole.tokenRect(k);
                // Text is measured in fractions of a pixel from the beginning of a block.
                if (one.top() != other.top() || std::abs(one.left() - other.left()) > 1 ||
                    std::abs(one.right() - other.right()) > 1)
                    return false;
            }
            return true;
        };
        QCOMPARE(streamed.heightForWidth(width), whole.heightForWidth(width));
        QVERIFY(everyTokenIsWhereItWas());
        QCOMPARE(streamed.heightForWidth(width / 2), whole.heightForWidth(width / 2));
        QVERIFY(everyTokenIsWhereItWas());
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
