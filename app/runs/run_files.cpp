#include "runs/run_files.h"

#include <QDir>
#include <QFileDialog>
#include <QStandardPaths>

#include "runs/run_book.h"
#include "runs/run_bundle.h"
#include "runs/run_table.h"
#include "shell/action_registry.h"
#include "shell/format.h"
#include "shell/icons.h"
#include "shell/message_bar.h"

namespace ternion::app {

RunFiles::RunFiles(RunBook& book, RunTable& table, MessageArea& messages, ActionRegistry& actions, QWidget* panel)
    : QObject(panel), book_(book), messages_(messages), panel_(panel) {
    const QString menu = tr("Measure");
    export_ = actions.add("runs.exportBundle", menu, tr("Export the run as a file…"), {}, [this, &table] {
        const std::int64_t run = table.current();
        if (run > 0) ask(true, tr("run-%1.zip").arg(run), [this, run](const QString& path) { exportTo(run, path); });
    });
    export_->setIcon(themedIcon("export"));
    export_->setToolTip(tr("Everything that was recorded of it, prompt and answer too: to look at elsewhere, or to run again"));
    table.addAction(export_);
    import_ = actions.add("runs.importBundle", menu, tr("Import a run…"), {},
                          [this] { ask(false, {}, [this](const QString& path) { importFrom(path); }); });
    import_->setIcon(themedIcon("open"));
    import_->setToolTip(tr("A run that was exported elsewhere; it is marked as foreign"));
}

void RunFiles::ask(bool toSave, const QString& name, const std::function<void(const QString&)>& run) {
    auto* dialog = new QFileDialog(panel_, toSave ? tr("Export the run") : tr("Import a run"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setModal(false);
    dialog->setAcceptMode(toSave ? QFileDialog::AcceptSave : QFileDialog::AcceptOpen);
    dialog->setFileMode(toSave ? QFileDialog::AnyFile : QFileDialog::ExistingFile);
    dialog->setDefaultSuffix(QStringLiteral("zip"));
    dialog->setNameFilter(tr("Runs (*.zip)"));
    const QDir documents(QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation));
    dialog->setDirectory(documents.exists() ? documents : QDir::home());
    if (toSave) dialog->selectFile(name);
    connect(dialog, &QFileDialog::fileSelected, this, run);
    dialog->show();
}

void RunFiles::exportTo(std::int64_t run, const QString& path) {
    exportTask_.run(
        [&store = book_.store(), run, path](const std::stop_token&) -> Status {
            TERNION_TRY(const auto reader, store.reader());
            return exportBundle(*reader, run, path.toStdString());
        },
        [this, path](const Status& done) {
            if (done)
                messages_.post(MessageKind::Info, tr("Exported to %1").arg(formatPath(path)));
            else
                messages_.post(MessageKind::Error, QString::fromStdString(done.error().text()));
        });
}

void RunFiles::importFrom(const QString& path) {
    importTask_.run(
        [&store = book_.store(), path](const std::stop_token&) -> Result<std::int64_t> {
            TERNION_TRY(const auto bundle, readBundle(path.toStdString()));
            return importBundle(store, bundle, path.toStdString());
        },
        [this](const Result<std::int64_t>& run) {
            if (!run) return messages_.post(MessageKind::Error, QString::fromStdString(run.error().text()));
            book_.refresh();
            messages_.post(MessageKind::Info, tr("Imported as run %1").arg(*run));
        });
}

}  // namespace ternion::app
