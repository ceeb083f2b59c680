// Decode as one dispatch: all layers, the head and the choice of the next token, for as many tokens as asked for.
//
// All workgroups are resident at once, one a compute unit. They own rows of every matrix and hand each other vectors without
// barriers: an element is a 64-bit word of value and tag, written and read atomically, and a reader waits until the tag is the
// step's. No fence is needed: the value is the message. A buffer is overwritten two steps later at the earliest, by a workgroup
// that has seen what every other one made of it. Every workgroup norms and quantises the whole vector itself, which costs less
// than another exchange would. Weights depend on nothing: a step's are on their way before its input is awaited.
//
// A step is: await the vector, one reduction, codes, product, publish. It has three barriers.
//
// A kernel includes this and defines
//   int dot4(uint trits, uint codes, int sum);    sum of four products of signed bytes, added to `sum`
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_shader_atomic_int64 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "buffers.glsl"
#include "code_columns.glsl"
#include "float_profile.glsl"

const uint lanes = 256u;  // float_profile.h's
layout(local_size_x = 256) in;
layout(constant_id = 0) const uint hidden = 1024u;
layout(constant_id = 1) const uint stateWidth = 1024u;
layout(constant_id = 2) const uint gluWidth = 2816u;
layout(constant_id = 3) const uint vocabulary = 32000u;
layout(constant_id = 4) const uint layers = 24u;
layout(constant_id = 5) const uint subgroupWidth = 32u;
layout(constant_id = 6) const uint embeddingType = 0u;  // 0: float, 1: half, 2: bfloat16
layout(constant_id = 7) const uint groups = 1u;         // workgroups
// The blocks of 256 columns that a vector has, one column of each an invocation's.
layout(constant_id = 8) const uint hiddenColumns = 4u;
layout(constant_id = 9) const uint stateColumns = 4u;
layout(constant_id = 10) const uint gluColumns = 11u;
layout(constant_id = 11) const uint ahead = 18u;        // quads of weights that an invocation asks for before it needs them
layout(constant_id = 12) const uint sharedQuads = 192u; // codes of the step with the most
layout(constant_id = 13) const uint mostHidden = 8u;    // channels of the residual stream that a workgroup owns at most

layout(buffer_reference, std430, buffer_reference_align = 8) buffer Exchange { uint64_t v[]; };  // value, tag << 32
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer Table { uvec4 v[]; };

/// Written by the host for each submission.
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Request {
    uint token;   // fed first
    uint count;   // tokens to feed, at most
    uint tag;     // of the last step before
    uint stopAt;  // a token that is not fed and ends it
};
/// Read by the host.
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Reply {
    uint fed;      // tokens
    uint gaveUp;   // not zero: the workgroups were not all there; nothing else holds
    uint token[];  // those fed after the first
};

layout(push_constant, scalar) uniform Push {
    Table table;  // rows of the layers, and of the head
    Words embeddings;  // [V, D]
    Floats state;      // [layers, S]
    Floats logits;     // [V] out, of the last token fed
    Exchange exchange;
    Request request;
    Reply reply;
    float eps;
    uint patience;  // readings before a workgroup gives the others up
};

// A row of `table`: addresses, then gammas; the twin of TableRow in vulkan_decode.cpp. Kept in shared memory, since an address
// that comes from afar delays what lies there.
const uint rowQuads = 8u;
shared uvec4 tableRows[(layers + 1u) * rowQuads];
const uint attnNorm = 0u, ifgNorms = 1u, ifgWeights = 2u, lowerBounds = 3u, gNorm = 4u, oNorms = 5u, oWeights = 6u, mlpNorm = 7u,
           gateNorms = 8u, gateWeights = 9u, downNorms = 10u, downWeights = 11u;
const uint headNorm = attnNorm, headNorms = ifgNorms, headWeights = ifgWeights, headGamma = 0u;

uvec2 addressOf(uint row, uint which) {
    const uvec4 both = tableRows[row * rowQuads + which / 2u];
    return which % 2u == 0u ? both.xy : both.zw;
}
float gammaOf(uint row, uint which) {
    return uintBitsToFloat(tableRows[row * rowQuads + 6u + which / 4u][which % 4u]);
}
const uint bounded = 6u;  // a flag beside the gammas

