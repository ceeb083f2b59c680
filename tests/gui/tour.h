// What a person can do with the program, for the tour: the real window on a real X server, real clicks and keys.
#pragma once

#include <QMenu>
#include <QPlainTextEdit>
#include <QScreen>
#include <QTemporaryDir>
#include <QTimer>
#include <QToolButton>

#include "backend/fpga_backend.h"
#include "backend/vulkan/vulkan_backend.h"
#include "chat/message_list.h"
#include "chat/token_text.h"
#include "chat_fixture.h"
#include "shell/settings.h"
#include "workbench.h"

namespace ternion::app {

/// The whole screen, menus and all; numbered in the order of the tour.
inline void keepScreen(const QString& name) {
    static int number = 0;
    QTest::qWait(150);  // layouts settle, the X server draws
    QScreen* screen = QGuiApplication::primaryScreen();
    const QString scale = screen->devicePixelRatio() > 1 ? QStringLiteral("2x-") : QString();
    QDir().mkpath(TERNION_SCREENSHOTS);
    screen->grabWindow(0).save(
        QStringLiteral(TERNION_SCREENSHOTS "/tour-%1%2-%3.png").arg(scale).arg(++number, 2, 10, QLatin1Char('0')).arg(name));
}

inline void type(const QString& text) { QTest::keyClicks(QApplication::focusWidget(), text); }
inline void press(Qt::Key key, Qt::KeyboardModifiers modifiers = {}) {
    QTest::keyClick(QApplication::focusWidget(), key, modifiers);
}

/// The workbench with all backends, in a home folder of its own.
struct Tour {
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
        settings_ = std::make_unique<Settings>();
        BackendRegistry registry;
        registry.add(makeVulkanBackend());
        registry.add(makeCpuBackend());
        fpga::FpgaOptions boards;
        boards.simulation = [this] { return settings_->simulation(); };
        registry.add(fpga::makeFpgaBackend(std::move(boards)));
        bench_ = std::make_unique<Workbench>(std::move(registry), *settings_, openStores());
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
};

}  // namespace ternion::app
