#include "conversations/conversations_panel.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QSaveFile>
#include <QStandardPaths>
#include <QStyledItemDelegate>
#include <QToolButton>
#include <QVBoxLayout>

#include "chat/conversation_model.h"
#include "conversations/conversation_list.h"
#include "shell/action_registry.h"
#include "shell/format.h"
#include "shell/icons.h"
#include "shell/message_bar.h"

namespace ternion::app {
namespace {

QString conversationsPanelText(const char* source) { return QCoreApplication::translate("Conversations", source); }

/// Title, and below it when and with which model.
class ConversationDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override {
        return {0, 2 * option.fontMetrics.height() + 16};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const bool selected = option.state.testFlag(QStyle::State_Selected);
        const QPalette& palette = option.palette;
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (selected || option.state.testFlag(QStyle::State_MouseOver)) {
            QColor back = palette.color(QPalette::Highlight);
            back.setAlpha(selected ? 60 : 25);
            painter->setPen(Qt::NoPen);
            painter->setBrush(back);
            painter->drawRoundedRect(option.rect.adjusted(4, 1, -4, -1), 6, 6);
        }
        const QRect rect = option.rect.adjusted(12, 8, -12, -8);
        const int line = option.fontMetrics.height();
        const auto draw = [&](int y, const QString& content, QPalette::ColorRole role) {
            painter->setPen(palette.color(role));
            painter->drawText(QRect(rect.left(), y, rect.width(), line), Qt::AlignLeft | Qt::AlignVCenter,
                              painter->fontMetrics().elidedText(content, Qt::ElideRight, rect.width()));
        };
        painter->setFont(option.font);
        draw(rect.top(), index.data().toString(), QPalette::Text);
        QFont small = option.font;
        small.setPointSizeF(small.pointSizeF() * 0.88);
        painter->setFont(small);
        draw(rect.top() + line, index.data(ConversationList::noteRole).toString(), QPalette::PlaceholderText);
        painter->restore();
    }

    void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option, const QModelIndex&) const override {
        editor->setGeometry(option.rect.adjusted(4, 4, -4, -4));
    }
};

class ConversationsPanel : public QWidget {
public:
    explicit ConversationsPanel(const PanelContext& context)
        : conversations_(context.conversation),
          list_(new ConversationList(context.conversation, this)),
          view_(new QListView),
          search_(new QLineEdit),
          empty_(new QLabel),
          messages_(new MessageArea) {
        setObjectName("conversationsPanel");
        buildSearch();
        buildView();
        addActions(context.actions);
        auto* top = new QHBoxLayout;
        top->setContentsMargins(8, 8, 8, 8);
        top->setSpacing(8);
        top->addWidget(search_, 1);
        auto* fresh = new QToolButton;
        fresh->setObjectName("newConversation");
        fresh->setDefaultAction(new_);
        fresh->setAccessibleName(new_->text());
        top->addWidget(fresh);
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(0);
        column->addLayout(top);
        column->addWidget(empty_);
        column->addWidget(view_, 1);
        column->addWidget(messages_);
        connect(list_, &QAbstractItemModel::modelReset, this, [this] { showCurrent(); });
        connect(&conversations_, &ConversationModel::opened, this, [this] { showCurrent(); });
        showCurrent();
    }

    QSize sizeHint() const override { return {256, 480}; }

private:
    void buildSearch() {
        search_->setObjectName("conversationSearch");
        search_->setPlaceholderText(conversationsPanelText("Search"));
        search_->setToolTip(conversationsPanelText("Search titles and messages"));
        search_->setAccessibleName(search_->toolTip());
        search_->setClearButtonEnabled(true);
        search_->addAction(themedIcon("search"), QLineEdit::LeadingPosition);
        connect(search_, &QLineEdit::textChanged, list_, &ConversationList::search);
        connect(search_, &QLineEdit::returnPressed, view_, [this] { view_->setFocus(); });
        empty_->setObjectName("conversationsEmpty");
        empty_->setWordWrap(true);
        empty_->setProperty("muted", true);
        empty_->setContentsMargins(12, 8, 12, 8);
    }

    void buildView() {
        view_->setObjectName("conversationList");
        view_->setAccessibleName(conversationsPanelText("Conversations"));
        view_->setModel(list_);
        view_->setItemDelegate(new ConversationDelegate(view_));
        view_->setProperty("flat", true);
        view_->setMouseTracking(true);
        view_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
        view_->setEditTriggers(QAbstractItemView::EditKeyPressed);
        view_->setContextMenuPolicy(Qt::ActionsContextMenu);
        connect(view_, &QListView::clicked, this, [this](const QModelIndex& index) { open(index); });
        connect(view_, &QListView::activated, this, [this](const QModelIndex& index) { open(index); });
    }

