// The engine with the sample model, a store of its own and the panel's surroundings, for one test.
#pragma once

#include <QApplication>
#include <QDir>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>
#include <QWidget>

#include "backend/cpu/cpu_backend.h"
#include "chat/conversation_model.h"
#include "engine/engine_client.h"
#include "inspect/inspector.h"
#include "observed_device.h"
#include "runs/run_book.h"
#include "shell/action_registry.h"

namespace ternion::app {

constexpr int patience = 60000;  // milliseconds; nothing here takes that long on a machine that works

inline QString sampleModel() { return TERNION_RESOURCES "/sample-model/ternary-49m.gguf"; }

inline BackendRegistry cpuOnly() {
    BackendRegistry registry;
    registry.add(makeCpuBackend());
    return registry;
}

/// The CPU, and once more as "observed:0", which a test may let fail.
inline BackendRegistry observedAndCpu(PassObserver observer) {
    BackendRegistry registry;
    registry.add(std::make_unique<ObservedBackend>(makeCpuBackend(), std::move(observer)));
    registry.add(makeCpuBackend());
    return registry;
}

inline std::unique_ptr<ConversationStore> openStore(const std::filesystem::path& path = {}) {
    auto opened = ConversationStore::open(path);
    return opened ? std::move(opened->store) : nullptr;
}

inline std::unique_ptr<RunStore> openRunStore(const std::filesystem::path& path = {}) {
    auto opened = RunStore::open(path);
    return opened ? std::move(opened->store) : nullptr;
}

/// Kept as an artifact of the test run.
inline void keepPicture(QWidget& widget, const QString& name) {
    QDir().mkpath(TERNION_SCREENSHOTS);
    QTest::qWait(50);  // layouts settle
    widget.grab().save(QString(TERNION_SCREENSHOTS "/%1.png").arg(name));
}

struct ChatFixture {
    explicit ChatFixture(std::unique_ptr<ConversationStore> own = openStore(), BackendRegistry registry = cpuOnly(),
                         const QString& device = {})
        : store(std::move(own)), engine(std::move(registry), device, runStore.get()) {}

    bool openSample() {
        QSignalSpy opened(&engine, &EngineClient::deviceChanged);
        engine.openModel(sampleModel());
        return opened.wait(patience);
    }
    bool answered() {
        return QTest::qWaitFor([this] { return !conversation.answering(); }, patience);
    }
    const StoredMessage& last() const { return conversation.conversation().messages.back(); }

    std::unique_ptr<ConversationStore> store;
    std::unique_ptr<RunStore> runStore = openRunStore();  // before the engine, which records in it
    EngineClient engine;
    ConversationModel conversation{*store, engine};
    Inspector inspector{engine, conversation};
    RunBook runs{*runStore};
    ActionRegistry actions;
};

}  // namespace ternion::app
