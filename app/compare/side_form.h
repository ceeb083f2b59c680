// What one side of a comparison is: a model on a device.
#pragma once

#include <QWidget>
#include <vector>

#include "compare/comparison_job.h"

class QComboBox;
class QLabel;
class QToolButton;

namespace ternion::app {

/// GUI thread.
class SideForm : public QWidget {
    Q_OBJECT

public:
    /// Of all `devices` those that are usable can be chosen. Object names end in the side's letter.
    SideForm(int side, const std::vector<DeviceInfo>& devices, QWidget* parent = nullptr);

    AskedSide asked() const;
    void setDevice(const std::string& id);
    void setProfile(Profile profile);
    /// The open model: its name and where it is; empty: none is open.
    void setOpenModel(const QString& name, const QString& path);
    void setOtherModel(const QString& path);  ///< empty: the open one again
    bool isBoard() const;                     ///< the chosen device computes in the fixed profile alone

signals:
    void changed();
    void deviceChanged();

private:
    void showModel();

    std::vector<DeviceInfo> devices_;  // those that can be chosen
    QComboBox* device_;
    QComboBox* profile_;
    QComboBox* packing_;
    QLabel* model_;
    QToolButton* choose_;
    QAction* back_;
    QString openName_, openPath_, otherPath_;
};

}  // namespace ternion::app
