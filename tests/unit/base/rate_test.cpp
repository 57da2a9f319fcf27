#include "base/rate.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(ParseRate, TakesANumberAndItsTime) {
  EXPECT_EQ(parse_rate("10/s"), (Rate{10, Rate::Per::second}));
  EXPECT_EQ(parse_rate("600/m"), (Rate{600, Rate::Per::minute}));
  EXPECT_EQ(parse_rate("1000000/h"), (Rate{1'000'000, Rate::Per::hour}));
}

TEST(ParseRate, RefusesWhatLeavesRoomForDoubt) {
  for (const char* text : {"",      "/",     "/s",        "10",           "10/",  "10s",   "0/s",
                           "010/s", "-1/s",  "+1/s",      "1.5/s",        "10/S", "10/ms", "10 /s",
                           "10/ s", "10/s ", "1000001/s", "9999999999/s", "10/d", "10//s"}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
}

TEST(RateText, ParsesToTheSame) {
  for (const char* text : {"1/s", "10/s", "600/m", "5/h"})
    EXPECT_EQ(to_text(parse_rate(text).value()), text);
}

TEST(RatePeriod, IsThatOfItsUnit) {
  EXPECT_EQ((Rate{1, Rate::Per::second}).period(), std::chrono::seconds(1));
  EXPECT_EQ((Rate{1, Rate::Per::minute}).period(), std::chrono::minutes(1));
  EXPECT_EQ((Rate{1, Rate::Per::hour}).period(), std::chrono::hours(1));
}

}  // namespace
}  // namespace skiff
