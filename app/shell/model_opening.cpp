#include "shell/model_opening.h"

#include <QCoreApplication>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QLabel>
#include <QMenu>
#include <QMimeData>

#include "engine/engine_client.h"
#include "shell/action_registry.h"
#include "shell/format.h"
#include "shell/icons.h"
#include "shell/settings.h"

namespace ternion::app {
namespace {

/// The one folder or file that is being dragged; empty for anything else.
QString droppedPath(const QDropEvent* event) {
    const QList<QUrl> urls = event->mimeData()->urls();
    return urls.size() == 1 && urls.front().isLocalFile() ? urls.front().toLocalFile() : QString();
}

}  // namespace

void browseForModel(QWidget* parent, bool folder, const QString& near, const std::function<void(const QString&)>& chosen) {
    const auto text = [](const char* source) { return QCoreApplication::translate("ModelOpening", source); };
    auto* dialog = new QFileDialog(parent, folder ? text("Open a model's folder") : text("Open a model's file"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setModal(false);
    dialog->setFileMode(folder ? QFileDialog::Directory : QFileDialog::ExistingFile);
    if (!folder) dialog->setNameFilters({text("Models (*.gguf *.safetensors *.json *.bin)"), text("All files (*)")});
    if (!near.isEmpty()) dialog->setDirectory(QFileInfo(near).absolutePath());
    QObject::connect(dialog, &QFileDialog::fileSelected, parent, chosen);
    dialog->show();
}

ModelOpening::ModelOpening(EngineClient& engine, ActionRegistry& actions, Settings& settings, QWidget* window)
    : QObject(window),
      engine_(engine),
      settings_(settings),
      window_(window),
      recent_(new QMenu(tr("Recent models"), window)),
      dropHint_(new QLabel(window)) {
    const auto browse = [this](bool folder) {
        browseForModel(window_, folder, settings_.model(), [this](const QString& path) { open(path); });
    };
    actions.add("file.open", tr("File"), tr("Open model file…"), QKeySequence::Open, [browse] { browse(false); })
        ->setIcon(themedIcon("file"));
    actions
        .add("file.openFolder", tr("File"), tr("Open model folder…"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O),
             [browse] { browse(true); })
        ->setIcon(themedIcon("open"));
    recent_->setObjectName("recentModels");
    recent_->setIcon(themedIcon("model"));
    recent_->setToolTipsVisible(true);
    connect(recent_, &QMenu::aboutToShow, this, &ModelOpening::fillRecent);
    connect(&engine, &EngineClient::modelOpened, this, [this](const std::shared_ptr<const OpenModel>& model) {
        if (model) settings_.addRecentModel(model->path);
    });

    dropHint_->setObjectName("dropHint");
    dropHint_->setText(tr("Drop to open this model"));
    dropHint_->setProperty("textSize", "large");
    dropHint_->setAlignment(Qt::AlignCenter);
    dropHint_->hide();
    window->setAcceptDrops(true);
    window->installEventFilter(this);
}

void ModelOpening::open(const QString& path) { engine_.openModel(QFileInfo(path).absoluteFilePath()); }

void ModelOpening::fillRecent() {
    recent_->clear();
    for (const QString& path : settings_.recentModels()) {
        QAction* action = recent_->addAction(formatPath(path), this, [this, path] { open(path); });
        const bool there = QFileInfo::exists(path);
        action->setEnabled(there);
        if (!there) {
            action->setText(tr("%1 (no longer there)").arg(action->text()));
            action->setToolTip(tr("The file or folder was moved or deleted; open it from its new place."));
        }
    }
    if (recent_->isEmpty()) recent_->addAction(tr("Models that you open appear here"))->setEnabled(false);
    recent_->addSeparator();
    recent_->addAction(tr("Clear the list"), this, [this] { settings_.clearRecentModels(); });
}

bool ModelOpening::eventFilter(QObject* watched, QEvent* event) {
    switch (event->type()) {
        case QEvent::DragEnter: {
            auto* drag = static_cast<QDragEnterEvent*>(event);
            if (droppedPath(drag).isEmpty()) return false;
            drag->acceptProposedAction();
            dropHint_->setGeometry(window_->rect());
            dropHint_->show();
            dropHint_->raise();
            return true;
        }
        case QEvent::DragLeave:
            dropHint_->hide();
            return true;
        case QEvent::Drop:
            dropHint_->hide();
            open(droppedPath(static_cast<QDropEvent*>(event)));
            return true;
        default:
            return QObject::eventFilter(watched, event);
    }
}

}  // namespace ternion::app
