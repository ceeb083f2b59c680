// Drawing a token in decode_token.glsl, which includes this: the GLSL twin of core/backend/token_choice.h.
//
// Each workgroup weighs the tokens whose logits it made. The first one gathers all weights, finds the token and tells the others.

const uint wholeWeight = 1u << 24;  // of the most probable token
const uint mostWeightColumns = 128u;  // PersistentDecode's: the vocabulary's blocks of 256 tokens
const uint vocabularyColumns = (vocabulary + lanes - 1u) / lanes;
const uint weightColumns = vocabularyColumns > mostWeightColumns ? 0u : vocabularyColumns;  // 0: nothing is drawn

// Where in `exchange` they lie.
const uint weightsOut = candidate + 2u * groups;
const uint choiceOut = weightsOut + vocabulary;

// The twin of Choice in vulkan_decode.cpp: the request's, which is read once, since it comes from the host.
const uint inverseTemperature = 0u, topK = 1u, topP = 2u, leastWeight = 3u, draws = 4u, choiceWords = draws + 15u;
shared uint choice[choiceWords];
shared uint chosenToken;
shared uvec2 partialAmounts[2][subgroups];

void loadChoice() {
    if (self() < choiceWords) choice[self()] = request.choice[self()];
}

bool drawsTokens() { return uintBitsToFloat(choice[inverseTemperature]) > 0.0; }

uint weightOf(float logit, float largest) {
    precise const float scaled = (logit - largest) * uintBitsToFloat(choice[inverseTemperature]);
    if (!(scaled > -20.0)) return 0u;
    precise const float weight = exponential(min(scaled, 0.0)) * 16777216.0 + 0.5;
    return uint(weight);
}

/// `fraction` (in 2^-32) of `sum`, rounded down.
uint64_t share(uint64_t sum, uint fraction) {
    return (sum >> 32) * uint64_t(fraction) + (((sum & 0xFFFFFFFFul) * uint64_t(fraction)) >> 32);
}

// Weights of the tokens self, self + 256, ..., as all that an invocation keeps: only literals index them.
uint tokenWeights[mostWeightColumns];
#define EACH_32(X, from, c) EACH_8(X, (from), c) EACH_8(X, (from) + 8u, c) EACH_8(X, (from) + 16u, c) EACH_8(X, (from) + 24u, c)
#define EACH_WEIGHT(X, c) EACH_32(X, 0u, c) EACH_32(X, 32u, c) EACH_32(X, 64u, c) EACH_32(X, 96u, c)
const uint blockColumns = weightColumns < mostColumns ? weightColumns : mostColumns;  // fetched together
AWAIT(await_weights, blockColumns)
#define TAKE_WEIGHT(m, from) \
    if (m < blockColumns) tokenWeights[(from) + m] = floatBitsToUint(value[m]);
#define TAKE_WEIGHTS(from)                                                                   \
    if (from < weightColumns) {                                                              \
        await_weights(value, weightsOut + from * lanes, vocabulary - from * lanes, tag);     \
        EACH_COLUMN(TAKE_WEIGHT, from)                                                       \
    }

#define COUNT_KEPT(m, c) \
    if (m < c) amount += tokenWeights[m] >= least ? 1u : 0u;
#define ADD_KEPT(m, c) \
    if (m < c) amount += tokenWeights[m] >= least ? tokenWeights[m] : 0u;
/// Of own tokens that weigh `least` or more: how many, or their weights, at most 2^31.
uint ownFrom(uint least, bool counted) {
    uint amount = 0u;
    if (counted) {
        EACH_WEIGHT(COUNT_KEPT, weightColumns)
    } else {
        EACH_WEIGHT(ADD_KEPT, weightColumns)
    }
    return amount;
}

uint64_t joined(uvec2 parts) { return uint64_t(parts.x) + (uint64_t(parts.y) << 16); }

/// The amounts of all invocations together, and of those before this one. `turn` is another than the last time's, mod 2.
uint64_t sumOfAll(uint amount, uint turn, out uint64_t before) {
    const uvec2 parts = uvec2(amount & 0xFFFFu, amount >> 16u), mine = subgroupInclusiveAdd(parts);
    if (gl_SubgroupInvocationID == subgroupWidth - 1u) partialAmounts[turn & 1u][gl_SubgroupID] = mine;
    barrier();
    uvec2 all = uvec2(0u), earlier = mine - parts;
    for (uint k = 0u; k < subgroups; ++k) {
        const uvec2 part = partialAmounts[turn & 1u][k];
        all += part;
        if (k < gl_SubgroupID) earlier += part;
    }
    before = joined(earlier);
    return joined(all);
}

/// The largest weight from which on there is `need`; `least` where there is less.
uint raiseLeast(uint least, uint64_t need, bool counted) {
    uint found = 0u;
    uint64_t before;
    [[dont_unroll]] for (uint bit = 25u; bit > 0u; --bit) {
        const uint wanted = found | (1u << (bit - 1u));
        if (sumOfAll(ownFrom(max(wanted, least), counted), bit, before) >= need) found = wanted;
    }
    return max(found, least);
}

#define FALL(m, c)                                                        \
    if (m < c) {                                                          \
        const uint weight = tokenWeights[m] >= least ? tokenWeights[m] : 0u; \
        if (weight > 0u && start <= left) chosen = self() + m * lanes;    \
        start += weight;                                                  \
    }
/// Finds and publishes the token. One workgroup's.
void choose(uint draw, uint tag) {
    float value[mostColumns];
    TAKE_WEIGHTS(0u)
    TAKE_WEIGHTS(32u)
    TAKE_WEIGHTS(64u)
    TAKE_WEIGHTS(96u)
    uint least = 1u;
    uint64_t before;
    if (choice[topK] > 0u) least = raiseLeast(least, uint64_t(choice[topK]), true);
    if (choice[topP] > 0u)
        least = raiseLeast(least, share(sumOfAll(ownFrom(least, false), 0u, before), choice[topP]) + 1ul, false);
    least = max(least, choice[leastWeight]);

    const uint own = ownFrom(least, false);
    const uint64_t sum = sumOfAll(own, 0u, before), target = share(sum, draw);
    if (sum == 0ul ? self() == 0u : target >= before && target - before < uint64_t(own)) {
        const uint left = uint(target - before);
        uint start = 0u, chosen = 0u;
        EACH_WEIGHT(FALL, weightColumns)
        publish(choiceOut, uintBitsToFloat(chosen), tag);
    }
}

/// The token that follows the `fed`-th one, whose largest logit is given: the same in all workgroups.
uint drawToken(float largest, Rows head, uint fed, uint tag) {
    for (uint strip = 0u; strip < head.count; strip += headStrip) {  // each invocation reads the logits that it wrote
        const uint row = strip + self();
        if (self() < headStrip && row < head.count)
            publish(weightsOut + head.first + row, uintBitsToFloat(weightOf(logits.v[head.first + row], largest)), tag);
    }
    if (gl_WorkGroupID.x == 0u) choose(choice[draws + fed - 1u], tag);
    float value[mostColumns];
    await_one(value, choiceOut, 1u, tag);
    if (self() == 0u) chosenToken = floatBitsToUint(value[0]);
    barrier();
    return chosenToken;
}
