// Edits of intermediates: the GLSL twin of core/backend/intervention.h. A list is some neighbouring entries of one buffer.
struct Edit {
    uint first, end;  // channels
    uint kind;        // 0 pin, 1 scale, 2 clamp
    float a, b;
};
layout(buffer_reference, std430, buffer_reference_align = 4) readonly buffer Edits { Edit v[]; };

float editedBy(Edit edit, float x) {
    precise const float scaled = x * edit.a;
    if (edit.kind == 0u) return edit.a;
    if (edit.kind == 1u) return scaled;
    return x < edit.a ? edit.a : x > edit.b ? edit.b : x;
}

/// Entries `begin` to `end` in turn, those that name the channel.
float edited(Edits edits, uint begin, uint end, uint channel, float x) {
    for (uint k = begin; k < end; ++k) {
        const Edit edit = edits.v[k];
        if (channel >= edit.first && channel < edit.end) x = editedBy(edit, x);
    }
    return x;
}
