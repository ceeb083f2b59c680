#include "shell/quick_pick.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>
#include <algorithm>

#include "shell/fuzzy_match.h"

namespace ternion::app {
namespace {

constexpr int detailRole = Qt::UserRole;
constexpr int shortcutRole = Qt::UserRole + 1;

/// Name, where it comes from, and the shortcut at the right edge.
class RowDelegate : public QStyledItemDelegate {
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const override {
        return {0, option.fontMetrics.height() + 12};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const bool selected = option.state.testFlag(QStyle::State_Selected);
        const auto group = index.flags().testFlag(Qt::ItemIsEnabled) ? QPalette::Active : QPalette::Disabled;
        const QPalette& palette = option.palette;
        const QColor text = palette.color(group, selected ? QPalette::HighlightedText : QPalette::Text);
        const QColor muted = selected ? text : palette.color(QPalette::PlaceholderText);
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        if (selected) {
            painter->setPen(Qt::NoPen);
            painter->setBrush(palette.color(QPalette::Highlight));
            painter->drawRoundedRect(option.rect, 4, 4);
        }
        const QRect rect = option.rect.adjusted(8, 0, -8, 0);
        const QString name = index.data(Qt::DisplayRole).toString();
        painter->setFont(option.font);
        painter->setPen(text);
        painter->drawText(rect, Qt::AlignLeft | Qt::AlignVCenter, name);
        painter->setPen(muted);
        const int after = option.fontMetrics.horizontalAdvance(name) + 12;
        painter->drawText(rect.adjusted(after, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, index.data(detailRole).toString());
        painter->drawText(rect, Qt::AlignRight | Qt::AlignVCenter, index.data(shortcutRole).toString());
        painter->restore();
    }
};

}  // namespace

QuickPick::QuickPick(QWidget* window) : Overlay(window, {640, 420}), input_(new QLineEdit(this)), list_(new QListWidget(this)) {
    setObjectName("quickPick");
    input_->setObjectName("quickPickInput");
    input_->setAccessibleName(tr("Filter"));
    list_->setObjectName("quickPickList");
    list_->setAccessibleName(tr("Choices"));
    list_->setItemDelegate(new RowDelegate(list_));
    list_->setProperty("flat", true);
    list_->setFocusPolicy(Qt::NoFocus);
    list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(8, 8, 8, 8);
    layout->setSpacing(8);
    layout->addWidget(input_);
    layout->addWidget(list_);
    input_->installEventFilter(this);
    connect(input_, &QLineEdit::textChanged, this, &QuickPick::filter);
    connect(input_, &QLineEdit::returnPressed, this, &QuickPick::choose);
    connect(list_, &QListWidget::itemClicked, this, &QuickPick::choose);
}

void QuickPick::open(const QString& prompt, std::vector<QuickPickItem> items, const QString& useLabel,
                     std::function<void(const QString&)> useText) {
    items_ = std::move(items);
    useLabel_ = useLabel;
    useText_ = std::move(useText);
    input_->setPlaceholderText(prompt);
    input_->setAccessibleName(prompt);
    input_->clear();
    filter();
    popUp(input_);
}

void QuickPick::filter() {
    const QString query = input_->text();
    struct Match {
        int score;
        const QuickPickItem* item;
    };
    std::vector<Match> matches;
    for (const QuickPickItem& item : items_)
        if (const auto score = fuzzyMatch(query, item.text + QLatin1Char(' ') + item.detail))
            matches.push_back({*score, &item});
    std::stable_sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) { return a.score > b.score; });

    shown_.clear();
    const QString typed = query.trimmed();
    if (useText_ && !typed.isEmpty())
        shown_.push_back({useLabel_.arg(typed), {}, {}, true, [use = useText_, typed] { use(typed); }});
    for (const Match& match : matches) shown_.push_back(*match.item);

    list_->clear();
    for (const QuickPickItem& item : shown_) {
        auto* row = new QListWidgetItem(item.text, list_);
        row->setData(detailRole, item.detail);
        row->setData(shortcutRole, item.shortcut);
        if (!item.enabled) row->setFlags(Qt::NoItemFlags);
    }
    if (shown_.empty()) {
        auto* row = new QListWidgetItem(useText_ ? tr("Type a name") : tr("Nothing fits; type less of it"), list_);
        row->setFlags(Qt::NoItemFlags);
    }
    list_->setCurrentRow(0);
}

void QuickPick::choose() {
    const int row = list_->currentRow();
    if (row < 0 || row >= static_cast<int>(shown_.size()) || !shown_[row].enabled) return;
    const auto run = shown_[row].run;
    dismiss();
    if (run) run();
}

bool QuickPick::eventFilter(QObject* watched, QEvent* event) {
    if (watched == input_ && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Down || key == Qt::Key_Up || key == Qt::Key_PageDown || key == Qt::Key_PageUp) {
            const int step = key == Qt::Key_Down ? 1 : key == Qt::Key_Up ? -1 : key == Qt::Key_PageDown ? 10 : -10;
            list_->setCurrentRow(std::clamp(list_->currentRow() + step, 0, std::max(0, list_->count() - 1)));
            return true;
        }
    }
    return Overlay::eventFilter(watched, event);
}

}  // namespace ternion::app
