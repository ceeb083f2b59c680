// The conversations that a search finds, for a list view.
#pragma once

#include <QAbstractListModel>
#include <vector>

#include "store/conversation_store.h"

namespace ternion::app {

class ConversationModel;

/// Newest first. A title can be edited in place.
class ConversationList : public QAbstractListModel {
    Q_OBJECT

public:
    static constexpr int idRole = Qt::UserRole;
    static constexpr int noteRole = Qt::UserRole + 1;  ///< when, and with which model

    explicit ConversationList(ConversationModel& conversations, QObject* parent = nullptr);

    void search(const QString& words);
    QModelIndex indexOf(std::int64_t id) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;

private:
    void refresh();

    ConversationModel& conversations_;
    QString words_;
    std::vector<ConversationSummary> rows_;
};

}  // namespace ternion::app
