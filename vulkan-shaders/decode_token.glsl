// Decode as one dispatch: all layers, the head and the choice of the next token, for as many tokens as asked for.
//
// All workgroups are resident at once, one a compute unit. They own channels and hand each other vectors without barriers: an
// element is a 64-bit word of value and tag, written and read atomically, and a reader waits until the tag is the step's. No
// fence is needed: the value is the message. A buffer is overwritten two steps later at the earliest, by a workgroup that has
// seen what every other one made of it. Every workgroup norms and quantises the whole vector itself, which costs less than
// another exchange would. Weights depend on nothing: a step's are on their way before its input is awaited.
//
// A kernel includes this and defines
//   int dot4(uint trits, uint codes, int sum);    sum of four products of bytes, added to `sum`
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_shader_atomic_int64 : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#include "buffers.glsl"
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
layout(constant_id = 7) const bool dense = false;
layout(constant_id = 8) const uint sharedQuads = 768u;  // codes of the step with the most
// Columns of one invocation: of what the codes of a vector are padded to.
layout(constant_id = 9) const uint hiddenColumns = 4u;
layout(constant_id = 10) const uint stateColumns = 4u;
layout(constant_id = 11) const uint gluColumns = 11u;
layout(constant_id = 12) const uint ahead = 18u;  // quads of weights that an invocation asks for before it needs them
layout(constant_id = 13) const uint groups = 1u;  // workgroups

#include "packing.glsl"

layout(buffer_reference, std430, buffer_reference_align = 8) buffer Exchange { uint64_t v[]; };  // value, tag << 32

struct Layer {
    Floats attnNorm, ifgNorms;
    Quads ifg;
    Floats lowerBound, gNorm, oNorms;
    Quads o;
    Floats mlpNorm, gateNorms;
    Quads gate;
    Floats downNorms;
    Quads down;
    float gamma[6];  // i, f, g, o, gate, down
    uint bounded, unused;
};
layout(buffer_reference, scalar, buffer_reference_align = 8) buffer Layers { Layer v[]; };

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
    Layers table;
    Floats norm;
    Floats headNorms;
    Quads head;
    Words embeddings;  // [V, D]
    Floats state;      // [layers, S]
    Floats logits;     // [V] out, of the last token fed
    Exchange exchange;
    Request request;
    Reply reply;
    float headGamma;
    float eps;
    uint patience;  // readings before a workgroup gives the others up
};

const float bitLinearEps = 1e-6;
const uint ifgColumns = 3u * hiddenColumns;

const uint stripRows = lanes;  // rows that are finished together

// Where in `exchange` a vector lies.
const uint residual = 0u;
const uint stateOut = residual + hidden;
const uint gateOut = stateOut + stateWidth;
const uint gluOut = gateOut + stateWidth;
const uint candidate = gluOut + gluWidth;  // of each workgroup: its largest logit; then where that is

shared uvec4 codes[sharedQuads];
shared float stream[hidden];  // the residual stream
shared int accumulator[3u * stripRows];
shared float squareLane[2][lanes];
shared float largestOf[3][lanes];
shared int sumOf[3][lanes];
shared uint bestAt[lanes];
shared uint givenUp;

const uint subgroups = lanes / subgroupWidth;

uint self() { return gl_LocalInvocationID.x; }

/// The first of the elements that a workgroup owns of `count`; the next one's first is where they end.
uint firstOwned(uint count, uint group) { return group * count / groups; }

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

/// Columns of constants that an invocation will need, asked for early.
#define FETCH(name, columns)                                                                                 \
    void name(out float value[columns], Floats from, uint start, uint width) {                               \
        [[unroll]] for (uint m = 0u; m < columns; ++m) value[m] = from.v[start + min(self() + m * lanes, width - 1u)]; \
    }

