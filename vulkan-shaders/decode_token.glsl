// Decode as one dispatch: all layers, the head and the choice of the next token, for as many tokens as asked for.
//
// All workgroups are resident at once, one a compute unit. They own rows of every matrix and hand each other vectors without
// barriers: an element is a 64-bit word of value and tag, written and read atomically, and a reader waits until the tag is the
// step's. No fence is needed: the value is the message. A buffer is overwritten two steps later at the earliest, by a workgroup
// that has seen what every other one made of it. Every workgroup norms and quantises the whole vector itself, which costs less
// than another exchange would. Weights depend on nothing: a step's first ones are on their way before its input is awaited, the
// others while that is normed.
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
layout(constant_id = 11) const uint sharedQuads = 192u;  // codes of the step with the most
layout(constant_id = 12) const uint mostHidden = 8u;     // channels of the residual stream that a workgroup owns at most
layout(constant_id = 13) const uint drawsTokens = 0u;    // 0: the most probable token is chosen; 1: one is drawn

// What an invocation works on is kept in registers: in arrays that nothing but literals ever index. Loops would do if every
// driver unrolled them before it places arrays; the measured ones do not. X(k, c) for every k that an array has; it does what
// is for k < c, which is known when the pipeline is made.
#define EACH_8(X, from, c)                                          \
    X((from), c) X((from + 1u), c) X((from + 2u), c) X((from + 3u), c) \
    X((from + 4u), c) X((from + 5u), c) X((from + 6u), c) X((from + 7u), c)
#define EACH_COLUMN(X, c) EACH_8(X, 0u, c) EACH_8(X, 8u, c) EACH_8(X, 16u, c) EACH_8(X, 24u, c)
#define EACH_QUAD(X, c) EACH_COLUMN(X, c) EACH_8(X, 32u, c) EACH_8(X, 40u, c)
const uint mostColumns = 32u;  // PersistentDecode's
const uint mostQuads = 48u;    // of weights in a strip
const uint ahead = 24u;        // of them on their way at once

layout(buffer_reference, std430, buffer_reference_align = 8) buffer Exchange { uint64_t v[]; };  // value, tag << 32
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer Table { uvec4 v[]; };

/// Written by the host for each submission.
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Request {
    uint token;   // fed first
    uint count;   // tokens to feed, at most
    uint tag;     // of the last step before
    uint stopAt;  // a token that is not fed and ends it
    uint choice[];  // choose_token.glsl's
};
/// Read by the host.
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer Reply {
    uint fed;      // tokens
    uint gaveUp;   // not zero: the workgroups were not all there; nothing else holds
    uint token[];  // those fed after the first
};

layout(push_constant, scalar) uniform Push {
    Table table;       // rows of the layers, and of the head
    Words embeddings;  // [V, D]
    Floats state;      // [layers, S]
    Floats logits;     // [V] out, of the last token fed
    Exchange exchange;
    Request request;
    Reply reply;
    Words drawing;     // choose_token.glsl's
    float eps;
    uint patience;  // readings before a workgroup gives the others up
};

// A row of `table`: addresses, then gammas; the twin of TableRow in vulkan_decode.cpp. Kept in shared memory, since an address
// that comes from afar delays what lies there.
const uint tableQuads = 8u;
shared uvec4 tableRows[(layers + 1u) * tableQuads];
const uint attnNorm = 0u, ifgNorms = 1u, ifgWeights = 2u, lowerBounds = 3u, gNorm = 4u, oNorms = 5u, oWeights = 6u, mlpNorm = 7u,
           gateNorms = 8u, gateWeights = 9u, downNorms = 10u, downWeights = 11u;
const uint headNorm = attnNorm, headNorms = ifgNorms, headWeights = ifgWeights, headGamma = 0u;

