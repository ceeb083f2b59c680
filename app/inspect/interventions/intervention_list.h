// The edits that the open conversation is looked at with.
#pragma once

#include <QAbstractListModel>
#include <QUndoStack>
#include <vector>

#include "backend/intervention.h"
#include "store/conversation_store.h"

namespace ternion::app {

class ConversationModel;

/// A list of edits that can be switched off one by one; every change can be undone and is kept with the conversation. GUI
/// thread.
class InterventionList : public QAbstractListModel {
    Q_OBJECT

public:
    /// Both outlive it.
    InterventionList(ConversationModel& conversation, QUndoStack& undo, QObject* parent = nullptr);

    const std::vector<StoredEdit>& edits() const { return edits_; }
    Intervention active() const;  ///< those that are switched on, in order

    void add(const Intervention& edits, const QString& what);  ///< one step of undo
    void removeAt(int row);
    void clear();

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;  ///< Qt::CheckStateRole: on or off
    Qt::ItemFlags flags(const QModelIndex& index) const override;

signals:
    void changed();

private:
    class Change;
    void change(std::vector<StoredEdit> to, const QString& what);
    void set(std::vector<StoredEdit> edits);

    ConversationModel& conversation_;
    QUndoStack& undo_;
    std::vector<StoredEdit> edits_;
};

/// "Layer 3: forget gate f, channel 12 pinned to 0".
QString editText(const Edit& edit);
/// What a tensor is called in the views: "forget gate f".
QString tensorText(TraceTensor tensor);

}  // namespace ternion::app
