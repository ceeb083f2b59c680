// What every view gives away: a picture and its numbers.
#pragma once

#include <QSize>
#include <QString>

#include "base/table.h"

class QPainter;
class QToolButton;
class QWidget;

namespace ternion::app {

class ActionRegistry;

class Exportable {
public:
    virtual ~Exportable() = default;
    /// The view as it is shown now, at `size`, in vectors where the painter has them.
    virtual void paintPicture(QPainter& painter, const QSize& size) = 0;
    /// Its numbers: all, or what is in the visible range. What the table reads lives as long as the table.
    virtual Table table(bool visibleOnly) const = 0;
};

enum class PictureFormat { Png, Pdf, Svg };

/// "Half-life (tokens)" is the column "half_life_tokens"; an axis without a title `otherwise`.
std::string columnName(const QString& axisTitle, const char* otherwise);

/// `size` in device-independent pixels; PNG has twice as many, PDF fits an A4 page on its side. The file appears when it is
/// complete. Io with the reason.
Status savePicture(Exportable& view, const QSize& size, PictureFormat format, const QString& path);
void copyPicture(Exportable& view, const QSize& size);  ///< to the clipboard
void copyTable(const Exportable& view);                 ///< visible range as text with tabs, to the clipboard

/// A button with a menu: Save PNG, PDF, SVG; save CSV, all or visible; copy picture, copy numbers. `widget` is asked for its
/// size and is where a failure is shown as a message over it; `view` and `widget` outlive the button. `panelId` names the
/// actions
/// ("weights.export.png", ...), which are registered, so that the command palette and keys reach them.
QToolButton* makeExportButton(const QString& panelId, const QString& panelTitle, Exportable& view, QWidget& widget,
                              ActionRegistry& actions);

/// Asks for the file; a test replaces it. Gives an empty path where the user thinks better of it.
using AskForFile = QString (*)(QWidget* parent, const QString& title, const QString& suggestedName, const QString& filter);
void setAskForFile(AskForFile ask);
/// Asks by it.
QString askForFilePath(QWidget* parent, const QString& title, const QString& suggestedName, const QString& filter);

}  // namespace ternion::app