// Where in `exchange` a vector lies.
const uint residual = 0u;
const uint stateOut = residual + hidden;
const uint gateOut = stateOut + stateWidth;
const uint gluOut = gateOut + stateWidth;
const uint candidate = gluOut + gluWidth;  // of each workgroup: its largest logit; then where that is

const uint subgroups = lanes / subgroupWidth;
const uint ifgColumns = 3u * hiddenColumns;
const uint stripRows = lanes;  // rows that are finished together

shared uvec4 codes[sharedQuads];
shared float own[mostHidden];  // the residual stream's own channels; an element is one invocation's
shared int accumulator[3u * stripRows];
shared float partialSum[2][subgroups];
shared uint partialMost[3][subgroups];
shared int partialCodes[3][subgroups];
shared uint bestAt[subgroups];
shared uint givenUp;

uint self() { return gl_LocalInvocationID.x; }

/// The first of the elements that a workgroup owns of `count`; the next one's first is where they end.
uint firstOwned(uint count, uint group) { return group * count / groups; }
uint mostOwned(uint count) { return (count + groups - 1u) / groups; }

void publish(uint at, float value, uint tag) {
    atomicStore(exchange.v[at], uint64_t(floatBitsToUint(value)) | (uint64_t(tag) << 32), gl_ScopeDevice,
                gl_StorageSemanticsBuffer, gl_SemanticsRelaxed);
}

uint64_t peek(uint at) {
    return atomicLoad(exchange.v[at], gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelaxed);
}

/// Own columns (self, self + 256, ...) of a vector of `width`, once they carry the tag; zero past its end. No load is behind a
/// branch, so that all of them are under way together.
#define AWAIT(name, columns)                                                                                        \
    void name(out float value[columns], uint at, uint width, uint tag) {                                            \
        for (uint tries = 0u;; ++tries) {                                                                           \
            uint64_t word[columns];                                                                                 \
            [[unroll]] for (uint m = 0u; m < columns; ++m) word[m] = peek(at + min(self() + m * lanes, width - 1u)); \
            uint late = 0u;                                                                                         \
            [[unroll]] for (uint m = 0u; m < columns; ++m) {                                                        \
                late |= uint(word[m] >> 32) ^ tag;                                                                  \
                value[m] = self() + m * lanes < width ? uintBitsToFloat(uint(word[m])) : 0.0;                       \
            }                                                                                                       \
            if (late == 0u) break;                                                                                  \
            if (tries >= patience) {                                                                                \
                givenUp = 1u;                                                                                       \
                break;                                                                                              \
            }                                                                                                       \
        }                                                                                                           \
    }

/// Constants of P vectors for own columns, asked for early.
#define FETCH(name, columns, P, all)                                                                         \
    void name(out float value[all], Floats from, uint width) {                                               \
        [[unroll]] for (uint p = 0u; p < P; ++p)                                                             \
            [[unroll]] for (uint m = 0u; m < columns; ++m)                                                   \
                value[p * columns + m] = from.v[p * width + min(self() + m * lanes, width - 1u)];            \
    }

/// Sums in float_profile.h's order: neighbours, then pairs of them. Then what subgroups came to, which each subgroup adds up
/// for itself.
float sumOfSubgroup(float value) {
    [[unroll]] for (uint mask = 1u; mask < subgroupWidth; mask *= 2u) {
        precise const float both = value + subgroupShuffleXor(value, mask);
        value = both;
    }
    return value;
}

const uint partsOfALane = subgroups > subgroupWidth ? subgroups / subgroupWidth : 1u;
const uint lanesOfParts = subgroups / partsOfALane;

float sumOfParts(uint which) {
    const uint first = gl_SubgroupInvocationID % lanesOfParts * partsOfALane;
    float part[partsOfALane];
    [[unroll]] for (uint k = 0u; k < partsOfALane; ++k) part[k] = partialSum[which][first + k];
    [[unroll]] for (uint width = 1u; width < partsOfALane; width *= 2u)
        [[unroll]] for (uint k = 0u; k < partsOfALane; k += 2u * width) {
            precise const float both = part[k] + part[k + width];
            part[k] = both;
        }
    float sum = part[0];
    [[unroll]] for (uint mask = 1u; mask < lanesOfParts; mask *= 2u) {
        precise const float both = sum + subgroupShuffleXor(sum, mask);
        sum = both;
    }
    return sum;
}

