#include "log/log_model.h"

#include "shell/icons.h"

namespace ternion::app {
namespace {

constexpr int most = 2000;

QString levelName(LogLevel level) {
    switch (level) {
        case LogLevel::Debug:
            return LogModel::tr("debug");
        case LogLevel::Info:
            return LogModel::tr("info");
        case LogLevel::Warning:
            return LogModel::tr("warning");
        case LogLevel::Error:
            return LogModel::tr("error");
    }
    return {};
}

}  // namespace

LogModel::LogModel(QObject* parent) : QAbstractListModel(parent) {
    setLogHook([this](LogLevel level, std::string_view message) {
        QMetaObject::invokeMethod(
            this,
            [this, level, text = QString::fromUtf8(message.data(), static_cast<qsizetype>(message.size()))] {
                append(level, text);
            },
            Qt::QueuedConnection);
    });
}

LogModel::~LogModel() { setLogHook({}); }

void LogModel::append(LogLevel level, const QString& message) {
    if (lines_.size() >= most) {
        beginRemoveRows({}, 0, 0);
        lines_.pop_front();
        endRemoveRows();
    }
    const int row = static_cast<int>(lines_.size());
    beginInsertRows({}, row, row);
    lines_.push_back({QTime::currentTime(), level, message});
    endInsertRows();
}

void LogModel::clear() {
    beginResetModel();
    lines_.clear();
    endResetModel();
}

int LogModel::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(lines_.size()); }

QVariant LogModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const Line& line = lines_[index.row()];
    if (role == Qt::DisplayRole)
        return QStringLiteral("%1  %2  %3").arg(line.time.toString("HH:mm:ss"), levelName(line.level), line.message);
    if (role == levelRole) return static_cast<int>(line.level);
    if (role == Qt::DecorationRole)
        return themedIcon(line.level == LogLevel::Error ? "error" : line.level == LogLevel::Warning ? "warning" : "info");
    return {};
}

}  // namespace ternion::app
