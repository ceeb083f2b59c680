#include <gtest/gtest.h>

#include <array>
#include <deque>

#include "AxiReadArbiter.h"
#include "clocked.h"

namespace {

struct Request {
    std::uint64_t address = 0;
    std::uint32_t length = 0;
    bool operator==(const Request&) const = default;
};

TEST(AxiReadArbiter, ForwardsEachRequestOnceInItsMastersOrderAndHoldsItUntilTaken) {
    Clocked<AxiReadArbiter> arbiter;
    Chance chance(2);
    std::array<std::deque<Request>, 2> granted;
    Request fetch{}, stream{};
    bool heldBefore = false;
    Request before{};
    int forwarded = 0;
    for (int cycle = 0; cycle < 20000; ++cycle) {
        if (!arbiter->fetch_valid_i && chance.in(3)) {
            arbiter->fetch_valid_i = 1;
            fetch = {chance.bits64() >> 6, chance.between(1, 64)};
        }
        if (!arbiter->stream_valid_i && chance.in(2)) {
            arbiter->stream_valid_i = 1;
            stream = {chance.bits64() >> 6, chance.between(1, 64)};
        }
        arbiter->fetch_address_i = fetch.address;
        arbiter->fetch_length_i = static_cast<std::uint8_t>(fetch.length);
        arbiter->stream_address_i = stream.address;
        arbiter->stream_length_i = static_cast<std::uint8_t>(stream.length);
        arbiter->arready_i = !chance.in(3);
        arbiter.settle();
        if (arbiter->arvalid_o) {
            const Request seen{arbiter->araddr_o, arbiter->arlen_o + 1U};
            if (heldBefore) {
                ASSERT_EQ(seen, before);
            }
            auto& expected = granted.at(arbiter->arid_o);
            ASSERT_FALSE(expected.empty());
            ASSERT_EQ(seen.address, expected.front().address << 6);
            ASSERT_EQ(seen.length, expected.front().length);
            before = seen;
            heldBefore = !arbiter->arready_i;
            if (arbiter->arready_i) {
                expected.pop_front();
                ++forwarded;
            }
        } else {
            ASSERT_FALSE(heldBefore);
        }
        const bool fetchTaken = arbiter->fetch_valid_i && arbiter->fetch_ready_o;
        const bool streamTaken = arbiter->stream_valid_i && arbiter->stream_ready_o;
        ASSERT_FALSE(fetchTaken && streamTaken);
        if (arbiter->fetch_valid_i) {
            ASSERT_FALSE(streamTaken);
        }
        if (fetchTaken) granted[0].push_back(fetch);
        if (streamTaken) granted[1].push_back(stream);
        arbiter.edge();
        if (fetchTaken) arbiter->fetch_valid_i = 0;
        if (streamTaken) arbiter->stream_valid_i = 0;
    }
    EXPECT_GT(forwarded, 5000);
}

TEST(AxiReadArbiter, ToldAnswersApart) {
    Clocked<AxiReadArbiter> arbiter;
    Chance chance(3);
    for (int cycle = 0; cycle < 1000; ++cycle) {
        arbiter->rvalid_i = chance.in(2);
        arbiter->rid_i = chance.in(2);
        arbiter->rresp_i = static_cast<std::uint8_t>(chance.below(4));
        arbiter.settle();
        EXPECT_TRUE(arbiter->rready_o);
        EXPECT_EQ(arbiter->fetch_response_o, arbiter->rvalid_i && !arbiter->rid_i);
        EXPECT_EQ(arbiter->stream_response_o, arbiter->rvalid_i && arbiter->rid_i);
        EXPECT_EQ(arbiter->response_failed_o, arbiter->rresp_i != 0);
        arbiter.edge();
    }
}

}  // namespace
