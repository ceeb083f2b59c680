// The comparisons of the store as a table, newest first.
#pragma once

#include <vector>

#include "compare/comparison_history.h"
#include "views/model_table.h"

namespace ternion::app {

/// GUI thread.
class HistoryTable : public ModelTable {
    Q_OBJECT

public:
    explicit HistoryTable(QWidget* parent = nullptr);

    void setOutlines(std::vector<ComparisonOutline> outlines);  ///< newest first; what was chosen stays
    const std::vector<ComparisonOutline>& outlines() const;
    const ComparisonOutline* current() const;  ///< null: none is chosen

signals:
    void chosen();  ///< another one, or none

private:
    class Model;
    Model* model_;
};

/// "cpu fixed | fpga:sim fixed"
QString sidesText(const ComparisonOutline& outline);
/// Of the sides after the first, the one that is farthest away; nothing where nothing was compared.
std::optional<double> worstOf(const ComparisonOutline& outline, std::optional<double> DifferenceOutline::*value);

}  // namespace ternion::app