/// Adds up float_profile.h's lanes in its order. Every invocation gets the sum.
float sumOverLanes(float own, uint which) {
    squareLane[which][self()] = own;
    barrier();
    precise float part[subgroups];
    const uint lane = self() % subgroupWidth;
    [[unroll]] for (uint k = 0u; k < subgroups; ++k) part[k] = squareLane[which][lane + k * subgroupWidth];
    [[unroll]] for (uint half_ = subgroups / 2u; half_ > 0u; half_ /= 2u)
        [[unroll]] for (uint k = 0u; k < half_; ++k) {
            precise const float both = part[k] + part[k + half_];
            part[k] = both;
        }
    float sum = part[0];
    [[unroll]] for (uint mask = subgroupWidth / 2u; mask > 0u; mask /= 2u) {
        precise const float both = sum + subgroupShuffleXor(sum, mask);
        sum = both;
    }
    return sum;
}

float addSquare(float sum, float value) {
    precise const float next = sum + value * value;
    return next;
}

float normalise(float value, float r, float weight) {
    precise const float result = (value * r) * weight;
    return result;
}

/// A code's word among `codes`: as the unpacked weights meet it, without bank conflicts.
uint placeOf(uint word, uint rowQuads) {
    const uint quad = word / 4u;
    if (dense) return word;
    const uint step = (quad % 8u) / 2u;
    const uint weightQuad = quad / 16u * 4u + (quad % 16u) / 8u * 2u + quad % 2u;
    return (step * rowQuads + weightQuad) * 4u + word % 4u;
}

/// The front of P BitLinears: own columns of what they are given -> `codes`. Gives s and the sum of the codes.
#define QUANTISE(name, columns, P, all)                                                                              \
    void name(float value[columns], float norms[all], uint width, out float scale[P], out int total[P]) { \
        float squares = 0.0;                                                                                     \
        [[unroll]] for (uint m = 0u; m < columns; ++m)                                                           \
            if (self() + m * lanes < width) squares = addSquare(squares, value[m]);                              \
        const float r = inverseRms(sumOverLanes(squares, 1u), width, bitLinearEps);                              \
        [[unroll]] for (uint p = 0u; p < P; ++p) {                                                               \
            float largest = 0.0;                                                                                 \
            [[unroll]] for (uint m = 0u; m < columns; ++m) {                                                     \
                norms[p * columns + m] = normalise(value[m], r, norms[p * columns + m]);                         \
                if (self() + m * lanes < width) largest = max(largest, abs(norms[p * columns + m]));             \
            }                                                                                                    \
            largest = subgroupMax(largest);                                                                      \
            if (self() % subgroupWidth == 0u) largestOf[p][self() / subgroupWidth] = largest;                    \
        }                                                                                                        \
        barrier();                                                                                               \
        const uint rowQuads = quadsPerRow(width);                                                                \
        const uint words = rowQuads * stepsPerQuad * 4u;                                                         \
        [[unroll]] for (uint p = 0u; p < P; ++p) {                                                               \
            float largest = 0.0;                                                                                 \
            [[unroll]] for (uint k = 0u; k < subgroups; ++k) largest = max(largest, largestOf[p][k]);            \
            scale[p] = quantisationScale(largest);                                                               \
            int sum = 0;                                                                                         \
            [[unroll]] for (uint m = 0u; m < columns; ++m) {                                                     \
                const uint column = self() + m * lanes;                                                          \
                const int code = column < width ? quantise(norms[p * columns + m], scale[p]) : 0;                \
                sum += code;                                                                                     \
                uint word = (uint(code) & 0xFFu) << (8u * (column % 4u));                                        \
                word |= subgroupShuffleXor(word, 1u);                                                            \
                word |= subgroupShuffleXor(word, 2u);                                                            \
                if (column % 4u == 0u && column / 4u < words) {                                                  \
                    const uint at = p * words + placeOf(column / 4u, rowQuads);                                  \
                    codes[at / 4u][at % 4u] = word;                                                              \
                }                                                                                                \
            }                                                                                                    \
            sum = subgroupAdd(sum);                                                                              \
            if (self() % subgroupWidth == 0u) sumOf[p][self() / subgroupWidth] = sum;                            \
        }                                                                                                        \
        barrier();                                                                                               \
        [[unroll]] for (uint p = 0u; p < P; ++p) {                                                               \
            total[p] = 0;                                                                                        \
            [[unroll]] for (uint k = 0u; k < subgroups; ++k) total[p] += sumOf[p][k];                            \
        }                                                                                                        \
    }

