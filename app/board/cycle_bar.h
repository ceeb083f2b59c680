// Where the cycles of a token went.
#pragma once

#include <QWidget>
#include <array>
#include <cstdint>

#include "backend/backend.h"

namespace ternion::app {

/// Disjoint parts of CycleCounts::total.
struct CycleParts {
    std::uint64_t array = 0;   ///< the array took a word
    std::uint64_t memory = 0;  ///< it waited for memory
    std::uint64_t drain = 0;   ///< it waited for its results to leave
    std::uint64_t around = 0;  ///< a mat-vec began or ended
    std::uint64_t others = 0;  ///< no mat-vec: norms, gates, the state
};
CycleParts partsOf(const CycleCounts& counts);

/// One bar with a legend below it; hatched where the counts are a simulation's.
class CycleBar : public QWidget {
    Q_OBJECT

public:
    explicit CycleBar(QWidget* parent = nullptr);
    void setCounts(const CycleCounts& counts);
    QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    struct Part {
        QString name;
        double share = 0.0;
    };
    static constexpr int partCount = 5;
    int lineHeight() const;

    std::array<Part, partCount> parts_;
    bool simulated_ = false;
};

}  // namespace ternion::app
