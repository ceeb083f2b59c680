// How far a token's activation codes reach past its columns: as far as a row in either packing (codeColumns() in
// core/model/dense_trits.h).
#ifndef CODE_COLUMNS
#define CODE_COLUMNS

uint twoBitQuads(uint columns) { return (columns + 255u) / 256u * 4u; }
uint denseQuads(uint columns) { return (columns + 79u) / 80u; }

/// Quads of a token's int8 codes.
uint codeQuads(uint columns) { return max(twoBitQuads(columns) * 4u, denseQuads(columns) * 5u); }

#endif
