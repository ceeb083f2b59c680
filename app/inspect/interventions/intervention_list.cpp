#include "inspect/interventions/intervention_list.h"

#include <QCoreApplication>
#include <QLocale>
#include <utility>

#include "chat/conversation_model.h"

namespace ternion::app {
namespace {

QString interventionListText(const char* source) { return QCoreApplication::translate("Interventions", source); }

}  // namespace

QString tensorText(TraceTensor tensor) {
    switch (tensor) {
        case TraceTensor::Residual:
            return interventionListText("residual entering");
        case TraceTensor::CandidateProjection:
            return interventionListText("i_proj output");
        case TraceTensor::ForgetProjection:
            return interventionListText("f_proj output");
        case TraceTensor::OutputGate:
            return interventionListText("output gate g (g_proj)");
        case TraceTensor::ForgetGate:
            return interventionListText("forget gate f");
        case TraceTensor::Candidate:
            return interventionListText("candidate i");
        case TraceTensor::State:
            return interventionListText("state h");
        case TraceTensor::TokenMixer:
            return interventionListText("token mixer output (o_proj)");
        case TraceTensor::MidResidual:
            return interventionListText("residual between mixers");
        case TraceTensor::GluProjection:
            return interventionListText("gate_proj output (u, v)");
        case TraceTensor::Glu:
            return interventionListText("GLU product");
        case TraceTensor::ChannelMixer:
            return interventionListText("channel mixer output (down_proj)");
        case TraceTensor::LayerOutput:
            return interventionListText("residual leaving");
    }
    return {};
}

QString editText(const Edit& edit) {
    const QLocale locale;
    const QString channels =
        edit.channels == 0 && edit.firstChannel == 0 ? interventionListText("all channels")
        : edit.channels == 0                         ? interventionListText("channels from %1").arg(edit.firstChannel)
        : edit.channels == 1
            ? interventionListText("channel %1").arg(edit.firstChannel)
            : interventionListText("channels %1 to %2").arg(edit.firstChannel).arg(edit.firstChannel + edit.channels - 1);
    const auto number = [&](float value) { return locale.toString(value, 'g', 4); };
    const QString what = edit.kind == Edit::Kind::Scale ? interventionListText("times %1").arg(number(edit.a))
                         : edit.kind == Edit::Kind::Clamp
                             ? interventionListText("clamped to %1 … %2").arg(number(edit.a), number(edit.b))
                         : edit.a == 0.0F ? interventionListText("zeroed")
                                          : interventionListText("pinned to %1").arg(number(edit.a));
    return interventionListText("Layer %1: %2, %3 %4").arg(edit.layer).arg(tensorText(edit.tensor), channels, what);
}

/// From one list to another, whatever the difference.
class InterventionList::Change : public QUndoCommand {
public:
    Change(InterventionList& list, std::vector<StoredEdit> to, const QString& what)
        : QUndoCommand(what), list_(list), before_(list.edits_), after_(std::move(to)) {}
    void undo() override { list_.set(before_); }
    void redo() override { list_.set(after_); }

private:
    InterventionList& list_;
    std::vector<StoredEdit> before_, after_;
};

InterventionList::InterventionList(ConversationModel& conversation, QUndoStack& undo, QObject* parent)
    : QAbstractListModel(parent), conversation_(conversation), undo_(undo) {
    const auto follow = [this] {
        if (edits_ == conversation_.conversation().intervention) return;
        undo_.clear();  // its steps were another conversation's
        beginResetModel();
        edits_ = conversation_.conversation().intervention;
        endResetModel();
        emit changed();
    };
    connect(&conversation_, &ConversationModel::opened, this, follow);
    follow();
}

Intervention InterventionList::active() const {
    Intervention all;
    for (const auto& [edit, active] : edits_)
        if (active) all.push_back(edit);
    return all;
}

void InterventionList::add(const Intervention& edits, const QString& what) {
    auto to = edits_;
    for (const Edit& edit : edits) to.push_back({edit, true});
    change(std::move(to), what);
}

void InterventionList::removeAt(int row) {
    if (row < 0 || row >= rowCount()) return;
    auto to = edits_;
    to.erase(to.begin() + row);
    change(std::move(to), tr("Remove an intervention"));
}

void InterventionList::clear() {
    if (!edits_.empty()) change({}, tr("Remove all interventions"));
}

void InterventionList::change(std::vector<StoredEdit> to, const QString& what) {
    undo_.push(new Change(*this, std::move(to), what));
}

void InterventionList::set(std::vector<StoredEdit> edits) {
    beginResetModel();
    edits_ = std::move(edits);
    endResetModel();
    conversation_.setIntervention(edits_);
    emit changed();
}

int InterventionList::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(edits_.size());
}

QVariant InterventionList::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    const auto& [edit, active] = edits_[static_cast<std::size_t>(index.row())];
    if (role == Qt::DisplayRole || role == Qt::ToolTipRole) return editText(edit);
    if (role == Qt::CheckStateRole) return active ? Qt::Checked : Qt::Unchecked;
    return {};
}

bool InterventionList::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::CheckStateRole || !index.isValid() || index.row() >= rowCount()) return false;
    auto to = edits_;
    auto& active = to[static_cast<std::size_t>(index.row())].active;
    active = value.toInt() == Qt::Checked;
    change(std::move(to), active ? tr("Switch an intervention on") : tr("Switch an intervention off"));
    return true;
}

Qt::ItemFlags InterventionList::flags(const QModelIndex& index) const {
    return index.isValid() ? Qt::ItemIsEnabled | Qt::ItemIsSelectable | Qt::ItemIsUserCheckable : Qt::NoItemFlags;
}

}  // namespace ternion::app
