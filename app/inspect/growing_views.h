// Views of a conversation that grows: whoever looks at a part of it goes on looking at that part.
#pragma once

#include <QStringList>

#include "views/map_view.h"
#include "views/plot_fit.h"

namespace ternion::app {

class Inspector;

/// Shows `source`, which comes after `before` (null: none): in the region that was shown, where that was a part of it and there
/// are as many rows, else all.
void showGrown(MapView& map, const MapSource* before, std::shared_ptr<const MapSource> source, const ColorScale& scale);

/// A line over tokens `first`, first + 1, ...
void addLine(PlotView& plot, const QString& name, const QPen& pen, int first, const QVector<double>& values);

/// The texts of the timeline's tokens.
QStringList tokenTexts(const Inspector& inspector);

/// What to do before there is something to see; empty where there is text. `answer`: what an answer would bring.
QString whatToDo(const Inspector& inspector, const QString& answer);

/// From the left.
QWidget* inARow(std::initializer_list<QWidget*> widgets);
/// A view under its title, with its export button beside that.
QWidget* underTitle(QWidget* title, QWidget* button, QWidget* view);

}  // namespace ternion::app
