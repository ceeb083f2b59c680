// What the engine has to say, as a list.
#pragma once

#include <QAbstractListModel>
#include <QDateTime>
#include <deque>

#include "base/log.h"

namespace ternion::app {

/// Sets the log hook for as long as it lives; messages of any thread arrive on the GUI thread's next turn. Keeps the last 2000.
class LogModel : public QAbstractListModel {
    Q_OBJECT

public:
    static constexpr int levelRole = Qt::UserRole;  ///< int of LogLevel

    explicit LogModel(QObject* parent = nullptr);
    ~LogModel() override;

    void append(LogLevel level, const QString& message);
    void clear();

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;

private:
    struct Line {
        QTime time;
        LogLevel level;
        QString message;
    };
    std::deque<Line> lines_;
};

}  // namespace ternion::app
