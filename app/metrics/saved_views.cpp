#include "metrics/saved_views.h"

#include <QAction>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QToolButton>
#include <QWidgetAction>

#include "chat/labels.h"
#include "runs/run_book.h"

namespace ternion::app {
namespace {

/// The store's views are everybody's.
constexpr std::string_view prefix = "metrics/";

std::string keyOf(const QString& name) { return std::string(prefix) + name.toStdString(); }

}  // namespace

SavedViews::SavedViews(RunBook& runs, QWidget* parent)
    : QToolButton(parent),
      runs_(runs),
      reading_(new StoreReading(runs.store(), this)),
      menu_(new QMenu(this)),
      name_(new QLineEdit) {
    setObjectName("metrics.views");
    setText(tr("Views"));
    setToolTip(tr("Choose a saved view, or save this one: what is shown, its choices and its ranges"));
    setAccessibleName(tr("Saved views"));
    setFocusPolicy(Qt::StrongFocus);
    setPopupMode(InstantPopup);
    setProperty("framed", true);
    setMenu(menu_);
    name_->setObjectName("metrics.views.name");
    name_->setPlaceholderText(tr("Save this view as…"));
    name_->setAccessibleName(tr("Name of the view"));
    name_->setMinimumWidth(24 * grid);
    auto* around = new QWidget(menu_);
    auto* row = new QHBoxLayout(around);
    row->setContentsMargins(grid, grid / 2, grid, grid / 2);
    row->addWidget(name_);
    auto* inLine = new QWidgetAction(menu_);
    inLine->setDefaultWidget(around);
    inLine->setObjectName("metrics.views.save");
    menu_->addAction(inLine);
    connect(name_, &QLineEdit::returnPressed, this, [this] {
        const QString name = name_->text().trimmed();
        if (name.isEmpty()) return;
        name_->clear();
        menu_->close();
        emit saving(name);
    });
    connect(menu_, &QMenu::aboutToShow, name_, [this] { name_->setFocus(); });
    connect(reading_, &StoreReading::failed, &runs_, &RunBook::problem);
    rebuild();
}

void SavedViews::refresh() {
    reading_->run([](StoreConnection& connection) { return connection.reader->views(); },
                  [this](const std::vector<std::pair<std::string, std::string>>& all) {
                      std::map<QString, QString> views;
                      for (const auto& [name, json] : all)
                          if (name.starts_with(prefix))
                              views[QString::fromStdString(name.substr(prefix.size()))] = QString::fromStdString(json);
                      if (views == views_) return;
                      views_ = std::move(views);
                      rebuild();
                  });
}

void SavedViews::save(const QString& name, const QString& json) {
    views_[name] = json;
    rebuild();
    runs_.write([key = keyOf(name), text = json.toStdString()](RunStore& store) { return store.saveView(key, text); });
}

void SavedViews::remove(const QString& name) {
    views_.erase(name);
    rebuild();
    runs_.write([key = keyOf(name)](RunStore& store) { return store.saveView(key, {}); });
}

/// The line to save under stays; what is above and below it is made anew.
void SavedViews::rebuild() {
    QAction* inLine = menu_->findChild<QAction*>("metrics.views.save");
    for (QAction* action : menu_->actions()) {
        if (action == inLine) continue;
        menu_->removeAction(action);
        action->deleteLater();  // it may be the one that was just triggered
    }
    for (const auto& [name, json] : views_) {
        auto* choose = new QAction(name, menu_);
        choose->setObjectName("metrics.view." + name);
        connect(choose, &QAction::triggered, this, [this, json = json] { emit chosen(json); });
        menu_->insertAction(inLine, choose);
    }
    if (views_.empty()) return;
    menu_->insertSeparator(inLine);
    menu_->addSeparator();
    for (const auto& [name, json] : views_) {
        auto* remove = new QAction(themedIcon("delete"), tr("Delete “%1”").arg(name), menu_);
        remove->setObjectName("metrics.view.delete." + name);
        connect(remove, &QAction::triggered, this, [this, name = name] { this->remove(name); });
        menu_->addAction(remove);
    }
}

}  // namespace ternion::app