AWAIT(awaitHidden, hiddenColumns)
AWAIT(awaitState, stateColumns)
AWAIT(awaitGlu, gluColumns)
AWAIT(awaitOne, 1u)
FETCH(fetchHidden, hiddenColumns)
FETCH(fetchState, stateColumns)
FETCH(fetchGlu, gluColumns)
QUANTISE(quantiseIfg, hiddenColumns, 3u, ifgColumns)
QUANTISE(quantiseHidden, hiddenColumns, 1u, hiddenColumns)
QUANTISE(quantiseState, stateColumns, 1u, stateColumns)
QUANTISE(quantiseGlu, gluColumns, 1u, gluColumns)

/// Rows that a step multiplies: `count` from `first` of each of P projections of `rows` rows.
struct Product {
    uint rows, first, count, projections;
    uint columns;      // what a row has
    bool codesDiffer;  // each projection has its own
};

uint mostOwned(uint count) { return (count + groups - 1u) / groups; }

uint rowsAtOnce(uint rowQuads) { return lanes / rowQuads; }
uint passesOf(Product product) {
    const uint atOnce = rowsAtOnce(quadsPerRow(product.columns));
    return (min(mostOwned(product.rows), stripRows) + atOnce - 1u) / atOnce;
}

/// Own quad of the rows of a pass; some row's where there is none.
uvec4 weightOf(Product product, Quads weights, uint strip, uint index, uint passes) {
    const uint rowQuads = quadsPerRow(product.columns);
    const uint row = min(strip + index % passes * rowsAtOnce(rowQuads) + self() / rowQuads, product.count - 1u);
    const uint p = min(index / passes, product.projections - 1u);
    return weights.v[(p * product.rows + product.first + row) * rowQuads + self() % rowQuads];
}

void prefetch(out uvec4 quads[ahead], Product product, Quads weights, uint strip) {
    const uint passes = passesOf(product);
    [[unroll]] for (uint k = 0u; k < ahead; ++k) quads[k] = weightOf(product, weights, strip, k, passes);
}

/// Adds the products of a strip of rows to `accumulator`, which is zero; [p * stripRows + row].
void multiply(inout uvec4 quads[ahead], Product product, Quads weights, uint strip) {
    const uint rowQuads = quadsPerRow(product.columns);
    const uint atOnce = rowsAtOnce(rowQuads);
    const uint passes = passesOf(product);
    const uint quad = self() % rowQuads;
    const uint share = min(rowQuads & (~rowQuads + 1u), subgroupWidth);  // neighbours that surely have the same row
    const uint codesOfOne = rowQuads * stepsPerQuad;
    const uint all = passes * product.projections;
    uvec4 code[stepsPerQuad];
    uint loaded = ~0u;
    for (uint start = 0u; start < all; start += ahead) {
        if (start > 0u)
            [[unroll]] for (uint k = 0u; k < ahead; ++k) quads[k] = weightOf(product, weights, strip, start + k, passes);
        [[unroll]] for (uint k = 0u; k < ahead; ++k) {
            const uint index = start + k;
            if (index >= all) break;
            const uint p = index / passes;
            const uint base = product.codesDiffer ? p : 0u;
            if (base != loaded) {
                loaded = base;
                [[unroll]] for (uint step = 0u; step < stepsPerQuad; ++step)
                    code[step] = codes[base * codesOfOne + step * rowQuads + quad];
            }
            Unpacking left = unpacking(quads[k]);
            ivec4 sums = ivec4(0);
            [[unroll]] for (uint step = 0u; step < stepsPerQuad; ++step) {
                const uvec4 trits = nextCodes(left);
                sums.x = dot4(trits.x, code[step].x, sums.x);
                sums.y = dot4(trits.y, code[step].y, sums.y);
                sums.z = dot4(trits.z, code[step].z, sums.z);
                sums.w = dot4(trits.w, code[step].w, sums.w);
            }
            int sum = (sums.x + sums.y) + (sums.z + sums.w);
            for (uint mask = share / 2u; mask > 0u; mask /= 2u) sum += subgroupShuffleXor(sum, mask);
            const uint row = index % passes * atOnce + self() / rowQuads;
            if (self() % share == 0u && self() < atOnce * rowQuads && row < min(product.count - strip, stripRows))
                atomicAdd(accumulator[p * stripRows + row], sum);
        }
    }
}

