// The whole program but for its backends: every part and every panel, made in the order in which they need each other.
#pragma once

#include "chat/conversation_model.h"
#include "engine/engine_client.h"
#include "inspect/inspector.h"
#include "log/log_model.h"
#include "shell/action_registry.h"
#include "shell/main_window.h"
#include "shell/theme.h"

namespace ternion::app {

/// The user's conversations, in the XDG data folder; where it cannot be written, a store in memory and a notice that says so.
/// Without a store the notice says why.
ConversationStore::Opened openConversations();

/// GUI thread. Begins with the conversation that was open last, and no model.
struct Workbench {
    /// `registry` holds the backends to choose from; `settings` outlives it; `conversations` has a store.
    Workbench(BackendRegistry registry, Settings& settings, ConversationStore::Opened conversations);

    LogModel log;
    Theme theme;
    std::unique_ptr<ConversationStore> store;
    EngineClient engine;
    ConversationModel conversation;
    Inspector inspector;
    ActionRegistry actions;
    MainWindow window;
};

}  // namespace ternion::app
