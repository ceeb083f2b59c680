// A tour of the program as a person takes it: the real window on a real X server, real clicks and keys, both backends, the
// conversations on disk. Each step rests on the ones before. Pictures of the whole screen are kept.
#include <QDialogButtonBox>
#include <QDockWidget>
#include <QDropEvent>
#include <QFileDialog>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QScreen>
#include <QScrollBar>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTimer>
#include <QToolButton>
#include <bit>
#include <csignal>

#include "backend/vulkan/vulkan_backend.h"
#include "chat/message_list.h"
#include "chat/token_text.h"
#include "chat_fixture.h"
#include "shell/settings.h"
#include "workbench.h"

namespace ternion::app {
namespace {

/// The whole screen, menus and all; numbered in the order of the tour.
void keepScreen(const QString& name) {
    static int number = 0;
    QTest::qWait(150);  // layouts settle, the X server draws
    QScreen* screen = QGuiApplication::primaryScreen();
    const QString scale = screen->devicePixelRatio() > 1 ? QStringLiteral("2x-") : QString();
    QDir().mkpath(TERNION_SCREENSHOTS);
    screen->grabWindow(0).save(
        QStringLiteral(TERNION_SCREENSHOTS "/tour-%1%2-%3.png").arg(scale).arg(++number, 2, 10, QLatin1Char('0')).arg(name));
}

void type(const QString& text) { QTest::keyClicks(QApplication::focusWidget(), text); }
void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) { QTest::keyClick(QApplication::focusWidget(), key, modifiers); }

}  // namespace

class TourTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir home_;
    std::unique_ptr<Settings> settings_;
    std::unique_ptr<Workbench> bench_;

    QString model() const { return home_.filePath("models/ternary-49m.gguf"); }
    QString database() const { return home_.filePath(".local/share/ternion/ternion.db"); }
    ConversationModel& conversation() const { return bench_->conversation; }
    const std::vector<StoredMessage>& messages() const { return conversation().conversation().messages; }
    std::int64_t id() const { return conversation().conversation().summary.id; }

    /// The last one of that name that is seen.
    template <class T = QWidget>
    T* find(const QString& name) const {
        const auto all = bench_->window.findChildren<T*>(name);
        const auto seen = std::find_if(all.rbegin(), all.rend(), [](const T* widget) { return widget->isVisible(); });
        return seen == all.rend() ? nullptr : *seen;
    }
    bool click(const QString& name) const {
        QWidget* widget = find(name);
        if (widget == nullptr || !widget->isEnabled()) return false;
        QTest::mouseClick(widget, Qt::LeftButton);
        return true;
    }
    QString label(const char* name) const { return find<QLabel>(name)->text(); }
    TokenText* shownMessage(std::size_t index) const {
        return find<MessageList>("messageList")->findChildren<TokenText*>("messageText").at(static_cast<qsizetype>(index));
    }
    void clickToken(std::size_t message, int token) const {
        auto* text = shownMessage(message);
        QTest::mouseClick(text, Qt::LeftButton, {}, text->tokenRect(token).center());
    }
    bool ask(const QString& question) const {
        QTest::mouseClick(find("prompt"), Qt::LeftButton);
        type(question);
        press(Qt::Key_Return);
        return conversation().answering();
    }
    bool answered() const {
        return QTest::qWaitFor([this] { return !conversation().answering(); }, patience);
    }
    bool written(std::size_t tokens) const {
        return QTest::qWaitFor([&] { return messages().back().tokens.size() >= tokens; }, patience);
    }
    /// What is shown is what the conversation holds is what the disk holds.
    bool shownAndKept() const {
        const auto stored = bench_->store->load(id());
        if (!stored || stored->messages.size() != messages().size()) return false;
        for (std::size_t k = 0; k < messages().size(); ++k) {
            const std::string& text = messages()[k].text;
            if (text.empty() || stored->messages[k].text != text || shownMessage(k)->text().toStdString() != text) return false;
        }
        return true;
    }
    bool loaded() const {
        return QTest::qWaitFor([this] { return bench_->engine.activeDevice() && !bench_->engine.busy(); }, patience);
    }
    bool start() {
        BackendRegistry registry;
        registry.add(makeVulkanBackend());
        registry.add(makeCpuBackend());
        settings_ = std::make_unique<Settings>();
        bench_ = std::make_unique<Workbench>(std::move(registry), *settings_, openConversations());
        bench_->window.show();
        bench_->window.move(0, 0);  // there is no window manager
        bench_->window.activateWindow();
        if (!QTest::qWaitForWindowActive(&bench_->window)) return false;
        bench_->window.openModel(model());
        return loaded();
    }
    bool close() {
        const bool closed = bench_->window.close();
        bench_.reset();
        settings_.reset();
        return closed;
    }
    /// As one does it: the button, then the line in its menu.
    bool chooseDevice(const QString& device, const QString& pictureName = {}) const {
        auto* selector = find<QToolButton>("deviceSelector");
        bool chosen = false;
        QTimer::singleShot(300, selector, [&] {
            auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
            if (menu == nullptr) return;
            if (!pictureName.isEmpty()) keepScreen(pictureName);
            for (QAction* action : menu->actions())
                if (action->data().toString() == device) {
                    chosen = true;
                    QTest::mouseClick(menu, Qt::LeftButton, {}, menu->actionGeometry(action).center());
                }
        });
        QTest::mouseClick(selector, Qt::LeftButton);  // comes back when the menu is closed
        return chosen && QTest::qWaitFor(
                             [&] {
                                 const auto active = bench_->engine.activeDevice();
                                 return active && active->info.id() == device.toStdString() && !bench_->engine.busy();
                             },
                             patience);
    }
    /// Empty where there is none. The one in software is in no hurry: an answer can be met in its middle.
    QString vulkan() const {
        QString found;
        for (const DeviceInfo& device : bench_->engine.devices())
            if (device.usable && device.backend == "vulkan" && (found.isEmpty() || device.software))
                found = QString::fromStdString(device.id());
        return found;
    }
    void runCommand(const QString& name) const {
        press(Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
        type(name);
        press(Qt::Key_Return);
    }

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
        QVERIFY(written(12));
        keepScreen("answering");
        QVERIFY(answered());
        QVERIFY(find<QPlainTextEdit>("prompt")->toPlainText().isEmpty());
        QVERIFY(shownAndKept());
        QVERIFY(messages().back().complete);
        QVERIFY(label("messageNote").contains("tokens/s"));
        QVERIFY(label("speed").contains("tokens/s"));
        QVERIFY(bench_->window.windowTitle().contains("Ternary 49M"));
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
        QVERIFY(written(16));
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
