// Edits of intermediates of the fixed profile: made of what a trace shows. Includes fixed_profile.glsl before.
#include "edits.glsl"

/// An intermediate that any entry names is what its float stands for, whether its channel is named or not.
int editedFixed(Edits edits, uint begin, uint end, uint channel, int x, int fraction) {
    return begin < end ? fromFloat(edited(edits, begin, end, channel, toFloat(x, fraction)), fraction) : x;
}
