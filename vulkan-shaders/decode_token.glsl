// Decode as one dispatch: all layers, the head and the choice of the next token, for as many tokens as asked for.
//
// All workgroups are resident at once, one a compute unit. They own rows of every matrix and hand each other vectors without
// barriers: an element is a word, written and read atomically, and a reader waits until it is not `empty`. The value is the
// message, so nothing is fenced. A layer's vectors are a set, and the sets are used in turn: who publishes an element empties the
// one of the set before, which all workgroups have read, or they would not have made what this element is made of. A fence a layer
// puts that before the filling and reading of that set, three layers later: it lies behind what its owner publishes next, and a
// reader comes by its own fence after it has seen that. The head's vectors are sets of their own, a token each.
// Every workgroup norms and quantises the whole vector itself, which costs less than another exchange would.
//
// Weights and norms depend on nothing: a step's norms are on their way while the step before multiplies, its first weights while
// that one's rows are put together, the others when its codes are made: while it reduces they would be in the way.
//
// A step is: await the vector, one reduction, codes, product, publish. It has three barriers.
//
// A kernel includes this and defines
//   int dot4(uint trits, uint codes, int sum);    four products of unsigned and signed bytes, added to `sum`
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference_uvec2 : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_KHR_shader_subgroup_vote : require
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

layout(buffer_reference, std430, buffer_reference_align = 4) buffer Exchange { uint v[]; };  // values or `empty`
layout(buffer_reference, std430, buffer_reference_align = 16) readonly buffer Table { uvec4 v[]; };

