// Drawing a token in decode_token.glsl, which includes this: the GLSL twin of core/backend/token_choice.h.
//
// Each workgroup weighs the tokens whose logits it made. What they have to know of all tokens together they add up in `drawing`,
// which is empty before a submission and has a place for each of its tokens, so that nothing there is used twice. A weight from
// which on tokens are kept is found digit by digit: a meeting of all workgroups for each.

const uint wholeWeight = (1u << 24) - 1u;  // of the most probable token
const uint digits = 16u, digitBits = 4u, weightDigits = 6u;
const uint filters = 2u;  // that need it: top-k and top-p

// The twin of Choice in vulkan_decode.cpp: the request's, which is read once, since it comes from the host.
const uint inverseTemperature = 0u, topK = 1u, topP = 2u, leastWeight = 3u, draws = 4u, choiceWords = draws + 15u;
shared uint choice[choiceWords];

// A token's place in `drawing`: which token it is, plus one; workgroups that have come to each meeting; what they added up,
// digit by digit; and what the tokens of each weigh. Amounts are in halves of 16 bits, which have room to add up.
const uint meetings = filters * weightDigits + 1u;
const uint chosenAt = 0u, metAt = chosenAt + 1u, talliesAt = metAt + meetings,
           sumsAt = talliesAt + filters * weightDigits * 2u * digits, drawingWords = sumsAt + 2u * groups;
shared uint tally[2u * digits];
shared uvec4 partialAmounts[subgroups];

void loadChoice() {
    if (self() < choiceWords) choice[self()] = request.choice[self()];
}

uint weightOf(float logit, float largest) {
    precise const float scaled = (logit - largest) * uintBitsToFloat(choice[inverseTemperature]);
    if (!(scaled > -17.0)) return 0u;
    precise const float weight = exponential(min(scaled, 0.0)) * float(wholeWeight);
    return uint(weight);
}

// 64-bit amounts: low word, high word.
uvec2 plus(uvec2 a, uvec2 b) {
    uint carry;
    const uint low = uaddCarry(a.x, b.x, carry);
    return uvec2(low, a.y + b.y + carry);
}
uvec2 minus(uvec2 a, uvec2 b) {
    uint borrow;
    const uint low = usubBorrow(a.x, b.x, borrow);
    return uvec2(low, a.y - b.y - borrow);
}
bool reaches(uvec2 a, uvec2 b) { return a.y > b.y || (a.y == b.y && a.x >= b.x); }
uvec2 joined(uint low, uint high) { return plus(uvec2(low, 0u), uvec2(high << 16u, high >> 16u)); }

/// `fraction` (in 2^-32) of `sum`, rounded down.
uvec2 share(uvec2 sum, uint fraction) {
    uint high, low, carried, lost;
    umulExtended(sum.y, fraction, high, low);
    umulExtended(sum.x, fraction, carried, lost);
    return plus(uvec2(low, high), uvec2(carried, 0u));
}

uint readDrawing(uint at) {
    return atomicLoad(drawing.v[at], gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelaxed);
}
void writeDrawing(uint at, uint value) {
    atomicStore(drawing.v[at], value, gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelaxed);
}

/// The word at `at` once it is `least` or more. As everywhere, a subgroup waits as one.
uint awaitDrawing(uint at, uint least) {
    uint value = 0u;
    for (uint tries = 0u; subgroupAny(value < least && givenUp == 0u) && tries < patience; ++tries) value = readDrawing(at);
    if (value < least) givenUp = 1u;
    return max(value, least);
}

/// Ends when every workgroup is here; what they have put into `drawing` is there then.
void meet(uint at) {
    controlBarrier(gl_ScopeWorkgroup, gl_ScopeWorkgroup, gl_StorageSemanticsBuffer | gl_StorageSemanticsShared,
                   gl_SemanticsAcquireRelease);
    if (self() == 0u) atomicAdd(drawing.v[at], 1u, gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelease);
    awaitDrawing(at, groups);
    memoryBarrier(gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsAcquire);
}

/// Own token of a strip: its weight, 0 where that is less than `least` or there is no token. It is one whose logit this
/// invocation wrote.
uint keptWeight(Rows head, uint strip, float largest, uint least) {
    const uint row = strip + self();
    if (self() >= headStrip || row >= head.count) return 0u;
    const uint weight = weightOf(logits.v[head.first + row], largest);
    return weight >= least ? weight : 0u;
}