uint mostOfParts(uint which) {
    const uint first = gl_SubgroupInvocationID % lanesOfParts * partsOfALane;
    uint most = 0u;
    [[unroll]] for (uint k = 0u; k < partsOfALane; ++k) most = max(most, partialMost[which][first + k]);
    return subgroupMax(most);
}

/// The front of P BitLinears (float_profile.h): own columns of t, the norms of the BitLinears and the lane's sum of the first
/// norm's squares (negative: there is none) -> `codes`, partialCodes. Gives what a code is worth.
#define ENCODE(name, columns, P, all)                                                                        \
    void name(float t[columns], float norms[all], uint width, float squares, out float step[P]) {            \
        const bool elected = gl_SubgroupInvocationID == 0u;                                                  \
        const bool normed = squares >= 0.0;                                                                  \
        float weighedSquares = 0.0;                                                                          \
        [[unroll]] for (uint m = 0u; m < columns; ++m) weighedSquares = addSquare(weighedSquares, t[m]);     \
        if (normed) squares = sumOfSubgroup(squares);                                                        \
        weighedSquares = sumOfSubgroup(weighedSquares);                                                      \
        if (elected) partialSum[0][gl_SubgroupID] = squares;                                                 \
        if (elected) partialSum[1][gl_SubgroupID] = weighedSquares;                                          \
        [[unroll]] for (uint p = 0u; p < P; ++p) {                                                           \
            float largest = 0.0;                                                                             \
            [[unroll]] for (uint m = 0u; m < columns; ++m) {                                                 \
                norms[p * columns + m] = times(t[m], norms[p * columns + m]);                                \
                largest = max(largest, abs(norms[p * columns + m]));                                         \
            }                                                                                                \
            const uint most = subgroupMax(floatBitsToUint(largest)); /* positive floats are in integers' order */ \
            if (elected) partialMost[p][gl_SubgroupID] = most;                                               \
        }                                                                                                    \
        barrier();                                                                                           \
        const float r1 = normed ? inverseRms(sumOfParts(0u), width, eps) : 1.0;                              \
        const float r = bitLinearInverse(sumOfParts(1u), width, r1);                                         \
        const uint block = self() / 4u;                                                                      \
        const uint quad = block / 4u;                                                                        \
        const uint widthQuads = twoBitQuads(width);                                                          \
        const uint place = (quad % 8u / 2u * widthQuads + quad / 8u * 2u + quad % 2u) * 4u + block % 4u;     \
        [[unroll]] for (uint p = 0u; p < P; ++p) {                                                           \
            step[p] = codeStep(times(uintBitsToFloat(mostOfParts(p)), r));                                   \
            const float factor = codeFactor(r, step[p]);                                                     \
            int sum = 0;                                                                                     \
            [[unroll]] for (uint m = 0u; m < columns; m += 4u) {                                             \
                uint word = 0u;                                                                              \
                [[unroll]] for (uint i = 0u; i < 4u; ++i)                                                    \
                    if (m + i < columns) word |= quantise(norms[p * columns + m + i], factor) << (8u * i);   \
                sum = dot4(0x01010101u, word, sum);                                                          \
                word = transposed(word);                                                                     \
                const uint column = m + self() % 4u;                                                         \
                if (column < columns) {                                                                      \
                    const uint at = p * widthQuads * 16u + column * 16u + place;                             \
                    codes[at / 4u][at % 4u] = word;                                                          \
                }                                                                                            \
            }                                                                                                \
            sum = subgroupAdd(sum);                                                                          \
            if (elected) partialCodes[p][gl_SubgroupID] = sum;                                               \
        }                                                                                                    \
        barrier();                                                                                           \
    }