/// The largest of all invocations' values and where it is; the lowest place among equals.
void findLargest(inout float value, inout uint where) {
    const float largest = subgroupMax(value);
    where = subgroupMin(value == largest ? where : ~0u);
    barrier();
    if (self() % subgroupWidth == 0u) {
        largestOf[0][self() / subgroupWidth] = largest;
        bestAt[self() / subgroupWidth] = where;
    }
    barrier();
    value = largestOf[0][0];
    where = bestAt[0];
    [[unroll]] for (uint k = 1u; k < subgroups; ++k)
        if (largestOf[0][k] > value || (largestOf[0][k] == value && bestAt[k] < where)) {
            value = largestOf[0][k];
            where = bestAt[k];
        }
}

void clearAccumulator() {
    [[unroll]] for (uint p = 0u; p < 3u; ++p) accumulator[p * stripRows + self()] = 0;
}

float rescaled(uint p, uint row, int sumOfCodes, float factor) {
    precise const float value = float(accumulator[p * stripRows + row] - sumOfCodes) * factor;
    return value;
}

float embedding(uint token, uint column) {
    const uint at = token * hidden + column;
    if (embeddingType == 0u) return uintBitsToFloat(embeddings.v[at]);
    const uint half_ = (embeddings.v[at / 2u] >> (16u * (at % 2u))) & 0xFFFFu;
    return embeddingType == 1u ? unpackHalf2x16(half_).x : uintBitsToFloat(half_ << 16u);
}