/// Written by the host for each submission.
layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Request {
    uint token;   // fed first
    uint count;   // tokens to feed, at most
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
const uint headWeights = ifgWeights, headGamma = 0u;

uvec2 addressOf(uint row, uint which) {
    const uvec4 both = tableRows[row * tableQuads + which / 2u];
    return which % 2u == 0u ? both.xy : both.zw;
}
float gammaOf(uint row, uint which) {
    return uintBitsToFloat(tableRows[row * tableQuads + 6u + which / 4u][which % 4u]);
}
const uint bounded = 6u;  // a flag beside the gammas

// Where in a set a vector lies.
const uint layerIn = 0u;  // the residual stream
const uint stateOut = layerIn + hidden;
const uint gateOut = stateOut + stateWidth;
const uint mixed = gateOut + stateWidth;  // the residual stream between o and the gate
const uint gluOut = mixed + hidden;
const uint headIn = gluOut + gluWidth;    // the residual stream after all layers
const uint candidate = headIn + hidden;   // of each workgroup: its largest logit
const uint candidateAt = candidate + groups;  // where that is
const uint setWords = candidateAt + groups;
const uint sets = 4u;
const uint copies = 2u;  // of everything, each read by some of the workgroups: so many at one place hold each other up
const uint empty = ~0u;  // a NaN that publish() does not let pass

const uint subgroups = lanes / subgroupWidth;
shared uvec4 codes[sharedQuads];
shared float own[mostHidden];  // the residual stream's own channels; an element is one invocation's
shared int products[mostQuads * lanes / 4u];  // of neighbours that share a row, four at least; quads come in fours
const uint fours = (subgroups + 3u) / 4u;
shared vec4 partialSum[2][fours];  // of each subgroup
shared uvec4 partialMost[3][fours];
shared ivec4 partialCodes[3][fours];
shared float largestOf[subgroups];
shared uint bestAt[subgroups];
shared uint givenUp;

uint self() { return gl_LocalInvocationID.x; }

/// An address further on. What lies at constant distances from it is read without arithmetic.
uvec2 advanced(uvec2 address, uint bytes) {
    uint carry;
    const uint low = uaddCarry(address.x, bytes, carry);
    return uvec2(low, address.y + carry);
}

/// The first of the elements that a workgroup owns of `count`; the next one's first is where they end.
uint firstOwned(uint count, uint group) { return group * count / groups; }

/// Where a vector of a set lies, from `element` on. An address: SPIRV-Tools 2023.1 fails on functions that return a reference.
uvec2 vectorOf(uint copy, uint set, uint at, uint element) {
    return advanced(uvec2(exchange), ((copy * sets + set) * setWords + at + element) * 4u);
}

/// An element of a vector, which also empties that of the set before.
void publish(uint set, uint at, float value) {
    const uint word = floatBitsToUint(value);
    Exchange to = Exchange(vectorOf(0u, set, at, 0u)), old = Exchange(vectorOf(0u, (set + sets - 1u) % sets, at, 0u));
    for (uint copy = 0u; copy < copies; ++copy)
        atomicStore(to.v[copy * sets * setWords], word == empty ? 0x7FC00000u : word, gl_ScopeDevice, gl_StorageSemanticsBuffer,
                    gl_SemanticsRelaxed);
    for (uint copy = 0u; copy < copies; ++copy)
        atomicStore(old.v[copy * sets * setWords], empty, gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelaxed);
}

#define FORGET(m, c) \
    if (m < c) word[m] = self() + m * lanes < width ? empty : 0u;
#define ASK(m, c)                       \
    if (m < c && word[m] == empty)      \
        word[m] = atomicLoad(from.v[m * lanes], gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelaxed);
#define LATEST(m, c) \
    if (m < c) latest = max(latest, word[m]);
#define TAKE(m, c) \
    if (m < c) value[m] = uintBitsToFloat(word[m]);
// Until none of the words is missing. A subgroup waits as one: invocations of it that go on are not promised to run while others
// wait (on NVIDIA's driver 580 they did not, for good).
#define WAIT(ask, latest_)                                                                                                  \
    uint latest = empty;                                                                                                    \
    for (uint tries = 0u; subgroupAny(latest == empty) && tries < patience; ++tries) {                                      \
        ask                                                                                                                 \
        latest = latest_;                                                                                                   \
    }                                                                                                                       \
    if (latest == empty) givenUp = 1u; /* said here, since lavapipe ends a long loop by itself */
/// Own columns (self, self + 256, ...) of a vector of `width`, once they are there; zero past its end. awaitBoth_NAME: of two
/// vectors, which it waits for together.
#define AWAIT(name, columns)                                                                                                \
    void forget_##name(out uint word[mostColumns], uint width) { EACH_COLUMN(FORGET, columns) }                             \
    void ask_##name(inout uint word[mostColumns], Exchange from) { EACH_COLUMN(ASK, columns) }                              \
    uint latest_##name(uint word[mostColumns]) {                                                                            \
        uint latest = 0u;                                                                                                   \
        EACH_COLUMN(LATEST, columns)                                                                                        \
        return latest;                                                                                                      \
    }                                                                                                                       \
    float[mostColumns] values_##name(uint word[mostColumns]) {                                                              \
        float value[mostColumns];                                                                                           \
        EACH_COLUMN(TAKE, columns)                                                                                          \
        return value;                                                                                                       \
    }                                                                                                                       \
    void await_##name(out float value[mostColumns], uint set, uint at, uint width) {                                        \
        Exchange from = Exchange(vectorOf(gl_WorkGroupID.x % copies, set, at, self()));                                     \
        uint word[mostColumns];                                                                                             \
        forget_##name(word, width);                                                                                         \
        WAIT(ask_##name(word, from);, latest_##name(word))                                                                  \
        value = values_##name(word);                                                                                        \
    }