/// Of four neighbours' words: byte `self % 4` of each.
uint transposed(uint word) {
    uint other = subgroupShuffleXor(word, 1u);
    word = (self() & 1u) == 0u ? (word & 0x00FF00FFu) | ((other & 0x00FF00FFu) << 8u)
                               : (word & 0xFF00FF00u) | ((other >> 8u) & 0x00FF00FFu);
    other = subgroupShuffleXor(word, 2u);
    return (self() & 2u) == 0u ? (word & 0xFFFFu) | (other << 16u) : (word & 0xFFFF0000u) | (other >> 16u);
}

AWAIT(awaitHidden, hiddenColumns)
AWAIT(awaitState, stateColumns)
AWAIT(awaitGlu, gluColumns)
AWAIT(awaitOne, 1u)
FETCH(fetchIfg, hiddenColumns, 3u, ifgColumns)
FETCH(fetchHidden, hiddenColumns, 1u, hiddenColumns)
FETCH(fetchState, stateColumns, 1u, stateColumns)
FETCH(fetchGlu, gluColumns, 1u, gluColumns)
ENCODE(encodeIfg, hiddenColumns, 3u, ifgColumns)
ENCODE(encodeHidden, hiddenColumns, 1u, hiddenColumns)
ENCODE(encodeState, stateColumns, 1u, stateColumns)
ENCODE(encodeGlu, gluColumns, 1u, gluColumns)

/// A step's matrix: P projections of `rows` rows of `columns` columns each, of which this workgroup has `count` from `first`.
struct Product {
    uint rows, projections, columns, first, count;
};

uint passesOf(Product product) {
    const uint atOnce = lanes / twoBitQuads(product.columns);
    return (min(mostOwned(product.rows), stripRows) + atOnce - 1u) / atOnce;
}

/// Own quad of the rows of a pass; some row's where there is none.
uvec4 weightOf(Product product, Quads weights, uint strip, uint index) {
    const uint passes = passesOf(product);
    const uint widthQuads = twoBitQuads(product.columns);
    const uint row = min(strip + index % passes * (lanes / widthQuads) + self() / widthQuads, product.count - 1u);
    return weights.v[(index / passes * product.rows + product.first + row) * widthQuads + self() % widthQuads];
}

void prefetch(inout uvec4 quads[ahead], Product product, Quads weights, uint strip) {
    const uint all = passesOf(product) * product.projections;
    [[unroll]] for (uint k = 0u; k < ahead; ++k)
        if (k < all) quads[k] = weightOf(product, weights, strip, k);
}

/// Adds the products of a strip of rows to `accumulator`, which is zero; [p * stripRows + row]. A trit is code - 1.
void multiply(inout uvec4 quads[ahead], Product product, bool codesDiffer, Quads weights, uint strip) {
    const uint widthQuads = twoBitQuads(product.columns);
    const uint atOnce = lanes / widthQuads;
    const uint passes = passesOf(product);
    const uint quad = self() % widthQuads;
    const uint share = min(widthQuads & (~widthQuads + 1u), subgroupWidth);  // neighbours that surely have the same row
    const uint all = passes * product.projections;
    uvec4 code[4];
    if (strip > 0u) {
        barrier();
        prefetch(quads, product, weights, strip);
    }
    for (uint start = 0u; start < all; start += ahead) {
        [[unroll]] for (uint k = 0u; k < ahead; ++k) {
            const uint index = start + k;
            if (index >= all) break;
            const uint p = index / passes;
            if (index == 0u || (codesDiffer && index % passes == 0u))
                [[unroll]] for (uint step = 0u; step < 4u; ++step)
                    code[step] = codes[((codesDiffer ? p : 0u) * 4u + step) * widthQuads + quad];
            // Four trits a byte: the lower three as they lie, so that their sums are 1, 4 and 16 times too large.
            const uvec4 trits = quads[k];
            if (index + ahead < all) quads[k] = weightOf(product, weights, strip, index + ahead);
            int sum = 0, sum4 = 0, sum16 = 0;
            [[unroll]] for (uint word = 0u; word < 4u; ++word) {
                sum = dot4(trits[word] & 0x03030303u, code[0][word], sum);
                sum4 = dot4(trits[word] & 0x0C0C0C0Cu, code[1][word], sum4);
                sum16 = dot4(trits[word] & 0x30303030u, code[2][word], sum16);
                sum16 = dot4((trits[word] >> 2u) & 0x30303030u, code[3][word], sum16);
            }
            sum += (sum4 >> 2) + (sum16 >> 4);
            [[unroll]] for (uint mask = share / 2u; mask > 0u; mask /= 2u) sum += subgroupShuffleXor(sum, mask);
            const uint row = index % passes * atOnce + self() / widthQuads;
            if (self() % share == 0u && self() < atOnce * widthQuads && row < min(product.count - strip, stripRows))
                atomicAdd(accumulator[p * stripRows + row], sum);
        }
    }
}

