// What is to be compared, as the user says it: the sides, the prompt, and how far to go.
#pragma once

#include <QWidget>
#include <optional>
#include <vector>

#include "compare/comparison_job.h"
#include "tokenizer/chat_template.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLineEdit;
class QPlainTextEdit;
class QSpinBox;
class QVBoxLayout;

namespace ternion::app {

class SideForm;
struct OpenModel;

/// GUI thread.
class PlanForm : public QWidget {
    Q_OBJECT

public:
    explicit PlanForm(std::vector<DeviceInfo> devices, QWidget* parent = nullptr);

    void setModel(std::shared_ptr<const OpenModel> model);
    /// The device in use becomes side A, and side B another one, as long as nobody has chosen any.
    void suggest(const std::string& deviceInUse);
    /// Nothing while something is missing; `trouble()` says what. The prompt is put into `chatTemplate`.
    std::optional<AskedComparison> asked(const ChatTemplate& chatTemplate) const;
    QString trouble() const;  ///< empty: nothing
    SideForm* side(int side) const { return sides_[static_cast<std::size_t>(side)]; }

signals:
    void changed();

private:
    void chooseProfiles();

    std::vector<DeviceInfo> devices_;
    std::vector<SideForm*> sides_;  // three of them
    QCheckBox* third_;
    QPlainTextEdit* prompt_;
    QSpinBox* tokens_;
    QComboBox* feeding_;
    QLineEdit* threshold_;
    QCheckBox* stops_;
    QDoubleSpinBox* temperature_;
    QSpinBox* seed_;
    std::shared_ptr<const OpenModel> model_;
    bool suggesting_ = false;
    bool chosen_ = false;  // by somebody
};

}  // namespace ternion::app