/// The largest weight from which on there are choice[topK] tokens (filter 0), or those that come to choice[topP] of all (filter
/// 1); `least` where there is less.
uint raiseLeast(Rows head, float largest, uint least, uint filter_, uint place) {
    const bool counted = filter_ == 0u;
    uint found = 0u;
    uvec2 above = uvec2(0u), need = uvec2(choice[topK], 0u);  // tokens above the digits found
    for (uint step = 0u; step < weightDigits; ++step) {
        const uint shift = (weightDigits - 1u - step) * digitBits;
        if (self() < 2u * digits) tally[self()] = 0u;
        barrier();
        for (uint strip = 0u; strip < head.count; strip += headStrip) {
            const uint weight = keptWeight(head, strip, largest, least), amount = counted ? min(weight, 1u) : weight;
            const uint digit = ((weight ^ found) >> shift) < digits ? (weight >> shift) % digits : 0u;
            if (digit > 0u) {
                atomicAdd(tally[digit], amount & 0xFFFFu);
                if (!counted) atomicAdd(tally[digits + digit], amount >> 16u);
            }
            // The digit 0 is what is left if no other will do: it counts for the sum of all alone.
            if (step == 0u && !counted) {
                const uvec2 halves = digit == 0u ? uvec2(amount & 0xFFFFu, amount >> 16u) : uvec2(0u);
                const uvec2 sum = subgroupAdd(halves);
                if (gl_SubgroupInvocationID == 0u) {
                    atomicAdd(tally[0], sum.x);
                    atomicAdd(tally[digits], sum.y);
                }
            }
        }
        barrier();
        const uint round = filter_ * weightDigits + step, at = place + talliesAt + round * 2u * digits + self();
        if (self() < 2u * digits && tally[self()] > 0u)
            atomicAdd(drawing.v[at], tally[self()], gl_ScopeDevice, gl_StorageSemanticsBuffer, gl_SemanticsRelaxed);
        meet(place + metAt + round);
        if (self() < 2u * digits) tally[self()] = readDrawing(at);
        barrier();
        if (step == 0u && !counted) {
            uvec2 all = uvec2(0u);
            for (uint digit = 0u; digit < digits; ++digit) all = plus(all, joined(tally[digit], tally[digits + digit]));
            need = plus(share(all, choice[topP]), uvec2(1u, 0u));
        }
        uint digit = digits - 1u;
        for (; digit > 0u; --digit) {
            const uvec2 reached = plus(above, joined(tally[digit], tally[digits + digit]));
            if (reaches(reached, need)) break;
            above = reached;
        }
        found |= digit << shift;
        barrier();
    }
    return max(found, least);
}

/// Publishes the token on which `draw` falls, if it is this workgroup's.
void publishDrawn(Rows head, float largest, uint least, uint draw, uint place) {
    uvec2 own = uvec2(0u);
    for (uint strip = 0u; strip < head.count; strip += headStrip) {
        const uint weight = keptWeight(head, strip, largest, least);
        own += uvec2(weight & 0xFFFFu, weight >> 16u);
    }
    own = subgroupAdd(own);
    if (self() < 2u) tally[self()] = 0u;
    barrier();
    if (gl_SubgroupInvocationID == 0u) {
        atomicAdd(tally[0], own.x);
        atomicAdd(tally[1], own.y);
    }
    barrier();
    const uint group = gl_WorkGroupID.x, sums = place + sumsAt;
    if (self() < 2u) writeDrawing(sums + 2u * group + self(), tally[self()]);
    meet(place + metAt + meetings - 1u);
    const uvec2 its = self() < groups ? uvec2(readDrawing(sums + 2u * self()), readDrawing(sums + 2u * self() + 1u)) : uvec2(0u);
    const uvec4 part = subgroupAdd(uvec4(its, self() < group ? its : uvec2(0u)));
    if (gl_SubgroupInvocationID == 0u) partialAmounts[gl_SubgroupID] = part;
    barrier();
    uvec4 amounts = uvec4(0u);
    for (uint k = 0u; k < subgroups; ++k) amounts += partialAmounts[k];
    const uvec2 all = joined(amounts.x, amounts.y), before = joined(amounts.z, amounts.w), target = share(all, draw);
    uvec2 left = minus(target, before);
    if (all == uvec2(0u)) {  // no logit is a number
        if (group == 0u && self() == 0u) writeDrawing(place + chosenAt, 1u);
    } else if (reaches(target, before) && !reaches(left, joined(tally[0], tally[1]))) {
        for (uint strip = 0u; strip < head.count; strip += headStrip) {
            const uint weight = keptWeight(head, strip, largest, least), sum = subgroupInclusiveAdd(weight);
            barrier();
            if (gl_SubgroupInvocationID == subgroupWidth - 1u) partialAmounts[gl_SubgroupID].x = sum;
            barrier();
            uint start = sum - weight, total = 0u;
            for (uint k = 0u; k < subgroups; ++k) {
                if (k < gl_SubgroupID) start += partialAmounts[k].x;
                total += partialAmounts[k].x;
            }
            if (!reaches(left, uvec2(total, 0u))) {
                if (left.x >= start && left.x - start < weight) writeDrawing(place + chosenAt, head.first + strip + self() + 1u);
                break;
            }
            left = minus(left, uvec2(total, 0u));
        }
    }
}

/// The token that follows the `fed`-th one, whose largest logit is given: the same in all workgroups.
uint drawToken(Rows head, float largest, uint fed) {
    const uint place = (fed - 1u) * drawingWords;
    uint least = 1u;
    [[dont_unroll]] for (uint k = 0u; k < filters; ++k)
        if (choice[topK + k] > 0u) least = raiseLeast(head, largest, least, k, place);
    publishDrawn(head, largest, max(least, choice[leastWeight]), choice[draws + fed - 1u], place);
    const uint token = awaitDrawing(place + chosenAt, 1u) - 1u;
    barrier();  // all have seen alike whether it is there
    return token;
}