uvec2 addressOf(uint row, uint which) {
    const uvec4 both = tableRows[row * tableQuads + which / 2u];
    return which % 2u == 0u ? both.xy : both.zw;
}
float gammaOf(uint row, uint which) {
    return uintBitsToFloat(tableRows[row * tableQuads + 6u + which / 4u][which % 4u]);
}
const uint bounded = 6u;  // a flag beside the gammas

// Where in `exchange` a vector lies.
const uint residual = 0u;
const uint stateOut = residual + hidden;
const uint gateOut = stateOut + stateWidth;
const uint gluOut = gateOut + stateWidth;
const uint candidate = gluOut + gluWidth;  // of each workgroup: its largest logit; then where that is

const uint subgroups = lanes / subgroupWidth;
shared uvec4 codes[sharedQuads];
shared float own[mostHidden];  // the residual stream's own channels; an element is one invocation's
shared int products[mostQuads * lanes / 4u];  // of neighbours that share a row, four at least
shared float partialSum[2][subgroups];
shared uint partialMost[3][subgroups];
shared int partialCodes[3][subgroups];
shared uint bestAt[subgroups];
shared uint givenUp;

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

#define ASK(m, c) \
    if (m < c) word[m] = peek(at + min(self() + m * lanes, width - 1u));
#define TAKE(m, c)                                                                    \
    if (m < c) {                                                                      \
        late |= uint(word[m] >> 32) ^ tag;                                            \
        value[m] = self() + m * lanes < width ? uintBitsToFloat(uint(word[m])) : 0.0; \
    }
/// Own columns (self, self + 256, ...) of a vector of `width`, once they carry the tag; zero past its end. No load is behind a
/// branch, so that all of them are under way together.
#define AWAIT(name, columns)                                         \
    void name(out float value[mostColumns], uint at, uint width, uint tag) { \
        for (uint tries = 0u;; ++tries) {                            \
            uint64_t word[mostColumns];                              \
            EACH_COLUMN(ASK, columns)                                \
            uint late = 0u;                                          \
            EACH_COLUMN(TAKE, columns)                               \
            if (late == 0u) break;                                   \
            if (tries >= patience) {                                 \
                givenUp = 1u;                                        \
                break;                                               \
            }                                                        \
        }                                                            \
    }

#define FETCH_ONE(m, c) \
    if (m < c) value[m] = from.v[start + min(self() + m * lanes, width - 1u)];
/// Constants of own columns, asked for early.
#define FETCH(name, columns) \
    void name(out float value[mostColumns], Floats from, uint start, uint width) { EACH_COLUMN(FETCH_ONE, columns) }

