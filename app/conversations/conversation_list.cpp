#include "conversations/conversation_list.h"

#include "chat/conversation_model.h"
#include "shell/format.h"

namespace ternion::app {

ConversationList::ConversationList(ConversationModel& conversations, QObject* parent)
    : QAbstractListModel(parent), conversations_(conversations) {
    connect(&conversations, &ConversationModel::listChanged, this, &ConversationList::refresh);
    refresh();
}

void ConversationList::search(const QString& words) {
    words_ = words;
    refresh();
}

void ConversationList::refresh() {
    beginResetModel();
    rows_ = conversations_.list(words_);
    endResetModel();
}

QModelIndex ConversationList::indexOf(std::int64_t id) const {
    for (std::size_t row = 0; row < rows_.size(); ++row)
        if (rows_[row].id == id) return index(static_cast<int>(row));
    return {};
}

int ConversationList::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

QVariant ConversationList::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const ConversationSummary& row = rows_[index.row()];
    switch (role) {
        case Qt::DisplayRole:
        case Qt::EditRole:
            return QString::fromStdString(row.title);
        case Qt::ToolTipRole:
            return tr("%n message(s)", nullptr, row.messages);
        case Qt::AccessibleDescriptionRole:
        case noteRole:
            return row.modelName.empty() ? formatWhen(row.updatedAt)
                                         : tr("%1 · %2").arg(formatWhen(row.updatedAt), QString::fromStdString(row.modelName));
        case idRole:
            return static_cast<qlonglong>(row.id);
        default:
            return {};
    }
}

bool ConversationList::setData(const QModelIndex& index, const QVariant& value, int role) {
    const QString title = value.toString().trimmed();
    if (!index.isValid() || role != Qt::EditRole || title.isEmpty()) return false;
    conversations_.rename(rows_[index.row()].id, title);
    return true;
}

Qt::ItemFlags ConversationList::flags(const QModelIndex& index) const {
    return QAbstractListModel::flags(index) | Qt::ItemIsEditable;
}

}  // namespace ternion::app