#define AWAIT_BOTH(name)                                                                                                    \
    void awaitBoth_##name(out float first[mostColumns], out float second[mostColumns], uint set, uint firstAt,              \
                          uint secondAt, uint width) {                                                                      \
        const uint copy = gl_WorkGroupID.x % copies;                                                                        \
        Exchange from = Exchange(vectorOf(copy, set, firstAt, self())),                                                     \
                 fromSecond = Exchange(vectorOf(copy, set, secondAt, self()));                                              \
        uint word[mostColumns], wordOfSecond[mostColumns];                                                                  \
        forget_##name(word, width);                                                                                         \
        forget_##name(wordOfSecond, width);                                                                                 \
        WAIT(ask_##name(word, from); ask_##name(wordOfSecond, fromSecond);,                                                 \
             max(latest_##name(word), latest_##name(wordOfSecond)))                                                         \
        first = values_##name(word);                                                                                        \
        second = values_##name(wordOfSecond);                                                                               \
    }

#define FETCH_ONE(m, c) \
    if (m < c) value[m] = own.v[m * lanes + lanes <= width || self() + m * lanes < width ? m * lanes : 0u];
/// Constants of own columns, asked for early; anything past the end.
#define FETCH(name, columns)                                                                   \
    void name(out float value[mostColumns], uvec2 from, uint start, uint width) {              \
        Floats own = Floats(advanced(from, (start + min(self(), width - 1u)) * 4u));           \
        EACH_COLUMN(FETCH_ONE, columns)                                                        \
    }

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

// What subgroups came to, put together by each invocation for itself, four at a reading.
#define TREE(type, vector, name, parts, both)                                                               \
    type name##1(uint which, uint k) {                                                                      \
        const vector part = parts[which][k];                                                                \
        return both(both(part.x, part.y), both(part.z, part.w));                                            \
    }                                                                                                       \
    type name##2(uint which, uint k) { return both(name##1(which, k), name##1(which, k + 1u)); }            \
    type name##4(uint which, uint k) { return both(name##2(which, k), name##2(which, k + 2u)); }            \
    type name##8(uint which, uint k) { return both(name##4(which, k), name##4(which, k + 4u)); }            \
    type name(uint which) {                                                                                 \
        if (fours == 1u) return name##1(which, 0u);                                                         \
        if (fours == 2u) return name##2(which, 0u);                                                         \
        if (fours == 4u) return name##4(which, 0u);                                                         \
        if (fours == 8u) return name##8(which, 0u);                                                         \
        return both(name##8(which, 0u), name##8(which, 8u));                                                \
    }
float add(float a, float b) {
    precise const float sum = a + b;
    return sum;
}
int add(int a, int b) { return a + b; }
TREE(float, vec4, sumOfParts, partialSum, add)
TREE(uint, uvec4, mostOfParts, partialMost, max)
TREE(int, ivec4, sumOfCodes, partialCodes, add)

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
        if (gl_SubgroupInvocationID == 0u) partialMost[p][gl_SubgroupID / 4u][gl_SubgroupID % 4u] = most; \
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
        partialSum[0][gl_SubgroupID / 4u][gl_SubgroupID % 4u] = squares;
        partialSum[1][gl_SubgroupID / 4u][gl_SubgroupID % 4u] = weighedSquares;
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
        if (gl_SubgroupInvocationID == 0u) partialCodes[p][gl_SubgroupID / 4u][gl_SubgroupID % 4u] = sum; \
    }

#define VECTOR(name)                         \
    AWAIT(name, name##Columns)                 \
    FETCH(fetch_##name, name##Columns)       \
    SUM_SQUARES(squares_##name, name##Columns) \
    MEASURE(measure_##name, name##Columns)   \
    QUANTISE(quantise_##name, name##Columns)
VECTOR(hidden)
VECTOR(state)
AWAIT_BOTH(state)
VECTOR(glu)
const uint oneColumns = 1u;
AWAIT(one, oneColumns)

/// The rows of a matrix that this workgroup makes.
struct Rows {
    uint first, count;
};

Rows rowsOf(uint all) {
    const uint first = firstOwned(all, gl_WorkGroupID.x);
    return Rows(first, firstOwned(all, gl_WorkGroupID.x + 1u) - first);
}

uvec4 quads[ahead];  // of weights

// A quad of the strip. Where one strip has all rows it lies at a constant distance from the first, and an invocation whose rows
// end before the others' asks for nothing.
#define ASK_WEIGHT(slot, k)                                                                                                  \
    if (!whole)                                                                                                              \
        quads[slot] = weights.v[((k) / passes * rows + own.first + min(strip + (k) % passes * atOnce + line, own.count - 1u)) \
                                    * rowQuads + quad];                                                                      \
    else if ((k) % passes + 1u < passes || (passes - 1u) * atOnce + line < own.count)                                        \
        quads[slot] = firstQuad.v[((k) / passes * rows + (k) % passes * atOnce) * rowQuads];
#define ASK_WEIGHTS(k, c) \
    if (k < c) { ASK_WEIGHT(k, k) }
#define ADD_PRODUCTS(k, c)                                                                                        \
    if (k < c) {                                                                                                  \
        const uint p = k / passes;                                                                                \
        if (k == 0u || (codesDiffer && k % passes == 0u))                                                         \
            [[unroll]] for (uint l = 0u; l < 4u; ++l) code[l] = codes[((codesDiffer ? p : 0u) * 4u + l) * rowQuads + quad]; \
        int sum = productOf(quads[k % ahead], code);                                                              \
        if (k + ahead < c) { ASK_WEIGHT(k % ahead, k + ahead) }                                                   \
        if (k + ahead < c && k % 4u == 3u) subgroupBarrier(); /* or a compiler asks for them when they are needed */ \
        sums[k % 4u] = sum;                                                                                       \
        if (k % 4u == 3u || k + 1u == c)                                                                          \
            products[(k / 4u * 4u + self() % 4u) * (lanes / share) + self() / share] = sumOfFour(sums, share);    \
    }

/// Four sums over `share` neighbours, four at least: invocation j has that of sums[j % 4]. Half as many shuffles as one by one.
int sumOfFour(int sums[4], uint share) {
    const bool odd = (self() & 1u) != 0u, upper = (self() & 2u) != 0u;
    const int low = (odd ? sums[1] : sums[0]) + subgroupShuffleXor(odd ? sums[0] : sums[1], 1u);
    const int high = (odd ? sums[3] : sums[2]) + subgroupShuffleXor(odd ? sums[2] : sums[3], 1u);
    int sum = (upper ? high : low) + subgroupShuffleXor(upper ? low : high, 2u);
    for (uint mask = 4u; mask < share; mask *= 2u) sum += subgroupShuffleXor(sum, mask);
    return sum;
}

/// Sixteen words of codes times a quad of trits + 1. Four trits a byte, as they lie, so that their sums are 1, 4, 16 and 64 times
/// too large.
int productOf(uvec4 trits, uvec4 code[4]) {
    int sum = 0, sum4 = 0, sum16 = 0, sum64 = 0;
    [[unroll]] for (uint word = 0u; word < 4u; ++word) {
        sum = dot4(trits[word] & 0x03030303u, code[0][word], sum);
        sum4 = dot4(trits[word] & 0x0C0C0C0Cu, code[1][word], sum4);
        sum16 = dot4(trits[word] & 0x30303030u, code[2][word], sum16);
        sum64 = dot4(trits[word] & 0xC0C0C0C0u, code[3][word], sum64);
    }
    return sum + (sum4 >> 2) + (sum16 >> 4) + (sum64 >> 6);
}

/// Which quads of its weights are an invocation's: number `quad` of the rows line, line + atOnce, ...; those left over when the
/// rows of a pass are dealt out do the last one's again.
#define OWN_QUADS(name, rows_, columns)                                                                      \
    const uint rows = rows_, rowQuads = columns * 4u, atOnce = name##AtOnce, passes = name##Passes;          \
    const uint line = min(self() / rowQuads, atOnce - 1u), quad = self() % rowQuads;                         \
    const bool whole = name##Whole;                                                                          \
    Quads firstQuad = Quads(advanced(uvec2(weights), ((own.first + line) * rowQuads + quad) * 16u));

/// The product of P projections of `rows` rows of `columns` blocks. prefetch_NAME asks for the first or the other weights of a
/// strip of rows (all at once, they would hold up what the step waits for), multiply_NAME makes its sums, after a barrier
/// result_NAME(p) is what a row of it came to.
#define PRODUCT(name, rows_, P, columns, codesDiffer_)                                                       \
    const uint name##AtOnce = lanes / (columns * 4u); /* rows: an invocation has a quad of each */           \
    const uint name##Strip = mostQuads / P * name##AtOnce < lanes ? mostQuads / P * name##AtOnce : lanes;    \
    const uint name##Most = (rows_ + groups - 1u) / groups;                                                  \
    const uint name##Passes = ((name##Most < name##Strip ? name##Most : name##Strip) + name##AtOnce - 1u) / name##AtOnce; \
    const uint name##Quads = P * name##Passes;                                                               \
    const bool name##Whole = name##Most <= name##Strip; /* one strip has all rows */                         \
    const uint name##Share = (columns * 4u & (~(columns * 4u) + 1u)) < subgroupWidth                         \
                                 ? (columns * 4u & (~(columns * 4u) + 1u)) : subgroupWidth;                  \
    void prefetch_##name(Rows own, Quads weights, uint strip, bool first) {                                  \
        OWN_QUADS(name, rows_, columns)                                                                      \
        if (first) {                                                                                         \
            EACH_8(ASK_WEIGHTS, 0u, name##Quads)                                                             \
        } else {                                                                                             \
            EACH_8(ASK_WEIGHTS, 8u, name##Quads)                                                             \
            EACH_8(ASK_WEIGHTS, 16u, name##Quads)                                                            \
        }                                                                                                    \
    }                                                                                                        \
    void multiply_##name(Rows own, Quads weights, uint strip) {                                              \
        OWN_QUADS(name, rows_, columns)                                                                      \
        const uint share = name##Share; /* neighbours that surely have the same row */                       \
        const bool codesDiffer = codesDiffer_;                                                               \
        if (strip > 0u) {                                                                                    \
            barrier();                                                                                       \
            prefetch_##name(own, weights, strip, true);                                                      \
            prefetch_##name(own, weights, strip, false);                                                     \
        }                                                                                                    \
        uvec4 code[4];                                                                                       \
        int sums[4] = int[4](0, 0, 0, 0);                                                                    \
        EACH_QUAD(ADD_PRODUCTS, name##Quads)                                                                 \
    }                                                                                                        \
    /* acc * (gamma * step) of own row of the strip. */                                                      \
    float result_##name(uint p, float factor) {                                                              \
        const uint parts = columns * 4u / name##Share;                                                       \
        const uint from = (p * name##Passes + self() / name##AtOnce) * (lanes / name##Share) + self() % name##AtOnce * parts; \
        int sum = -sumOfCodes(codesDiffer_ ? p : 0u);                                                        \
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
        largestOf[gl_SubgroupID] = largest;
        bestAt[gl_SubgroupID] = where;
    }
    barrier();
    value = largestOf[0];
    where = bestAt[0];
    [[unroll]] for (uint k = 1u; k < subgroups; ++k)
        if (largestOf[k] > value || (largestOf[k] == value && bestAt[k] < where)) {
            value = largestOf[k];
            where = bestAt[k];
        }
}

float embedding(uint token, uint column) {
    const uint at = token * hidden + column;
    if (embeddingType == 0u) return uintBitsToFloat(embeddings.v[at]);
    const uint half_ = (embeddings.v[at / 2u] >> (16u * (at % 2u))) & 0xFFFFu;
    return embeddingType == 1u ? unpackHalf2x16(half_).x : uintBitsToFloat(half_ << 16u);
}

#define EACH_STRIP(name, own) \
    for (uint strip = 0u; strip == 0u || (!name##Whole && strip < own.count); strip += name##Strip)
#define LAST_STRIP(name, own) (name##Whole || strip + name##Strip >= own.count)

/// The codes are there, and every invocation has seen alike whether the others are.
#define ENCODED             \
    barrier();              \
    if (givenUp != 0u) {    \
        reply.gaveUp = 1u;  \
        return;             \
    }

/// x and its lane's squares -> the codes of a product's one input, and `factor` for its results.
#define ENCODE(vector, width, squares, normed, product, own, gamma)   \
    measure_##vector(0u, x, norms);                                   \
    reduce(squares, squares_##vector(x));                             \
    const float r = inverseOf(width, normed), step = stepOf(0u, r);   \
    quantise_##vector(0u, norms, codeFactor(r, step));                \
    const float factor = times(gamma, step);                          \
    prefetch_##product(own, product##Quads, 0u, false);               \
    ENCODED

/// The same of `at` in the set `here`, one of the residual stream's vectors.
#define ENCODE_STREAM(at, product, own, gamma) \
    float x[mostColumns];                      \
    await_hidden(x, here, at, hidden);         \
    float squares = 0.0;                       \
    EACH_COLUMN(WEIGH, hiddenColumns)          \
    ENCODE(hidden, hidden, squares, true, product, own, gamma)

/// The sums of a strip, and after the last one a request for what the next step begins with.
#define MULTIPLY(name, own, weights, ask_next) \
    multiply_##name(own, weights, strip);      \
    if (LAST_STRIP(name, own)) {               \
        ask_next                               \
    }                                          \
    barrier();

#define GATE(m, c) \
    if (m < c) x[m] = times(swish[m], x[m]);

/// The end of o and down: the own channels of the residual stream.
void addToStream(Rows stream, uint strip, float value, uint set, uint at) {
    const uint row = strip + self();
    precise const float sum = own[row] + value;
    own[row] = sum;
    publish(set, at + stream.first + row, sum);
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

/// What a layer's first step, or the head, needs before its input is there.
#define ASK_FIRST(row)                                                      \
    {                                                                       \
        const uvec2 from = addressOf(row, ifgNorms);                        \
        const uint further = (row) < layers ? hidden : 0u; /* the head has one */ \
        fetch_hidden(weight, addressOf(row, attnNorm), 0u, hidden);         \
        fetch_hidden(norms, from, 0u, hidden);                              \
        fetch_hidden(normsF, from, further, hidden);                        \
        fetch_hidden(normsG, from, 2u * further, hidden);                   \
        channel = channelOf(min(row, layers - 1u), ifg, 0u);                \
    }

#include "choose_token.glsl"

void main() {
    const uint group = gl_WorkGroupID.x;
    const uint lane = self();
    const Rows ifg = rowsOf(stateWidth), stream = rowsOf(hidden), gate = rowsOf(gluWidth), head = rowsOf(vocabulary);

    // Loops are the same for all invocations: barriers after others go wrong on lavapipe.
    for (uint k = 0u; k < (layers + 1u) * tableQuads; k += lanes)
        if (k + lane < (layers + 1u) * tableQuads) tableRows[k + lane] = table.v[k + lane];
    if (lane == 0u) givenUp = 0u;
    if (drawsTokens != 0u) loadChoice();
    barrier();
    uint token = request.token;
    const uint count = request.count, stopAt = request.stopAt;
    uint set = 0u;
    float weight[mostColumns], norms[mostColumns], normsF[mostColumns], normsG[mostColumns];  // of the step that is next
    Channel channel;

    for (uint fed = 1u;; ++fed) {
        ASK_FIRST(0u)
        prefetch_ifg(ifg, Quads(addressOf(0u, ifgWeights)), 0u, true);
        for (uint k = 0u; k < stream.count; k += lanes)
            if (k + lane < stream.count) {
                own[k + lane] = embedding(token, stream.first + k + lane);
                publish(set, layerIn + stream.first + k + lane, own[k + lane]);
            }
        barrier();  // all have read what the choice of the token left

        for (uint layer = 0u; layer < layers; ++layer) {
            const uint here = set;
            set = (set + 1u) % sets;
            Quads ifgQuads = Quads(addressOf(layer, ifgWeights)), oQuads = Quads(addressOf(layer, oWeights)),
                        gateQuads = Quads(addressOf(layer, gateWeights)), downQuads = Quads(addressOf(layer, downWeights));
            {  // i, f and g, and the recurrence
                float x[mostColumns];
                await_hidden(x, here, layerIn, hidden);
                float squares = 0.0;
                EACH_COLUMN(WEIGH, hiddenColumns)
                measure_hidden(0u, x, norms);
                measure_hidden(1u, x, normsF);
                measure_hidden(2u, x, normsG);
                reduce(squares, squares_hidden(x));
                const float r = inverseOf(hidden, true);
                const float stepI = stepOf(0u, r), stepF = stepOf(1u, r), stepG = stepOf(2u, r);
                const float codeI = codeFactor(r, stepI), codeF = codeFactor(r, stepF), codeG = codeFactor(r, stepG);
                quantise_hidden(0u, norms, codeI);
                quantise_hidden(1u, normsF, codeF);
                quantise_hidden(2u, normsG, codeG);
                const float factorI = times(gammaOf(layer, 0u), stepI), factorF = times(gammaOf(layer, 1u), stepF),
                            factorG = times(gammaOf(layer, 2u), stepG);
                prefetch_ifg(ifg, ifgQuads, 0u, false);
                ENCODED
                fetch_state(weight, addressOf(layer, gNorm), 0u, stateWidth);
                fetch_state(norms, addressOf(layer, oNorms), 0u, stateWidth);
                EACH_STRIP(ifg, ifg) {
                    MULTIPLY(ifg, ifg, ifgQuads, prefetch_o(stream, oQuads, 0u, true);)
                    const uint row = strip + lane;
                    if (lane < ifgStrip && row < ifg.count) {
                        const float candidate_ = result_ifg(0u, factorI);
                        const float f = aboveLowerBound(sigmoid(result_ifg(1u, factorF)), channel.bound);
                        precise const float i = silu(candidate_) * (1.0 - f);
                        const float h = mlgru(f, channel.state, i);
                        state.v[layer * stateWidth + ifg.first + row] = h;
                        publish(here, stateOut + ifg.first + row, silu(h));
                        publish(here, gateOut + ifg.first + row, result_ifg(2u, factorG));
                    }
                    if (!LAST_STRIP(ifg, ifg)) channel = channelOf(layer, ifg, strip + ifgStrip);
                }
                memoryBarrier(gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsAcquireRelease);  // see the top
            }
            {  // the output gate and o
                float x[mostColumns], swish[mostColumns];
                awaitBoth_state(swish, x, here, stateOut, gateOut, stateWidth);
                float squares = 0.0;
                EACH_COLUMN(WEIGH, stateColumns)
                EACH_COLUMN(GATE, stateColumns)
                ENCODE(state, stateWidth, squares, true, o, stream, gammaOf(layer, 3u))
                fetch_hidden(weight, addressOf(layer, mlpNorm), 0u, hidden);
                fetch_hidden(norms, addressOf(layer, gateNorms), 0u, hidden);
                EACH_STRIP(o, stream) {
                    MULTIPLY(o, stream, oQuads, prefetch_gate(gate, gateQuads, 0u, true);)
                    if (lane < oStrip && strip + lane < stream.count)
                        addToStream(stream, strip, result_o(0u, factor), here, mixed);
                }
            }
            {  // u and v
                ENCODE_STREAM(mixed, gate, gate, gammaOf(layer, 4u))
                fetch_glu(norms, addressOf(layer, downNorms), 0u, gluWidth);
                EACH_STRIP(gate, gate) {
                    MULTIPLY(gate, gate, gateQuads, prefetch_down(stream, downQuads, 0u, true);)
                    const uint row = strip + lane;
                    if (lane < gateStrip && row < gate.count) {
                        const float u = result_gate(0u, factor), v = result_gate(1u, factor);
                        publish(here, gluOut + gate.first + row, times(silu(u), v));
                    }
                }
            }
            {  // down
                float x[mostColumns];
                await_glu(x, here, gluOut, gluWidth);
                ENCODE(glu, gluWidth, 0.0, false, down, stream, gammaOf(layer, 5u))
                ASK_FIRST(layer + 1u)
                EACH_STRIP(down, stream) {
                    MULTIPLY(down, stream, downQuads,
                             if (layer + 1u < layers) prefetch_ifg(ifg, Quads(addressOf(layer + 1u, ifgWeights)), 0u, true);
                             else prefetch_head(head, Quads(addressOf(layers, headWeights)), 0u, true);)
                    if (lane < downStrip && strip + lane < stream.count)
                        addToStream(stream, strip, result_down(0u, factor), layer + 1u < layers ? set : fed % sets,
                                    layer + 1u < layers ? layerIn : headIn);
                }
            }
        }

        // The head, and the most probable token: the lowest id among equals.
        const uint here = fed % sets;
        Quads headQuads = Quads(addressOf(layers, headWeights));
        ENCODE_STREAM(headIn, head, head, gammaOf(layers, headGamma))
        float best = -1.0 / 0.0;
        uint where = head.first;
        EACH_STRIP(head, head) {
            multiply_head(head, headQuads, strip);
            barrier();
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
            publish(here, candidate + group, best);
            publish(here, candidateAt + group, uintBitsToFloat(where));
        }
        float value[mostColumns], place[mostColumns];
        await_one(value, here, candidate, groups);
        await_one(place, here, candidateAt, groups);
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