int totalOfCodes(uint p) {
    int total = 0;
    [[unroll]] for (uint k = 0u; k < subgroups; ++k) total += partialCodes[p][k];
    return total;
}

/// Own row of a strip: acc * (gamma * step), with the accumulator left zero.
float rescaled(uint p, uint codesOf, float factor) {
    const uint at = p * stripRows + self();
    precise const float value = float(accumulator[at] - totalOfCodes(codesOf)) * factor;
    accumulator[at] = 0;
    return value;
}

/// The largest of all invocations' values and where it is; the lowest place among equals.
void findLargest(inout float value, inout uint where) {
    const float largest = subgroupMax(value);
    where = subgroupMin(value == largest ? where : ~0u);
    barrier();
    if (gl_SubgroupInvocationID == 0u) {
        partialSum[0][gl_SubgroupID] = largest;
        bestAt[gl_SubgroupID] = where;
    }
    barrier();
    value = partialSum[0][0];
    where = bestAt[0];
    [[unroll]] for (uint k = 1u; k < subgroups; ++k)
        if (partialSum[0][k] > value || (partialSum[0][k] == value && bestAt[k] < where)) {
            value = partialSum[0][k];
            where = bestAt[k];
        }
}

float embedding(uint token, uint column) {
    const uint at = token * hidden + column;
    if (embeddingType == 0u) return uintBitsToFloat(embeddings.v[at]);
    const uint half_ = (embeddings.v[at / 2u] >> (16u * (at % 2u))) & 0xFFFFu;
    return embeddingType == 1u ? unpackHalf2x16(half_).x : uintBitsToFloat(half_ << 16u);
}

/// After a front, which every invocation has seen alike.
#define LEAVE_IF_GIVEN_UP   \
    if (givenUp != 0u) {    \
        reply.gaveUp = 1u;  \
        return;             \
    }                       \
    ++tag;

Product productOf(uint rows, uint projections, uint columns) {
    const uint first = firstOwned(rows, gl_WorkGroupID.x);
    return Product(rows, projections, columns, first, firstOwned(rows, gl_WorkGroupID.x + 1u) - first);
}

/// What the recurrence needs of an invocation's channel, read before the step's input is there.
struct Channel {
    float state, bound;
};

Channel channelOf(uint layer, Product ifg, uint strip) {
    const uint channel = ifg.first + min(strip + self(), ifg.count - 1u);
    const bool has = gammaOf(layer, bounded) != 0.0;
    return Channel(state.v[layer * stateWidth + channel], has ? Floats(addressOf(layer, lowerBounds)).v[channel] : 0.0);
}

