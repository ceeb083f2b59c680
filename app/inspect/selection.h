// What is looked at: one layer, channel, token and projection, the same in every view.
#pragma once

#include <QString>

#include "backend/trace.h"

namespace ternion::app {

struct Selection {
    int layer = 0;
    TraceTensor tensor = TraceTensor::ForgetGate;  ///< whose channel it is
    int channel = -1;                              ///< -1: none
    int token = -1;                                ///< in Inspector::timeline(); -1: the newest
    QString projection =
        QStringLiteral("f_proj");  ///< "i_proj", "f_proj", "g_proj", "o_proj", "gate_proj", "down_proj", "lm_head"
    bool operator==(const Selection&) const = default;
};

}  // namespace ternion::app
