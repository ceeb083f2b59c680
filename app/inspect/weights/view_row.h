// Views of one kind side by side, each under its title, exported as one.
#pragma once

#include <QString>
#include <QWidget>
#include <vector>

#include "views/exportable.h"

class QHBoxLayout;
class QLabel;

namespace ternion::app {

class ViewRow : public QWidget, public Exportable {
    Q_OBJECT

public:
    explicit ViewRow(QWidget* parent = nullptr);

    /// Takes the view over.
    template <class View>
    View* add(View* view) {
        addView(view, *view);
        return view;
    }
    /// Shows the first views, one a title; the others are hidden. `named`: their titles are seen.
    void setTitles(const QStringList& titles, bool named);

    // Exportable
    void paintPicture(QPainter& painter, const QSize& size) override;
    Table table(bool visibleOnly) const override;  ///< of all views that are shown, with a column for their titles

private:
    struct Part {
        QWidget* column;
        QLabel* title;
        Exportable* view;
    };
    void addView(QWidget* widget, Exportable& view);
    QHBoxLayout* row_;
    std::vector<Part> parts_;
    QStringList titles_;
};

}  // namespace ternion::app