void main() {
    const uint group = gl_WorkGroupID.x;
    const uint lane = self();
    const Product ifg = productOf(stateWidth, 3u, hidden);
    const Product o = productOf(hidden, 1u, stateWidth);
    const Product gate = productOf(gluWidth, 2u, hidden);
    const Product down = productOf(hidden, 1u, gluWidth);
    const Product head = productOf(vocabulary, 1u, hidden);

    for (uint k = lane; k < (layers + 1u) * rowQuads; k += lanes) tableRows[k] = table.v[k];
    for (uint k = lane; k < 3u * stripRows; k += lanes) accumulator[k] = 0;
    if (lane == 0u) givenUp = 0u;
    barrier();
    uint tag = request.tag;
    uint token = request.token;
    const uint count = request.count, stopAt = request.stopAt;
    uvec4 quads[ahead];

    for (uint fed = 1u;; ++fed) {
        ++tag;
        for (uint k = lane; k < o.count; k += lanes) {
            own[k] = embedding(token, o.first + k);
            publish(residual + o.first + k, own[k], tag);
        }
        prefetch(quads, ifg, Quads(addressOf(0u, ifgWeights)), 0u);
        barrier();  // of the choice of the token, all have read

        for (uint layer = 0u; layer < layers; ++layer) {
            {  // i, f and g, and the recurrence
                float weight[hiddenColumns], norms[ifgColumns], x[hiddenColumns], step[3];
                fetchHidden(weight, Floats(addressOf(layer, attnNorm)), hidden);
                fetchIfg(norms, Floats(addressOf(layer, ifgNorms)), hidden);
                Channel own_ = channelOf(layer, ifg, 0u);
                awaitHidden(x, residual, hidden, tag);
                float squares = 0.0;
                [[unroll]] for (uint m = 0u; m < hiddenColumns; ++m) {
                    squares = addSquare(squares, x[m]);
                    x[m] = times(x[m], weight[m]);
                }
                encodeIfg(x, norms, hidden, squares, step);
                LEAVE_IF_GIVEN_UP
                float factor[3];
                [[unroll]] for (uint p = 0u; p < 3u; ++p) factor[p] = times(gammaOf(layer, p), step[p]);
                for (uint strip = 0u; strip < ifg.count; strip += stripRows) {
                    multiply(quads, ifg, true, Quads(addressOf(layer, ifgWeights)), strip);
                    if (strip + stripRows >= ifg.count) prefetch(quads, o, Quads(addressOf(layer, oWeights)), 0u);
                    barrier();
                    const uint row = strip + lane;
                    if (row < ifg.count) {
                        const float candidate_ = rescaled(0u, 0u, factor[0]);
                        const float f = aboveLowerBound(sigmoid(rescaled(1u, 1u, factor[1])), own_.bound);
                        precise const float i = silu(candidate_) * (1.0 - f);
                        const float h = mlgru(f, own_.state, i);
                        state.v[layer * stateWidth + ifg.first + row] = h;
                        publish(stateOut + ifg.first + row, silu(h), tag);
                        publish(gateOut + ifg.first + row, rescaled(2u, 2u, factor[2]), tag);
                    if (strip + stripRows < ifg.count) own_ = channelOf(layer, ifg, strip + stripRows);
                    }
                }
            }
            {  // the output gate and o
                float weight[stateColumns], norms[stateColumns], g[stateColumns], swish[stateColumns], step[1];
                fetchState(weight, Floats(addressOf(layer, gNorm)), stateWidth);
                fetchState(norms, Floats(addressOf(layer, oNorms)), stateWidth);
                awaitState(swish, stateOut, stateWidth, tag);
                awaitState(g, gateOut, stateWidth, tag);
                float squares = 0.0;
                [[unroll]] for (uint m = 0u; m < stateColumns; ++m) {
                    squares = addSquare(squares, g[m]);
                    g[m] = times(swish[m], times(g[m], weight[m]));
                }
                encodeState(g, norms, stateWidth, squares, step);
                LEAVE_IF_GIVEN_UP
                const float factor = times(gammaOf(layer, 3u), step[0]);
                for (uint strip = 0u; strip < o.count; strip += stripRows) {
                    multiply(quads, o, false, Quads(addressOf(layer, oWeights)), strip);
                    if (strip + stripRows >= o.count) prefetch(quads, gate, Quads(addressOf(layer, gateWeights)), 0u);
                    barrier();
                    const uint row = strip + lane;
                    if (row < o.count) {
                        precise const float sum = own[row] + rescaled(0u, 0u, factor);
                        own[row] = sum;
                        publish(residual + o.first + row, sum, tag);
                    }
                }
            }
            {  // u and v
                float weight[hiddenColumns], norms[hiddenColumns], x[hiddenColumns], step[1];
                fetchHidden(weight, Floats(addressOf(layer, mlpNorm)), hidden);
                fetchHidden(norms, Floats(addressOf(layer, gateNorms)), hidden);
                awaitHidden(x, residual, hidden, tag);
                float squares = 0.0;
                [[unroll]] for (uint m = 0u; m < hiddenColumns; ++m) {
                    squares = addSquare(squares, x[m]);
                    x[m] = times(x[m], weight[m]);
                }
                encodeHidden(x, norms, hidden, squares, step);
                LEAVE_IF_GIVEN_UP
                const float factor = times(gammaOf(layer, 4u), step[0]);
                for (uint strip = 0u; strip < gate.count; strip += stripRows) {
                    multiply(quads, gate, false, Quads(addressOf(layer, gateWeights)), strip);
                    if (strip + stripRows >= gate.count) prefetch(quads, down, Quads(addressOf(layer, downWeights)), 0u);
                    barrier();
                    const uint row = strip + lane;
                    if (row < gate.count) {
                        const float u = rescaled(0u, 0u, factor), v = rescaled(1u, 0u, factor);
                        publish(gluOut + gate.first + row, times(silu(u), v), tag);
                    }
                }
            }
            {  // down
                float norms[gluColumns], product[gluColumns], step[1];
                fetchGlu(norms, Floats(addressOf(layer, downNorms)), gluWidth);
                awaitGlu(product, gluOut, gluWidth, tag);
                encodeGlu(product, norms, gluWidth, -1.0, step);
                LEAVE_IF_GIVEN_UP
                const float factor = times(gammaOf(layer, 5u), step[0]);
                for (uint strip = 0u; strip < down.count; strip += stripRows) {
                    multiply(quads, down, false, Quads(addressOf(layer, downWeights)), strip);
                    if (strip + stripRows >= down.count) {
                        if (layer + 1u < layers)
                            prefetch(quads, ifg, Quads(addressOf(layer + 1u, ifgWeights)), 0u);
                        else
                            prefetch(quads, head, Quads(addressOf(layers, headWeights)), 0u);
                    }
                    barrier();
                    const uint row = strip + lane;
                    if (row < down.count) {
                        precise const float sum = own[row] + rescaled(0u, 0u, factor);
                        own[row] = sum;
                        publish(residual + down.first + row, sum, tag);
                    }
                }
            }
        }

        // The head, and the most probable token: the lowest id among equals.
        float weight[hiddenColumns], norms[hiddenColumns], x[hiddenColumns], step[1];
        fetchHidden(weight, Floats(addressOf(layers, headNorm)), hidden);
        fetchHidden(norms, Floats(addressOf(layers, headNorms)), hidden);
        awaitHidden(x, residual, hidden, tag);
        float squares = 0.0;
        [[unroll]] for (uint m = 0u; m < hiddenColumns; ++m) {
            squares = addSquare(squares, x[m]);
            x[m] = times(x[m], weight[m]);
        }
        encodeHidden(x, norms, hidden, squares, step);
        LEAVE_IF_GIVEN_UP
        const float factor = times(gammaOf(layers, headGamma), step[0]);
        float best = -1.0 / 0.0;
        uint where = head.first;
        for (uint strip = 0u; strip < head.count; strip += stripRows) {
            multiply(quads, head, false, Quads(addressOf(layers, headWeights)), strip);
            barrier();
            const uint row = strip + lane;
            if (row < head.count) {
                const float logit = rescaled(0u, 0u, factor);
                logits.v[head.first + row] = logit;
                if (logit > best) {
                    best = logit;
                    where = head.first + row;
                }
            }
        }
        if (fed == count) {
            if (group == 0u && lane == 0u) reply.fed = fed;
            return;
        }
        findLargest(best, where);
        if (lane == 0u) {
            publish(candidate + group, best, tag);
            publish(candidate + groups + group, uintBitsToFloat(where), tag);
        }
        float value[1], place[1];
        awaitOne(value, candidate, groups, tag);
        awaitOne(place, candidate + groups, groups, tag);
        best = lane < groups ? value[0] : -1.0 / 0.0;
        token = floatBitsToUint(place[0]);
        findLargest(best, token);
        if (givenUp != 0u) {
            reply.gaveUp = 1u;
            return;
        }
        if (group == 0u && lane == 0u) {
            reply.fed = fed;
            if (token != stopAt) reply.token[fed - 1u] = token;
        }
        if (token == stopAt) return;
    }
}