    void addActions(ActionRegistry& actions) {
        const QString menu = conversationsPanelText("Chat");
        new_ = actions.add("conversation.new", menu, conversationsPanelText("New conversation"), QKeySequence::New,
                           [this] { conversations_.startNew(); });
        new_->setIcon(themedIcon("new"));
        actions
            .add("conversation.search", menu, conversationsPanelText("Search conversations"),
                 QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_F),
                 [this] {
                     if (auto* dock = parentWidget()) dock->show();
                     search_->setFocus();
                     search_->selectAll();
                 })
            ->setIcon(themedIcon("search"));
        const auto onSelected = [&](const char* id, const QString& name, const char* icon, const QKeySequence& keys,
                                    const std::function<void(std::int64_t)>& run) {
            QAction* action = actions.add(id, menu, name, keys, [this, run] {
                if (const auto selected = selectedId(); selected > 0) run(selected);
            });
            action->setIcon(themedIcon(icon));
            view_->addAction(action);
        };
        onSelected("conversation.rename", conversationsPanelText("Rename conversation"), "edit", {}, [this](std::int64_t id) {
            view_->setFocus();
            view_->edit(list_->indexOf(id));
        });
        onSelected("conversation.markdown", conversationsPanelText("Export as Markdown…"), "export", {},
                   [this](std::int64_t id) { exportTo(id, false); });
        onSelected("conversation.json", conversationsPanelText("Export as JSON…"), "export", {},
                   [this](std::int64_t id) { exportTo(id, true); });
        onSelected("conversation.delete", conversationsPanelText("Delete conversation"), "delete",
                   QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Delete), [this](std::int64_t id) { remove(id); });
    }

    std::int64_t selectedId() const { return view_->currentIndex().data(ConversationList::idRole).toLongLong(); }

    void open(const QModelIndex& index) {
        const auto id = index.data(ConversationList::idRole).toLongLong();
        if (id != conversations_.conversation().summary.id) conversations_.open(id);
    }

    void remove(std::int64_t id) {
        const QString title = list_->indexOf(id).data().toString();
        conversations_.remove(id);
        messages_->clear();
        messages_->post(MessageKind::Info, conversationsPanelText("Deleted “%1”").arg(title),
                        MessageAction{conversationsPanelText("Undo"), [this] { conversations_.undoRemove(); }});
    }

    void exportTo(std::int64_t id, bool asJson) {
        const QString ending = asJson ? QStringLiteral("json") : QStringLiteral("md");
        auto* dialog = new QFileDialog(this, conversationsPanelText("Export conversation"));
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->setModal(false);
        dialog->setAcceptMode(QFileDialog::AcceptSave);
        dialog->setDefaultSuffix(ending);
        dialog->setNameFilter(asJson ? conversationsPanelText("JSON (*.json)") : conversationsPanelText("Markdown (*.md)"));
        const QDir documents(QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation));
        dialog->setDirectory(documents.exists() ? documents : QDir::home());
        dialog->selectFile(list_->indexOf(id).data().toString().replace(QLatin1Char('/'), QLatin1Char('-')));
        connect(dialog, &QFileDialog::fileSelected, this, [this, id, asJson](const QString& path) {
            const QByteArray content = conversations_.exported(id, asJson).toUtf8();
            QSaveFile file(path);
            if (file.open(QIODevice::WriteOnly) && file.write(content) == content.size() && file.commit())
                messages_->post(MessageKind::Info, conversationsPanelText("Exported to %1").arg(formatPath(path)));
            else
                messages_->post(
                    MessageKind::Error,
                    conversationsPanelText("%1 was not written: %2. Choose another place.").arg(path, file.errorString()));
        });
        dialog->show();
    }

    void showCurrent() {
        view_->setCurrentIndex(list_->indexOf(conversations_.conversation().summary.id));
        const bool none = list_->rowCount() == 0;
        empty_->setVisible(none);
        empty_->setText(search_->text().isEmpty()
                            ? conversationsPanelText(
                                  "No conversation yet. Type a question in the middle of the window; it will be kept here.")
                            : conversationsPanelText("No conversation has all of these words. Search for fewer of them."));
    }

    ConversationModel& conversations_;
    ConversationList* list_;
    QListView* view_;
    QLineEdit* search_;
    QLabel* empty_;
    MessageArea* messages_;
    QAction* new_ = nullptr;
};

}  // namespace

PanelDefinition conversationsPanel() {
    return {"conversations", conversationsPanelText("Conversations"),
            conversationsPanelText(
                "Every conversation is kept here as it is written. Search them, rename them with F2, export or delete them."),
            Qt::LeftDockWidgetArea, [](const PanelContext& context) { return new ConversationsPanel(context); }};
}

}  // namespace ternion::app
