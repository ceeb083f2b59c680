// The whole program but for its backends: every part and every panel, made in the order in which they need each other.
#pragma once

#include "chat/conversation_model.h"
#include "engine/engine_client.h"
#include "inspect/inspector.h"
#include "log/log_model.h"
#include "runs/run_book.h"
#include "shell/action_registry.h"
#include "shell/main_window.h"
#include "shell/theme.h"

namespace ternion::app {

/// What the user keeps, all in one file.
struct OpenedStores {
    std::unique_ptr<ConversationStore> conversations;  ///< null: nothing can be kept, not even in memory
    std::unique_ptr<RunStore> runs;                    ///< likewise
    std::string notice;                                ///< for the user; empty if all is well
};

/// In the XDG data folder; where it cannot be written, stores that go with the program and a notice that says so. Without a
/// store the notice says why.
OpenedStores openStores();

/// GUI thread. Begins with the conversation that was open last, and no model.
struct Workbench {
    /// `registry` holds the backends to choose from; `settings` outlives it; `stores` has both.
    Workbench(BackendRegistry registry, Settings& settings, OpenedStores stores);

    LogModel log;
    Theme theme;
    std::unique_ptr<ConversationStore> store;
    std::unique_ptr<RunStore> runStore;
    EngineClient engine;
    ConversationModel conversation;
    Inspector inspector;
    RunBook runs;
    ActionRegistry actions;
    MainWindow window;
};

}  // namespace ternion::app
