// What is looked at: one layer, channel, token and projection, the same in every view.
#pragma once

#include <QString>

namespace ternion::app {

struct Selection {
    int layer = 0;
    int channel = -1;  ///< of the intermediate or matrix that the view shows; -1: none
    int token = -1;    ///< in Inspector::timeline(); -1: the newest
    QString projection =
        QStringLiteral("f_proj");  ///< "i_proj", "f_proj", "g_proj", "o_proj", "gate_proj", "down_proj", "lm_head"
    bool operator==(const Selection&) const = default;
};

}  // namespace ternion::app
