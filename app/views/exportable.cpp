#include "views/exportable.h"

#include <QApplication>
#include <QBuffer>
#include <QClipboard>
#include <QDir>
#include <QEvent>
#include <QFileDialog>
#include <QMenu>
#include <QPageSize>
#include <QPainter>
#include <QPdfWriter>
#include <QPointer>
#include <QRegularExpression>
#include <QScreen>
#include <QStandardPaths>
#include <QSvgGenerator>
#include <QToolTip>
#include <algorithm>
#include <sstream>

#include "base/atomic_file.h"
#include "chat/labels.h"
#include "shell/action_registry.h"
#include "shell/format.h"
#include "shell/message_bar.h"
#include "views/latest_task.h"

namespace ternion::app {
namespace {

QString exportableText(const char* source) { return QCoreApplication::translate("Export", source); }

AskForFile& askForFile() {
    static AskForFile ask = [](QWidget* parent, const QString& title, const QString& suggestedName, const QString& filter) {
        return QFileDialog::getSaveFileName(parent, title, suggestedName, filter);
    };
    return ask;
}

/// Fonts in points come out as on the screen, whatever the device.
int screenDpi() { return qRound(QGuiApplication::primaryScreen()->logicalDotsPerInch()); }

QImage pictureOf(Exportable& view, const QSize& size) {
    constexpr int sharpness = 2;
    QImage image(size * sharpness, QImage::Format_ARGB32_Premultiplied);
    image.setDevicePixelRatio(sharpness);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    view.paintPicture(painter, size);
    return image;
}

void paintPdf(Exportable& view, const QSize& size, QIODevice& out) {
    constexpr QSizeF a4{297, 210};  // millimetres, on its side
    constexpr double millimetresAnInch = 25.4;
    QPdfWriter writer(&out);
    writer.setResolution(screenDpi());
    writer.setPageSize(QPageSize(QSizeF(size).scaled(a4, Qt::KeepAspectRatio), QPageSize::Millimeter));
    writer.setPageMargins({});
    QPainter painter(&writer);
    const double pageWidth = QSizeF(size).scaled(a4, Qt::KeepAspectRatio).width() / millimetresAnInch * writer.resolution();
    painter.scale(pageWidth / size.width(), pageWidth / size.width());
    view.paintPicture(painter, size);
}

void paintSvg(Exportable& view, const QSize& size, QIODevice& out) {
    QSvgGenerator generator;
    generator.setOutputDevice(&out);
    generator.setResolution(screenDpi());
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(), size));
    QPainter painter(&generator);
    view.paintPicture(painter, size);
}

QString tableText(const Table& table) {
    std::ostringstream out;
    writeCsv(table, out, '\t');
    return QString::fromStdString(out.str());
}

/// The button's actions at work; child of the button.
class Exporter : public QObject {
public:
    Exporter(const QString& title, Exportable& view, QWidget& widget, QToolButton* button)
        : QObject(button), title_(title), view_(view), widget_(widget), button_(button), messages_(new MessageArea(&widget)) {
        messages_->hide();
        widget.installEventFilter(this);
        messages_->installEventFilter(this);
        stop_ = menu_.addAction(themedIcon("stop"), exportableText("Stop saving numbers"), this, [this] {
            saving_.stop();
            showProgress(1);
        });
        stop_->setVisible(false);
        button->setMenu(&menu_);
        button->setPopupMode(QToolButton::InstantPopup);
    }

    QMenu& menu() { return menu_; }

    void savePictureAs(PictureFormat format, const QString& suffix, const QString& filter) {
        const QString path = askForPath(suffix, filter);
        if (!path.isEmpty()) tell(savePicture(view_, size(), format, path), path);
    }

    void saveTableAs(bool visibleOnly) {
        if (saving_.running())
            return post(MessageKind::Info, exportableText("Numbers are being saved already. Wait, or stop that first."));
        const QString path = askForPath(QStringLiteral("csv"), exportableText("Comma-separated values (*.csv)"));
        if (path.isEmpty()) return;
        const auto report = [this, number = ++savings_, self = QPointer(this)](std::string_view, double done) {
            QMetaObject::invokeMethod(qApp, [this, self, number, done] {
                if (self && number == savings_ && saving_.running()) showProgress(done);
            });
        };
        saving_.run(
            [table = view_.table(visibleOnly), path, report](const std::stop_token& stop) {
                return writeCsv(table, path.toStdString(), Progress{report, stop});
            },
            [this, path](const Status& done) {
                showProgress(1);
                tell(done, path);
            });
    }

    void copyPicture() {
        if (hasSomething()) app::copyPicture(view_, size());
    }

    void copyTable() {
        if (!hasSomething()) return;
        copying_.run([table = view_.table(true)](const std::stop_token&) { return tableText(table); },
                     [](const QString& copied) { QGuiApplication::clipboard()->setText(copied); });
    }

protected:
    /// The messages stand at the foot of the widget, as wide as it is.
    bool eventFilter(QObject* watched, QEvent* event) override {
        if (event->type() == QEvent::Resize || event->type() == QEvent::LayoutRequest) place();
        return QObject::eventFilter(watched, event);
    }

private:
    QSize size() const { return widget_.size().expandedTo(widget_.sizeHint()); }

    bool hasSomething() {
        if (view_.table(true).rows > 0) return true;
        post(MessageKind::Info, exportableText("There is nothing here to save or copy yet."));
        return false;
    }

