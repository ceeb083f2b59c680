// A tour of the program as a person takes it: both backends, the conversations on disk. Each step rests on the ones before.
// Pictures of the whole screen are kept.
#include "tour.h"

#include <QDialogButtonBox>
#include <QDockWidget>
#include <QDropEvent>
#include <QFileDialog>
#include <QLineEdit>
#include <QListView>
#include <QMimeData>
#include <QProcess>
#include <QPushButton>
#include <QScrollBar>
#include <QSpinBox>
#include <bit>
#include <csignal>

namespace ternion::app {

class TourTest : public QObject, private Tour {
    Q_OBJECT

private slots:
    void initTestCase() {
        QCOMPARE(QGuiApplication::platformName(), "xcb");
        for (const char* variable : {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"}) qunsetenv(variable);
        qputenv("HOME", home_.path().toUtf8());
        QVERIFY(QDir().mkpath(home_.filePath("models")));
        QVERIFY(QFile::link(sampleModel(), model()));
        Settings().setDevice("cpu");
        Settings().setTheme(ThemeMode::Light);
    }

    void opensReadyToType() {
        QVERIFY(start());
        const QRect screen = QGuiApplication::primaryScreen()->availableGeometry();
        QVERIFY(screen.contains(bench_->window.frameGeometry()));
        bench_->window.setGeometry(screen);
        QTRY_COMPARE(bench_->window.findChildren<QAbstractButton*>("example").size(), 3);
        QTRY_COMPARE(QApplication::focusWidget(), find("prompt"));
        QVERIFY(label("modelName").startsWith("Ternary 49M"));
        keepScreen("opened");
    }

    void answersAQuestion() {
        type("Tell me a story about a cat.");
        keepScreen("question");
        press(Qt::Key_Return);
        QVERIFY(conversation().answering());
        QVERIFY(answered());
        QVERIFY(find<QPlainTextEdit>("prompt")->toPlainText().isEmpty());
        QVERIFY(shownAndKept());
        QVERIFY(messages().back().complete);
        QVERIFY(label("messageNote").contains("tokens/s"));
        QVERIFY(label("speed").contains("tokens/s"));
        QVERIFY(bench_->window.windowTitle().contains("Ternary 49M"));
        QCOMPARE(bench_->window.findChildren<QLabel*>("speaker").back()->text(), QString("Ternary 49M"));
        keepScreen("answered");
    }

    void showsAlternativesOfAToken() {
        constexpr int place = 6;
        clickToken(1, place);
        QVERIFY(find("tokenPopover"));
        const auto& token = messages()[1].tokens[place];
        const auto rows = find("tokenPopover")->findChildren<QAbstractButton*>("alternative");
        QCOMPARE(static_cast<std::size_t>(rows.size()), token.alternatives.size());
        QVERIFY(std::is_sorted(token.alternatives.rbegin(), token.alternatives.rend(),
                               [](const auto& a, const auto& b) { return a.probability < b.probability; }));
        keepScreen("alternatives");
        press(Qt::Key_Escape);
        QVERIFY(!find("tokenPopover"));
    }

    void stopsAnAnswerMidway() {
        QVERIFY2(!vulkan().isEmpty(), "no Vulkan device: mesa-vulkan-drivers has one in software");
        QVERIFY(chooseDevice(vulkan()));
        QVERIFY(ask("Tell me a long story about the sea."));
        QVERIFY(written(8));
        keepScreen("answering");
        QVERIFY(click("stop"));
        QVERIFY(answered());
        QVERIFY(messages().back().tokens.size() <
                static_cast<std::size_t>(bench_->window.findChild<QSpinBox*>("maxTokens")->value()));
        QVERIFY(label("messageNote").contains("stopped"));
        QVERIFY(shownAndKept());
        keepScreen("stopped");
        QVERIFY(chooseDevice("cpu"));
    }

    void goesOnFromAnotherToken() {
        constexpr int place = 7;
        const auto before = messages()[3];
        clickToken(3, place);
        keepScreen("choosing");
        const auto rows = find("tokenPopover")->findChildren<QAbstractButton*>("alternative");
        const auto& others = before.tokens[place].alternatives;
        std::size_t other = 0;
        while (others.at(other).id == before.tokens[place].id) ++other;
        QTest::mouseClick(rows.at(static_cast<qsizetype>(other)), Qt::LeftButton);
        QVERIFY(answered());
        const auto& after = messages()[3];
        for (int k = 0; k < place; ++k) QCOMPARE(after.tokens[k].id, before.tokens[k].id);
        QCOMPARE(after.tokens[place].id, others[other].id);
        QVERIFY(after.tokens.size() > place + 1);
        QVERIFY(shownAndKept());
        keepScreen("another-token");
    }

    void anEarlierMessageIsEditedAndAnsweredAnew() {
        auto* first = bench_->window.findChildren<QWidget*>("userMessage").front();
        auto* edit = first->findChild<QToolButton*>("editMessage");
        find<MessageList>("messageList")->ensureWidgetVisible(edit);
        QTest::mouseClick(edit, Qt::LeftButton);
        QCOMPARE(QApplication::focusWidget()->objectName(), "messageEdit");
        press(Qt::Key_A, Qt::ControlModifier);
        type("Tell me a story about a dog.");
        keepScreen("editing");
        QVERIFY(click("saveEdit"));
        QVERIFY(answered());
        QCOMPARE(messages().size(), std::size_t{2});
        QCOMPARE(messages()[0].text, std::string("Tell me a story about a dog."));
        QVERIFY(shownAndKept());
        keepScreen("edited");
    }

    void samplingIsSetBesideTheChat() {
        press(Qt::Key_M, Qt::ControlModifier | Qt::ShiftModifier);
        QTRY_VERIFY(find("temperature"));
        press(Qt::Key_A, Qt::ControlModifier);
        type("0");
        press(Qt::Key_Return);
        auto* longest = find<QSpinBox>("maxTokens");
        longest->setFocus();
        press(Qt::Key_A, Qt::ControlModifier);
        type("32");
        press(Qt::Key_Return);
        QCOMPARE(conversation().conversation().sampler.temperature, 0.0F);
        QCOMPARE(longest->value(), 32);
        QCOMPARE(shownMessage(1)->height(), shownMessage(1)->heightForWidth(shownMessage(1)->width()));  // nothing is cut off
        keepScreen("settings");
        QVERIFY(click("showSettings"));
        QVERIFY(!find("temperature"));
    }

    void theDeviceIsChangedInTheMiddle() {
        QVERIFY(ask("What is the name of the dog?"));
        QVERIFY(answered());
        const auto onCpu = messages().back();
        QVERIFY(chooseDevice(vulkan(), "devices"));
        QVERIFY(find<QToolButton>("deviceSelector")->text().contains(vulkan()));
        QVERIFY(click("regenerateMessage"));
        QVERIFY(answered());
        // Not similar: the same. And so are the probabilities, to the bit.
        QCOMPARE(messages().back().text, onCpu.text);
        for (std::size_t k = 0; k < onCpu.tokens.size(); ++k)
            QCOMPARE(std::bit_cast<std::uint32_t>(messages().back().tokens[k].probability),
                     std::bit_cast<std::uint32_t>(onCpu.tokens[k].probability));
        QVERIFY(ask("Where does it live?"));
        QVERIFY(answered());
        QVERIFY(shownAndKept());
        keepScreen("on-vulkan");
        QVERIFY(chooseDevice("cpu"));
        QVERIFY(ask("What does it eat?"));
        QVERIFY(answered());
        QCOMPARE(messages().size(), std::size_t{8});
        QVERIFY(shownAndKept());
        QVERIFY(chooseDevice(vulkan()));
    }

    void aBadModelIsNamedAndTheOldOneStays() {
        const QString bad = home_.filePath("models/half-a-model");
        QVERIFY(QDir().mkpath(bad));
        QFile config(bad + "/config.json");
        QVERIFY(config.open(QIODevice::WriteOnly) && config.write("{\"model_type\": \"hgrn_bit\"") > 0);
        config.close();
        QMimeData mime;
        mime.setUrls({QUrl::fromLocalFile(bad)});
        QDragEnterEvent enter(QPoint(700, 400), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&bench_->window, &enter);
        QVERIFY(find("dropHint"));
        keepScreen("dragged");
        QDropEvent drop(QPointF(700, 400), Qt::CopyAction, &mime, Qt::LeftButton, Qt::NoModifier);
        QApplication::sendEvent(&bench_->window, &drop);
        QTRY_VERIFY(find("messageBar"));
        QVERIFY(label("messageText").contains("config.json"));
        keepScreen("bad-model");
        QVERIFY(loaded());
        QVERIFY(label("modelName").startsWith("Ternary 49M"));
        QVERIFY(click("messageClose"));
        QTRY_VERIFY(!find("messageBar"));
        QVERIFY(shownAndKept());
    }

    void commandsThemeLogAndShortcuts() {
        press(Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
        type("the");
        keepScreen("palette");
        press(Qt::Key_Escape);
        press(Qt::Key_F1);
        QVERIFY(find("shortcutOverview"));
        keepScreen("shortcuts");
        press(Qt::Key_Escape);
        runCommand("theme dark");
        QVERIFY(bench_->window.palette().color(QPalette::Window).lightness() < 80);
        QVERIFY(click("showProbabilities"));
        find<MessageList>("messageList")->verticalScrollBar()->setValue(0);
        clickToken(1, 9);
        QVERIFY(find("tokenPopover"));
        keepScreen("dark");
        press(Qt::Key_Escape);
        QVERIFY(click("showSettings"));
        keepScreen("dark-settings");
        QVERIFY(click("showSettings"));
        QVERIFY(click("showProbabilities"));
        runCommand("theme light");
        runCommand("panels log");
        QVERIFY(find("logList"));
        keepScreen("log");
    }

    void closedAndReopenedEverythingIsBack() {
        const auto before = messages();
        const auto open = id();
        const QString device = find<QToolButton>("deviceSelector")->text();
        const QSize size = bench_->window.size();
        QVERIFY(find<QDockWidget>("modelCard"));
        find<QDockWidget>("modelCard")->close();
        QVERIFY(close());
        QVERIFY(start());
        QCOMPARE(id(), open);
        QCOMPARE(messages().size(), before.size());
        for (std::size_t k = 0; k < before.size(); ++k) QCOMPARE(messages()[k].text, before[k].text);
        QVERIFY(shownAndKept());
        QCOMPARE(conversation().conversation().sampler.temperature, 0.0F);
        QCOMPARE(find<QToolButton>("deviceSelector")->text(), device);
        QCOMPARE(bench_->window.size(), size);
        QVERIFY(find<QDockWidget>("log") && !find<QDockWidget>("modelCard"));
        keepScreen("reopened");
        runCommand("reset layout");
        QVERIFY(!find<QDockWidget>("log") && find<QDockWidget>("modelCard"));
        QVERIFY(chooseDevice("cpu"));
    }

    void aConversationIsFoundByItsWords() {
        const auto story = id();
        press(Qt::Key_N, Qt::ControlModifier);
        QVERIFY(ask("Hello! What is your name?"));
        QVERIFY(answered());
        QVERIFY(id() != story);
        auto* list = find<QListView>("conversationList");
        QCOMPARE(list->model()->rowCount(), 2);
        press(Qt::Key_F, Qt::ControlModifier | Qt::ShiftModifier);
        QCOMPARE(QApplication::focusWidget()->objectName(), "conversationSearch");
        type("story DOG eat");
        QCOMPARE(list->model()->rowCount(), 1);
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualRect(list->model()->index(0, 0)).center());
        QCOMPARE(id(), story);
        keepScreen("found");
    }

    void aConversationIsExportedAsMarkdown() {
        runCommand("export markdown");
        QPointer<QFileDialog> dialog;
        QTRY_VERIFY((dialog = bench_->window.findChild<QFileDialog*>()) && dialog->isVisible());
        auto* name = dialog->findChild<QLineEdit*>("fileNameEdit");
        QTRY_VERIFY(!name->text().isEmpty());
        keepScreen("export");
        name->selectAll();
        QTest::keyClicks(name, "dog");
        QTest::mouseClick(dialog->findChild<QDialogButtonBox*>()->button(QDialogButtonBox::Save), Qt::LeftButton);
        QTRY_VERIFY(!dialog);
        QFile file(home_.filePath("dog.md"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QString document = QString::fromUtf8(file.readAll());
        for (const auto& message : messages()) QVERIFY(document.contains(QString::fromStdString(message.text).trimmed()));
        keepScreen("exported");
        QVERIFY(chooseDevice(vulkan()));
        QVERIFY(close());
    }

    /// The real program, killed in the middle of an answer.
    void aKilledProgramHasLostNothingThatWasShown() {
        QProcess program;
        program.start(TERNION_PROGRAM, {model()});
        QVERIFY(program.waitForStarted());
        const auto xdotool = [](const QStringList& what) { return QProcess::execute("xdotool", what) == 0; };
        QProcess search;  // the title says that the model is loaded
        search.start("xdotool", {"search", "--sync", "--onlyvisible", "--name", "Ternary 49M"});
        QVERIFY(search.waitForFinished());
        QVERIFY(xdotool({"windowfocus", "--sync", QString::fromLatin1(search.readAllStandardOutput().trimmed())}));
        QVERIFY(xdotool({"key", "ctrl+n"}));
        QVERIFY(xdotool({"type", "Tell me a story about a bird."}));
        QVERIFY(xdotool({"key", "Return"}));
        auto onDisk = openStore(database().toStdString());
        QVERIFY(onDisk);
        Conversation shown;
        const auto writing = [&] {
            const auto all = onDisk->list("bird");
            if (!all || all->empty()) return false;
            auto loaded = onDisk->load(all->front().id);
            if (!loaded || loaded->messages.size() < 2 || loaded->messages[1].tokens.size() < 6) return false;
            shown = std::move(*loaded);
            return true;
        };
        QVERIFY(QTest::qWaitFor(writing, patience));
        QCOMPARE(::kill(static_cast<pid_t>(program.processId()), SIGSTOP), 0);  // the screen and the disk hold still
        keepScreen("before-the-kill");
        QVERIFY(writing() && !shown.messages[1].complete);
        program.kill();
        QVERIFY(program.waitForFinished());
        QCOMPARE(program.exitStatus(), QProcess::CrashExit);
        onDisk.reset();

        QVERIFY(start());
        QCOMPARE(id(), shown.summary.id);
        QVERIFY(messages()[1].text.starts_with(shown.messages[1].text));
        QVERIFY(!messages()[1].complete);
        QVERIFY(label("messageNote").contains("The program ended"));
        keepScreen("after-the-kill");
        const auto before = messages()[1];
        QVERIFY(click("continueMessage"));
        QVERIFY(answered());
        QVERIFY(messages()[1].text.starts_with(before.text) && messages()[1].tokens.size() > before.tokens.size());
        QVERIFY(shownAndKept());
        QVERIFY(close());
    }
};

}  // namespace ternion::app

QTEST_MAIN(ternion::app::TourTest)
#include "tour_test.moc"