void main() {
    const uint group = gl_WorkGroupID.x;
    const uint lane = self();
    const uint hiddenFirst = firstOwned(hidden, group), hiddenEnd = firstOwned(hidden, group + 1u);
    const uint stateFirst = firstOwned(stateWidth, group), stateEnd = firstOwned(stateWidth, group + 1u);
    const uint gluFirst = firstOwned(gluWidth, group), gluEnd = firstOwned(gluWidth, group + 1u);
    const uint vocabFirst = firstOwned(vocabulary, group), vocabEnd = firstOwned(vocabulary, group + 1u);
    const Product ifg = Product(stateWidth, stateFirst, stateEnd - stateFirst, 3u, hidden, true);
    const Product o = Product(hidden, hiddenFirst, hiddenEnd - hiddenFirst, 1u, stateWidth, false);
    const Product gate = Product(gluWidth, gluFirst, gluEnd - gluFirst, 2u, hidden, false);
    const Product down = Product(hidden, hiddenFirst, hiddenEnd - hiddenFirst, 1u, gluWidth, false);
    const Product head_ = Product(vocabulary, vocabFirst, vocabEnd - vocabFirst, 1u, hidden, false);

    if (lane == 0u) givenUp = 0u;
    clearAccumulator();
    barrier();
    uint tag = request.tag;
    uint token = request.token;
    const uint count = request.count, stopAt = request.stopAt;
    uvec4 quads[ahead];

    for (uint fed = 1u;; ++fed) {
        ++tag;
        for (uint column = hiddenFirst + lane; column < hiddenEnd; column += lanes)
            publish(residual + column, embedding(token, column), tag);
        prefetch(quads, ifg, table.v[0].ifg, 0u);

        for (uint index = 0u; index < layers; ++index) {
            Layer layer = table.v[index];
            {  // i, f and g, and the recurrence
                float weight[hiddenColumns], norms[ifgColumns], x[hiddenColumns];
                fetchHidden(weight, layer.attnNorm, 0u, hidden);
                [[unroll]] for (uint p = 0u; p < 3u; ++p) {
                    float one[hiddenColumns];
                    fetchHidden(one, layer.ifgNorms, p * hidden, hidden);
                    [[unroll]] for (uint m = 0u; m < hiddenColumns; ++m) norms[p * hiddenColumns + m] = one[m];
                }
                awaitHidden(x, residual, hidden, tag);
                float squares = 0.0;
                [[unroll]] for (uint m = 0u; m < hiddenColumns; ++m)
                    if (lane + m * lanes < hidden) {
                        stream[lane + m * lanes] = x[m];
                        squares = addSquare(squares, x[m]);
                    }
                const float r = inverseRms(sumOverLanes(squares, 0u), hidden, eps);
                [[unroll]] for (uint m = 0u; m < hiddenColumns; ++m) x[m] = normalise(x[m], r, weight[m]);
                float scale[3];
                int total[3];
                quantiseIfg(x, norms, hidden, scale, total);
                if (givenUp != 0u) {
                    reply.gaveUp = 1u;
                    return;
                }
                ++tag;
                float factor[3];
                [[unroll]] for (uint p = 0u; p < 3u; ++p) factor[p] = divide(layer.gamma[p], scale[p]);
                for (uint strip = 0u; strip < ifg.count; strip += stripRows) {
                    if (strip > 0u) prefetch(quads, ifg, layer.ifg, strip);
                    multiply(quads, ifg, layer.ifg, strip);
                    if (strip + stripRows >= ifg.count) prefetch(quads, o, layer.o, 0u);
                    barrier();
                    const uint row = strip + lane;
                    if (row < ifg.count) {
                        const uint channel = stateFirst + row;
                        const float candidate_ = rescaled(0u, lane, total[0], factor[0]);
                        float f = sigmoid(rescaled(1u, lane, total[1], factor[1]));
                        const float g = rescaled(2u, lane, total[2], factor[2]);
                        if (layer.bounded != 0u) f = aboveLowerBound(f, layer.lowerBound.v[channel]);
                        precise const float i = silu(candidate_) * (1.0 - f);
                        const uint at = index * stateWidth + channel;
                        const float h = mlgru(f, state.v[at], i);
                        state.v[at] = h;
                        publish(stateOut + channel, silu(h), tag);
                        publish(gateOut + channel, g, tag);
                    }
                    clearAccumulator();
                    barrier();
                }
            }
            {  // the output gate and o
                float weight[stateColumns], norms[stateColumns], g[stateColumns], swish[stateColumns];
                fetchState(weight, layer.gNorm, 0u, stateWidth);
                fetchState(norms, layer.oNorms, 0u, stateWidth);
                awaitState(swish, stateOut, stateWidth, tag);
                awaitState(g, gateOut, stateWidth, tag);
                float squares = 0.0;
                [[unroll]] for (uint m = 0u; m < stateColumns; ++m)
                    if (lane + m * lanes < stateWidth) squares = addSquare(squares, g[m]);
                const float r = inverseRms(sumOverLanes(squares, 0u), stateWidth, eps);
                [[unroll]] for (uint m = 0u; m < stateColumns; ++m) {
                    precise const float gated = normalise(g[m], r, weight[m]) * swish[m];
                    g[m] = gated;
                }
                float scale[1];
                int total[1];
                quantiseState(g, norms, stateWidth, scale, total);
                if (givenUp != 0u) {
                    reply.gaveUp = 1u;
                    return;
                }
                ++tag;
                const float factor = divide(layer.gamma[3], scale[0]);
                for (uint strip = 0u; strip < o.count; strip += stripRows) {
                    if (strip > 0u) prefetch(quads, o, layer.o, strip);
                    multiply(quads, o, layer.o, strip);
                    if (strip + stripRows >= o.count) prefetch(quads, gate, layer.gate, 0u);
                    barrier();
                    const uint column = hiddenFirst + strip + lane;
                    if (column < hiddenEnd) {
                        precise const float sum = stream[column] + rescaled(0u, lane, total[0], factor);
                        publish(residual + column, sum, tag);
                    }
                    clearAccumulator();
                    barrier();
                }
            }
            {  // u and v
                float weight[hiddenColumns], norms[hiddenColumns], x[hiddenColumns];
                fetchHidden(weight, layer.mlpNorm, 0u, hidden);
                fetchHidden(norms, layer.gateNorms, 0u, hidden);
                awaitHidden(x, residual, hidden, tag);
                float squares = 0.0;
                [[unroll]] for (uint m = 0u; m < hiddenColumns; ++m)
                    if (lane + m * lanes < hidden) {
                        stream[lane + m * lanes] = x[m];
                        squares = addSquare(squares, x[m]);
                    }
                const float r = inverseRms(sumOverLanes(squares, 0u), hidden, eps);
                [[unroll]] for (uint m = 0u; m < hiddenColumns; ++m) x[m] = normalise(x[m], r, weight[m]);
                float scale[1];
                int total[1];
                quantiseHidden(x, norms, hidden, scale, total);
                if (givenUp != 0u) {
                    reply.gaveUp = 1u;
                    return;
                }
                ++tag;
                const float factor = divide(layer.gamma[4], scale[0]);
                for (uint strip = 0u; strip < gate.count; strip += stripRows) {
                    if (strip > 0u) prefetch(quads, gate, layer.gate, strip);
                    multiply(quads, gate, layer.gate, strip);
                    if (strip + stripRows >= gate.count) prefetch(quads, down, layer.down, 0u);
                    barrier();
                    const uint channel = gluFirst + strip + lane;
                    if (channel < gluEnd) {
                        precise const float product =
                            silu(rescaled(0u, lane, total[0], factor)) * rescaled(1u, lane, total[0], factor);
                        publish(gluOut + channel, product, tag);
                    }
                    clearAccumulator();
                    barrier();
                }
            }
            {  // down
                float norms[gluColumns], product[gluColumns];
                fetchGlu(norms, layer.downNorms, 0u, gluWidth);
                awaitGlu(product, gluOut, gluWidth, tag);
                float scale[1];
                int total[1];
                quantiseGlu(product, norms, gluWidth, scale, total);
                if (givenUp != 0u) {
                    reply.gaveUp = 1u;
                    return;
                }
                ++tag;
                const float factor = divide(layer.gamma[5], scale[0]);
                for (uint strip = 0u; strip < down.count; strip += stripRows) {
                    if (strip > 0u) prefetch(quads, down, layer.down, strip);
                    multiply(quads, down, layer.down, strip);
                    if (strip + stripRows >= down.count) {
                        if (index + 1u < layers)
                            prefetch(quads, ifg, table.v[index + 1u].ifg, 0u);
                        else
                            prefetch(quads, head_, head, 0u);
                    }
                    barrier();
                    const uint column = hiddenFirst + strip + lane;
                    if (column < hiddenEnd) {
                        precise const float sum = stream[column] + rescaled(0u, lane, total[0], factor);
                        publish(residual + column, sum, tag);
                    }
                    clearAccumulator();
                    barrier();
                }
            }
        }

        // The head, and the most probable token: the lowest id among equals.
        float weight[hiddenColumns], norms[hiddenColumns], x[hiddenColumns];
        fetchHidden(weight, norm, 0u, hidden);
        fetchHidden(norms, headNorms, 0u, hidden);
        awaitHidden(x, residual, hidden, tag);
        float squares = 0.0;
        [[unroll]] for (uint m = 0u; m < hiddenColumns; ++m)
            if (lane + m * lanes < hidden) squares = addSquare(squares, x[m]);
        const float r = inverseRms(sumOverLanes(squares, 0u), hidden, eps);
        [[unroll]] for (uint m = 0u; m < hiddenColumns; ++m) x[m] = normalise(x[m], r, weight[m]);
        float scale[1];
        int total[1];
        quantiseHidden(x, norms, hidden, scale, total);
        if (givenUp != 0u) {
            reply.gaveUp = 1u;
            return;
        }
        ++tag;
        const float factor = divide(headGamma, scale[0]);
        float best = -1.0 / 0.0;
        uint where = vocabFirst;
        for (uint strip = 0u; strip < head_.count; strip += stripRows) {
            if (strip > 0u) prefetch(quads, head_, head, strip);
            multiply(quads, head_, head, strip);
            barrier();
            const uint row = vocabFirst + strip + lane;
            if (row < vocabEnd) {
                const float logit = rescaled(0u, lane, total[0], factor);
                logits.v[row] = logit;
                if (logit > best) {
                    best = logit;
                    where = row;
                }
            }
            clearAccumulator();
            barrier();
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
