// What the sides cost and how far they are apart, as tables with ratios to side A.
#pragma once

#include <QWidget>
#include <memory>
#include <vector>

#include "compare/summary_rows.h"
#include "views/model_table.h"

class QElapsedTimer;
class QLabel;

namespace ternion::app {

class ActionRegistry;

/// One group of rows: a column a side, and beside each but the first its ratio.
class SummaryTable : public ModelTable {
    Q_OBJECT

public:
    explicit SummaryTable(const QString& name, QWidget* parent = nullptr);
    void setGroup(SummaryGroup group);

private:
    class Model;
    Model* model_;
};

/// GUI thread.
class SummaryView : public QWidget {
    Q_OBJECT

public:
    /// `source` outlives it.
    SummaryView(LiveComparison& source, ActionRegistry& actions, QWidget* parent = nullptr);
    ~SummaryView() override;
    void refresh();  ///< where it is seen
    void grow();     ///< likewise, a few times a second at most

protected:
    void showEvent(QShowEvent* event) override;

private:
    LiveComparison& source_;
    std::unique_ptr<QElapsedTimer> drawn_;
    std::vector<QLabel*> titles_;
    std::vector<SummaryTable*> tables_;
};

}  // namespace ternion::app
