// The rows of an answer.
#pragma once

#include <memory>

#include "store/sql_console.h"
#include "views/model_table.h"

namespace ternion::app {

class SqlResultTable : public ModelTable {
    Q_OBJECT

public:
    explicit SqlResultTable(QWidget* parent = nullptr);
    void setAnswer(std::shared_ptr<const SqlAnswer> answer);
    Table table(bool visibleOnly) const override;

private:
    class Model;
    Model* model_;
};

}  // namespace ternion::app
