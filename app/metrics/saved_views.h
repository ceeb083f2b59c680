// Views of the plots under names of the user's: chosen, saved and deleted in one menu.
#pragma once

#include <QToolButton>
#include <map>

#include "metrics/store_reading.h"

class QLineEdit;
class QMenu;

namespace ternion::app {

class RunBook;

/// GUI thread. The store keeps the texts; what is in them is the panel's matter.
class SavedViews : public QToolButton {
    Q_OBJECT

public:
    explicit SavedViews(RunBook& runs, QWidget* parent = nullptr);
    void refresh();  ///< reads what is saved

signals:
    void chosen(const QString& json);
    void saving(const QString& name);  ///< answered by `save`

public slots:
    void save(const QString& name, const QString& json);

private:
    void rebuild();
    void remove(const QString& name);

    RunBook& runs_;
    StoreReading* reading_;
    std::map<QString, QString> views_;
    QMenu* menu_;
    QLineEdit* name_;
};

}  // namespace ternion::app
