// The questions asked before, kept in the settings.
#pragma once

#include <QStringList>

namespace ternion::app {

class Settings;

/// The last hundred, each once. Walked from what is being written, which comes back at the end of the walk. GUI thread.
class SqlHistory {
public:
    /// `settings` outlives it.
    explicit SqlHistory(Settings& settings);

    void add(const QString& question);  ///< ends a walk
    /// Null: there is none. `written` is what stands in the editor now.
    QString older(const QString& written);
    QString newer();

private:
    Settings& settings_;
    QStringList questions_;  // newest first
    qsizetype at_ = -1;      // of the walk; -1: what is being written
    QString written_;
};

}  // namespace ternion::app
