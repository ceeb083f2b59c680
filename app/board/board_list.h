// The boards that were found at the start, with what stands in the way of those that cannot be used.
#pragma once

#include <QWidget>
#include <vector>

#include "backend/backend.h"

class QLabel;

namespace ternion::app {

class BoardList : public QWidget {
    Q_OBJECT

public:
    /// Of all `devices` the boards, in their order: the simulated one comes first.
    explicit BoardList(const std::vector<DeviceInfo>& devices, QWidget* parent = nullptr);

    /// Marks the one that the model is on; empty: none.
    void setActive(const QString& id);

private:
    struct Row {
        QString id;
        QLabel* mark = nullptr;
    };
    void add(const DeviceInfo& board);

    std::vector<Row> rows_;
};

}  // namespace ternion::app
