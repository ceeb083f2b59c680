// Menu entries for what runs keep.
#pragma once

namespace ternion::app {

class ActionRegistry;
class EngineClient;
class Settings;

/// Applies the settings, and adds what changes them. All outlive the actions.
void addRecordingActions(EngineClient& engine, Settings& settings, ActionRegistry& actions);

}  // namespace ternion::app
