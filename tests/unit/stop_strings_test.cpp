#include "engine/stop_strings.h"

#include <gtest/gtest.h>

namespace ternion {
namespace {

TEST(StopStrings, HoldsBackOnlyWhatMayBecomeOne) {
    StopStrings stop({"</s>", "User:"});
    EXPECT_EQ(stop.append("a <"), "a ");
    EXPECT_EQ(stop.append("b>"), "<b>");
    EXPECT_EQ(stop.append("Us"), "");
    EXPECT_EQ(stop.append("e"), "");
    EXPECT_EQ(stop.append("less"), "Useless");
    EXPECT_FALSE(stop.seen());
}

TEST(StopStrings, EndsBeforeTheFirstEvenAcrossParts) {
    StopStrings stop({"END", "D"});
    EXPECT_EQ(stop.append("the EN"), "the ");
    EXPECT_EQ(stop.append("D of it"), "");
    EXPECT_TRUE(stop.seen());
    EXPECT_EQ(stop.append("more"), "");
    EXPECT_EQ(stop.finish(), "");
}

TEST(StopStrings, GivesTheHeldTailAtTheEnd) {
    StopStrings stop({"###"});
    EXPECT_EQ(stop.append("x##"), "x");
    EXPECT_EQ(stop.finish(), "##");
}

TEST(StopStrings, AnEmptyOneStopsNothing) {
    StopStrings stop({""});
    EXPECT_EQ(stop.append("text"), "text");
    EXPECT_FALSE(stop.seen());
}

}  // namespace
}  // namespace ternion