/// x -> its weighed value and the sum of squares: an RMSNorm, less its factor.
#define WEIGH(m, c)                         \
    if (m < c) {                            \
        squares = addSquare(squares, x[m]); \
        x[m] = times(x[m], weight[m]);      \
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

#define ADD_SQUARE(m, c) \
    if (m < c) squares = addSquare(squares, t[m]);
#define WEIGH_AGAIN(m, c)                        \
    if (m < c) {                                 \
        norms[m] = times(t[m], norms[m]);        \
        largest = max(largest, abs(norms[m]));   \
    }
/// The front of a BitLinear (float_profile.h) until its reduction: own columns of t, and its norms, which become u.
#define MEASURE(name, columns)                                                                                           \
    void name(uint p, float t[mostColumns], inout float norms[mostColumns]) {                                            \
        float largest = 0.0;                                                                                             \
        EACH_COLUMN(WEIGH_AGAIN, columns)                                                                                \
        const uint most = subgroupMax(floatBitsToUint(largest)); /* floats that are not negative are in integers' order */ \
        if (gl_SubgroupInvocationID == 0u) partialMost[p][gl_SubgroupID] = most;                                         \
    }
#define SUM_SQUARES(name, columns)           \
    float name(float t[mostColumns]) {       \
        float squares = 0.0;                 \
        EACH_COLUMN(ADD_SQUARE, columns)     \
        return squares;                      \
    }

/// The reduction's sums: of squares of what the first norm norms, and of the lane's t. Ends with a barrier.
void reduce(float squares, float weighedSquares) {
    squares = sumOfSubgroup(squares);
    weighedSquares = sumOfSubgroup(weighedSquares);
    if (gl_SubgroupInvocationID == 0u) {
        partialSum[0][gl_SubgroupID] = squares;
        partialSum[1][gl_SubgroupID] = weighedSquares;
    }
    barrier();
}

/// r of float_profile.h.
float inverseOf(uint width, bool normed) {
    return bitLinearInverse(sumOfParts(1u), width, normed ? inverseRms(sumOfParts(0u), width, eps) : 1.0);
}

float stepOf(uint p, float r) { return codeStep(times(uintBitsToFloat(mostOfParts(p)), r)); }

#define CODE(m, c) \
    if (m < c) word[m / 4u] |= quantise(u[m], factor) << (8u * (m % 4u));
#define SUM_CODES(k, c) \
    if (4u * k < c) sum = dot4(0x01010101u, word[k], sum);
// Of four neighbours' words each gets byte `self % 4`, in two exchanges.
#define EXCHANGE_1(k, c)                                                                                 \
    if (4u * k < c) {                                                                                    \
        const uint other = subgroupShuffleXor(word[k], 1u);                                              \
        word[k] = (self() & 1u) == 0u ? (word[k] & 0x00FF00FFu) | ((other & 0x00FF00FFu) << 8u)          \
                                      : (word[k] & 0xFF00FF00u) | ((other >> 8u) & 0x00FF00FFu);         \
    }
#define EXCHANGE_2(k, c)                                                                                                 \
    if (4u * k < c) {                                                                                                    \
        const uint other = subgroupShuffleXor(word[k], 2u);                                                              \
        word[k] = (self() & 2u) == 0u ? (word[k] & 0xFFFFu) | (other << 16u) : (word[k] & 0xFFFF0000u) | (other >> 16u); \
    }
#define STORE_CODES(k, c)                                                                            \
    if (4u * k < c) {                                                                                \
        const uint at = first + (4u * k + self() % 4u) * 16u;                                        \
        if (4u * k + self() % 4u < c) codes[at / 4u][at % 4u] = word[k];                             \
    }
/// u -> codes and their sum.
#define QUANTISE(name, columns)                                                                          \
    void name(uint p, float u[mostColumns], float factor) {                                              \
        uint word[8] = uint[8](0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u);                                          \
        EACH_COLUMN(CODE, columns)                                                                       \
        int sum = 0;                                                                                     \
        EACH_8(SUM_CODES, 0u, columns)                                                                   \
        EACH_8(EXCHANGE_1, 0u, columns)                                                                  \
        EACH_8(EXCHANGE_2, 0u, columns)                                                                  \
        /* Where the product finds a word: as the trits of a quad of weights lie, without bank conflicts. */ \
        const uint own = self() / 4u, quad = own / 4u, rowQuads = columns * 4u;                          \
        const uint first = p * rowQuads * 16u + (quad % 8u / 2u * rowQuads + quad / 8u * 2u + quad % 2u) * 4u + own % 4u; \
        EACH_8(STORE_CODES, 0u, columns)                                                                 \
        sum = subgroupAdd(sum);                                                                          \
        if (gl_SubgroupInvocationID == 0u) partialCodes[p][gl_SubgroupID] = sum;                         \
    }

#define VECTOR(name)                         \
    AWAIT(await_##name, name##Columns)       \
    FETCH(fetch_##name, name##Columns)       \
    SUM_SQUARES(squares_##name, name##Columns) \
    MEASURE(measure_##name, name##Columns)   \
    QUANTISE(quantise_##name, name##Columns)
VECTOR(hidden)
VECTOR(state)
VECTOR(glu)
const uint oneColumns = 1u;
AWAIT(await_one, oneColumns)

/// The rows of a matrix that this workgroup makes.
struct Rows {
    uint first, count;
};

Rows rowsOf(uint all) {
    const uint first = firstOwned(all, gl_WorkGroupID.x);
    return Rows(first, firstOwned(all, gl_WorkGroupID.x + 1u) - first);
}

uvec4 quads[ahead];  // of weights

#define WEIGHT(k)                                                                                                            \
    weights.v[((k) / passes * rows + own.first + min(strip + (k) % passes * atOnce + line, own.count - 1u)) * rowQuads + quad]
#define ASK_WEIGHTS(k, c) \
    if (k < c) quads[k] = WEIGHT(k);
#define ADD_PRODUCTS(k, c)                                                                                        \
    if (k < c) {                                                                                                  \
        const uint p = k / passes;                                                                                \
        if (k == 0u || (codesDiffer && k % passes == 0u))                                                         \
            [[unroll]] for (uint l = 0u; l < 4u; ++l) code[l] = codes[((codesDiffer ? p : 0u) * 4u + l) * rowQuads + quad]; \
        int sum = productOf(quads[k % ahead], code);                                                              \
        if (k + ahead < c) quads[k % ahead] = WEIGHT(k + ahead);                                                  \
        [[unroll]] for (uint mask = share / 2u; mask > 0u; mask /= 2u) sum += subgroupShuffleXor(sum, mask);      \
        if (self() % share == 0u) products[k * (lanes / share) + self() / share] = sum;                           \
    }

/// Sixteen words of codes times a quad of trits + 1. Four trits a byte: three as they lie, so that their sums are 1, 4 and 16
/// times too large.
int productOf(uvec4 trits, uvec4 code[4]) {
    int sum = 0, sum4 = 0, sum16 = 0;
    [[unroll]] for (uint word = 0u; word < 4u; ++word) {
        sum = dot4(trits[word] & 0x03030303u, code[0][word], sum);
        sum4 = dot4(trits[word] & 0x0C0C0C0Cu, code[1][word], sum4);
        sum16 = dot4(trits[word] & 0x30303030u, code[2][word], sum16);
        sum16 = dot4((trits[word] >> 2u) & 0x30303030u, code[3][word], sum16);
    }
    return sum + (sum4 >> 2) + (sum16 >> 4);
}

int totalOfCodes(uint p) {
    int total = 0;
    [[unroll]] for (uint k = 0u; k < subgroups; ++k) total += partialCodes[p][k];
    return total;
}

/// The product of P projections of `rows` rows of `columns` blocks. prefetch_NAME asks for a third of the weights of a strip of
/// rows (all at once, they would hold up what the step waits for), multiply_NAME makes its sums, result_NAME(p) is what a row of
/// it came to.
#define PRODUCT(name, rows_, P, columns, codesDiffer_)                                                       \
    const uint name##AtOnce = lanes / (columns * 4u); /* rows: an invocation has a quad of each */           \
    const uint name##Strip = mostQuads / P * name##AtOnce < lanes ? mostQuads / P * name##AtOnce : lanes;    \
    const uint name##Most = (rows_ + groups - 1u) / groups;                                                  \
    const uint name##Passes = ((name##Most < name##Strip ? name##Most : name##Strip) + name##AtOnce - 1u) / name##AtOnce; \
    const uint name##Quads = P * name##Passes;                                                               \
    const uint name##Share = (columns * 4u & (~(columns * 4u) + 1u)) < subgroupWidth                         \
                                 ? (columns * 4u & (~(columns * 4u) + 1u)) : subgroupWidth;                  \
    void prefetch_##name(Rows own, Quads weights, uint strip, uint part) {                                   \
        const uint rows = rows_, rowQuads = columns * 4u, atOnce = name##AtOnce, passes = name##Passes;      \
        const uint line = self() / rowQuads, quad = self() % rowQuads;                                       \
        if (part == 0u) { EACH_8(ASK_WEIGHTS, 0u, name##Quads) }                                             \
        if (part == 1u) { EACH_8(ASK_WEIGHTS, 8u, name##Quads) }                                             \
        if (part == 2u) { EACH_8(ASK_WEIGHTS, 16u, name##Quads) }                                            \
    }                                                                                                        \
    void multiply_##name(Rows own, Quads weights, uint strip) {                                              \
        const uint rows = rows_, rowQuads = columns * 4u, atOnce = name##AtOnce, passes = name##Passes;      \
        const uint share = name##Share; /* neighbours that surely have the same row */                       \
        const bool codesDiffer = codesDiffer_;                                                               \
        const uint line = self() / rowQuads, quad = self() % rowQuads;                                       \
        if (strip > 0u) {                                                                                    \
            barrier();                                                                                       \
            for (uint part = 0u; part < 3u; ++part) prefetch_##name(own, weights, strip, part);              \
        }                                                                                                    \
        uvec4 code[4];                                                                                       \
        EACH_QUAD(ADD_PRODUCTS, name##Quads)                                                                 \
        barrier();                                                                                           \
    }                                                                                                        \
    /* acc * (gamma * step) of own row of the strip. */                                                      \
    float result_##name(uint p, float factor) {                                                              \
        const uint parts = columns * 4u / name##Share;                                                       \
        const uint from = (p * name##Passes + self() / name##AtOnce) * (lanes / name##Share) + self() % name##AtOnce * parts; \
        int sum = -totalOfCodes(codesDiffer_ ? p : 0u);                                                      \
        [[unroll]] for (uint k = 0u; k < parts; ++k) sum += products[from + k];                              \
        precise const float value = float(sum) * factor;                                                     \
        return value;                                                                                        \
    }

PRODUCT(ifg, stateWidth, 3u, hiddenColumns, true)
PRODUCT(o, hidden, 1u, stateColumns, false)
PRODUCT(gate, gluWidth, 2u, hiddenColumns, false)
PRODUCT(down, hidden, 1u, gluColumns, false)
PRODUCT(head, vocabulary, 1u, hiddenColumns, false)

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

/// The codes are there, and every invocation has seen alike whether the others are.
#define NEXT_STEP           \
    barrier();              \
    if (givenUp != 0u) {    \
        reply.gaveUp = 1u;  \
        return;             \
    }                       \
    ++tag;

/// x and its lane's squares -> the codes of a product's one input, and `factor` for its results.
#define ENCODE(vector, width, squares, normed, product, own, gamma)   \
    measure_##vector(0u, x, norms);                                   \
    reduce(squares, squares_##vector(x));                             \
    prefetch_##product(own, weights, 0u, 1u);                         \
    const float r = inverseOf(width, normed), step = stepOf(0u, r);   \
    quantise_##vector(0u, norms, codeFactor(r, step));                \
    const float factor = times(gamma, step);                          \
    prefetch_##product(own, weights, 0u, 2u);                         \
    NEXT_STEP

/// The whole front of a step whose input is the residual stream: of a row of the table.
#define ENCODE_STREAM(product, own, row, norm, itsNorms, itsWeights, gamma) \
    float weight[mostColumns], norms[mostColumns], x[mostColumns];         \
    Quads weights = Quads(addressOf(row, itsWeights));                     \
    fetch_hidden(weight, Floats(addressOf(row, norm)), 0u, hidden);        \
    fetch_hidden(norms, Floats(addressOf(row, itsNorms)), 0u, hidden);     \
    prefetch_##product(own, weights, 0u, 0u);                              \
    await_hidden(x, residual, hidden, tag);                                \
    float squares = 0.0;                                                   \
    EACH_COLUMN(WEIGH, hiddenColumns)                                      \
    ENCODE(hidden, hidden, squares, true, product, own, gamma)

#define GATE(m, c) \
    if (m < c) x[m] = times(swish[m], x[m]);

/// The end of o and down: the own channels of the residual stream.
void addToStream(Rows stream, uint strip, float value, uint tag) {
    const uint row = strip + self();
    precise const float sum = own[row] + value;
    own[row] = sum;
    publish(residual + stream.first + row, sum, tag);
}

/// What the recurrence needs of an invocation's channel, read before the step's input is there.
struct Channel {
    float state, bound;
};

Channel channelOf(uint layer, Rows ifg, uint strip) {
    const uint channel = ifg.first + min(strip + self(), ifg.count - 1u);
    const bool has = gammaOf(layer, bounded) != 0.0;
    return Channel(state.v[layer * stateWidth + channel], has ? Floats(addressOf(layer, lowerBounds)).v[channel] : 0.0);
}

#include "choose_token.glsl"

void main() {
    const uint group = gl_WorkGroupID.x;
    const uint lane = self();
    const Rows ifg = rowsOf(stateWidth), stream = rowsOf(hidden), gate = rowsOf(gluWidth), head = rowsOf(vocabulary);

    for (uint k = lane; k < (layers + 1u) * tableQuads; k += lanes) tableRows[k] = table.v[k];
    if (lane == 0u) givenUp = 0u;
    if (drawsTokens != 0u) loadChoice();
    barrier();
    uint tag = request.tag;
    uint token = request.token;
    const uint count = request.count, stopAt = request.stopAt;

    for (uint fed = 1u;; ++fed) {
        ++tag;
        for (uint k = lane; k < stream.count; k += lanes) {
            own[k] = embedding(token, stream.first + k);
            publish(residual + stream.first + k, own[k], tag);
        }
        barrier();  // all have read what the choice of the token left

        for (uint layer = 0u; layer < layers; ++layer) {
            {  // i, f and g, and the recurrence
                float weight[mostColumns], x[mostColumns], i_[mostColumns], f_[mostColumns], g_[mostColumns];
                Floats norms = Floats(addressOf(layer, ifgNorms));
                Quads weights = Quads(addressOf(layer, ifgWeights));
                fetch_hidden(weight, Floats(addressOf(layer, attnNorm)), 0u, hidden);
                fetch_hidden(i_, norms, 0u, hidden);
                fetch_hidden(f_, norms, hidden, hidden);
                fetch_hidden(g_, norms, 2u * hidden, hidden);
                Channel channel = channelOf(layer, ifg, 0u);
                prefetch_ifg(ifg, weights, 0u, 0u);
                await_hidden(x, residual, hidden, tag);
                float squares = 0.0;
                EACH_COLUMN(WEIGH, hiddenColumns)
                measure_hidden(0u, x, i_);
                measure_hidden(1u, x, f_);
                measure_hidden(2u, x, g_);
                reduce(squares, squares_hidden(x));
                prefetch_ifg(ifg, weights, 0u, 1u);
                const float r = inverseOf(hidden, true);
                const float stepI = stepOf(0u, r), stepF = stepOf(1u, r), stepG = stepOf(2u, r);
                const float codeI = codeFactor(r, stepI), codeF = codeFactor(r, stepF), codeG = codeFactor(r, stepG);
                quantise_hidden(0u, i_, codeI);
                quantise_hidden(1u, f_, codeF);
                quantise_hidden(2u, g_, codeG);
                const float factorI = times(gammaOf(layer, 0u), stepI), factorF = times(gammaOf(layer, 1u), stepF),
                            factorG = times(gammaOf(layer, 2u), stepG);
                prefetch_ifg(ifg, weights, 0u, 2u);
                NEXT_STEP
                for (uint strip = 0u; strip < ifg.count; strip += ifgStrip) {
                    multiply_ifg(ifg, weights, strip);
                    const uint row = strip + lane;
                    if (lane < ifgStrip && row < ifg.count) {
                        const float candidate_ = result_ifg(0u, factorI);
                        const float f = aboveLowerBound(sigmoid(result_ifg(1u, factorF)), channel.bound);
                        precise const float i = silu(candidate_) * (1.0 - f);
                        const float h = mlgru(f, channel.state, i);
                        state.v[layer * stateWidth + ifg.first + row] = h;
                        publish(stateOut + ifg.first + row, silu(h), tag);
                        publish(gateOut + ifg.first + row, result_ifg(2u, factorG), tag);
                    }
                    if (strip + ifgStrip < ifg.count) channel = channelOf(layer, ifg, strip + ifgStrip);
                }
            }
            {  // the output gate and o
                float weight[mostColumns], norms[mostColumns], x[mostColumns], swish[mostColumns];
                Quads weights = Quads(addressOf(layer, oWeights));
                fetch_state(weight, Floats(addressOf(layer, gNorm)), 0u, stateWidth);
                fetch_state(norms, Floats(addressOf(layer, oNorms)), 0u, stateWidth);
                prefetch_o(stream, weights, 0u, 0u);
                await_state(swish, stateOut, stateWidth, tag);
                await_state(x, gateOut, stateWidth, tag);
                float squares = 0.0;
                EACH_COLUMN(WEIGH, stateColumns)
                EACH_COLUMN(GATE, stateColumns)
                ENCODE(state, stateWidth, squares, true, o, stream, gammaOf(layer, 3u))
                for (uint strip = 0u; strip < stream.count; strip += oStrip) {
                    multiply_o(stream, weights, strip);
                    if (lane < oStrip && strip + lane < stream.count) addToStream(stream, strip, result_o(0u, factor), tag);
                }
            }
            {  // u and v
                ENCODE_STREAM(gate, gate, layer, mlpNorm, gateNorms, gateWeights, gammaOf(layer, 4u))
                for (uint strip = 0u; strip < gate.count; strip += gateStrip) {
                    multiply_gate(gate, weights, strip);
                    const uint row = strip + lane;
                    if (lane < gateStrip && row < gate.count) {
                        const float u = result_gate(0u, factor), v = result_gate(1u, factor);
                        publish(gluOut + gate.first + row, times(silu(u), v), tag);
                    }
                }
            }
            {  // down
                float norms[mostColumns], x[mostColumns];
                Quads weights = Quads(addressOf(layer, downWeights));
                fetch_glu(norms, Floats(addressOf(layer, downNorms)), 0u, gluWidth);
                prefetch_down(stream, weights, 0u, 0u);
                await_glu(x, gluOut, gluWidth, tag);
                ENCODE(glu, gluWidth, 0.0, false, down, stream, gammaOf(layer, 5u))
                for (uint strip = 0u; strip < stream.count; strip += downStrip) {
                    multiply_down(stream, weights, strip);
                    if (lane < downStrip && strip + lane < stream.count) addToStream(stream, strip, result_down(0u, factor), tag);
                }
            }
        }

        // The head, and the most probable token: the lowest id among equals.
        ENCODE_STREAM(head, head, layers, headNorm, headNorms, headWeights, gammaOf(layers, headGamma))
        float best = -1.0 / 0.0;
        uint where = head.first;
        for (uint strip = 0u; strip < head.count; strip += headStrip) {
            multiply_head(head, weights, strip);
            const uint row = strip + lane;
            if (lane < headStrip && row < head.count) {
                const float logit = result_head(0u, factor);
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
        float value[mostColumns], place[mostColumns];
        await_one(value, candidate, groups, tag);
        await_one(place, candidate + groups, groups, tag);
        best = lane < groups ? value[0] : -1.0 / 0.0;
        token = floatBitsToUint(place[0]);
        findLargest(best, token);
        if (drawsTokens != 0u) token = drawToken(head, best, fed);
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