    QString askForPath(const QString& suffix, const QString& filter) {
        if (!hasSomething()) return {};
        QString name = title_.toLower();
        name.replace(QRegularExpression(QStringLiteral("[^\\w]+")), QStringLiteral("-"));
        QString path =
            askForFile()(&widget_, exportableText("Save %1").arg(title_), QDir(folder_).filePath(name + '.' + suffix), filter);
        if (path.isEmpty()) return path;
        if (QFileInfo(path).suffix().isEmpty()) path += '.' + suffix;
        folder_ = QFileInfo(path).path();
        return path;
    }

    void showProgress(double done) {
        stop_->setVisible(done < 1);
        button_->setToolButtonStyle(done < 1 ? Qt::ToolButtonTextBesideIcon : Qt::ToolButtonIconOnly);
        button_->setText(done < 1 ? exportableText("Saving, %1 %").arg(qRound(done * 100)) : button_->accessibleName());
    }

    void tell(const Status& done, const QString& path) {
        if (!done) return post(MessageKind::Error, QString::fromStdString(done.error().text()));
        messages_->hide();
        QToolTip::showText(widget_.mapToGlobal(QPoint(grid, grid)), exportableText("Saved as %1").arg(formatPath(path)),
                           &widget_);
    }

    void post(MessageKind kind, const QString& message) {
        messages_->clear();
        messages_->post(kind, message);
        messages_->show();
        place();
    }

    void place() {
        const int height = std::max(messages_->heightForWidth(widget_.width()), 0);
        messages_->setGeometry(0, widget_.height() - height, widget_.width(), height);
        messages_->raise();
    }

    QString title_;
    Exportable& view_;
    QWidget& widget_;
    QToolButton* button_;
    QMenu menu_;
    QAction* stop_;
    MessageArea* messages_;
    QString folder_ = QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation);
    LatestTask saving_, copying_;
    int savings_ = 0;
};

}  // namespace

std::string columnName(const QString& axisTitle, const char* otherwise) {
    const auto words = axisTitle.toLower().split(QRegularExpression(QStringLiteral("[^\\w]+")), Qt::SkipEmptyParts);
    return words.isEmpty() ? otherwise : words.join(QLatin1Char('_')).toStdString();
}

Status savePicture(Exportable& view, const QSize& size, PictureFormat format, const QString& path) {
    QBuffer bytes;
    bytes.open(QIODevice::WriteOnly);
    switch (format) {
        case PictureFormat::Png:
            pictureOf(view, size).save(&bytes, "PNG");
            break;
        case PictureFormat::Pdf:
            paintPdf(view, size, bytes);
            break;
        case PictureFormat::Svg:
            paintSvg(view, size, bytes);
            break;
    }
    TERNION_TRY(auto file, AtomicFile::create(path.toStdString()));
    const QByteArray& all = bytes.data();
    TERNION_CHECK(file.write(0, std::as_bytes(std::span(all.constData(), static_cast<std::size_t>(all.size())))));
    return file.commit();
}

void copyPicture(Exportable& view, const QSize& size) { QGuiApplication::clipboard()->setImage(pictureOf(view, size)); }

void copyTable(const Exportable& view) { QGuiApplication::clipboard()->setText(tableText(view.table(true))); }

QToolButton* makeExportButton(const QString& panelId, const QString& panelTitle, Exportable& view, QWidget& widget,
                              ActionRegistry& actions) {
    auto* button = makeToolButton(panelId + QStringLiteral(".export"), "export", exportableText("Save or copy this view"));
    button->setProperty("menuArrow", false);
    auto* exporter = new Exporter(panelTitle, view, widget, button);
    const auto add = [&](const char* id, const QString& name, auto run) {
        QAction* action = actions.add(panelId + QStringLiteral(".export.") + QLatin1String(id),
                                      exportableText("View/Export") + '/' + panelTitle,
                                      QStringLiteral("%1: %2").arg(panelTitle, name), {}, {});
        QObject::connect(action, &QAction::triggered, exporter, run);
        exporter->menu().addAction(action);
    };
    add("png", exportableText("save picture (PNG)"),
        [=] { exporter->savePictureAs(PictureFormat::Png, "png", exportableText("PNG picture (*.png)")); });
    add("pdf", exportableText("save picture (PDF)"),
        [=] { exporter->savePictureAs(PictureFormat::Pdf, "pdf", exportableText("PDF document (*.pdf)")); });
    add("svg", exportableText("save picture (SVG)"),
        [=] { exporter->savePictureAs(PictureFormat::Svg, "svg", exportableText("SVG picture (*.svg)")); });
    add("csv", exportableText("save all numbers (CSV)"), [=] { exporter->saveTableAs(false); });
    add("csv.visible", exportableText("save visible numbers (CSV)"), [=] { exporter->saveTableAs(true); });
    add("copy.picture", exportableText("copy picture"), [=] { exporter->copyPicture(); });
    add("copy.numbers", exportableText("copy visible numbers"), [=] { exporter->copyTable(); });
    return button;
}

void setAskForFile(AskForFile ask) { askForFile() = ask; }

QString askForFilePath(QWidget* parent, const QString& title, const QString& suggestedName, const QString& filter) {
    return askForFile()(parent, title, suggestedName, filter);
}

}  // namespace ternion::app
