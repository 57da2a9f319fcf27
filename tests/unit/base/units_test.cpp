#include "base/units.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

TEST(ParseDuration, TakesEachUnitOnceAndInOrder) {
  EXPECT_EQ(parse_duration("250ms"), Milliseconds(250));
  EXPECT_EQ(parse_duration("1h2m3s4ms"), Milliseconds(3'723'004));
  EXPECT_EQ(parse_duration("0s"), Milliseconds(0));
  EXPECT_EQ(parse_duration("99999h"), std::chrono::hours(99'999));
}

TEST(ParseDuration, RefusesWhatLeavesRoomForDoubt) {
  for (const char* text :
       {"",     "5", "0",  "5 s",  " 5s",  "5s ",     "5S",  "-5s",  "+5s", "0.5ms",
        "1e3s", "s", "ms", "5s1m", "1s1s", "100000s", "5us", "5mss", "1h1", "5\xC2\xB5s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(ParseBytes, TakesUnitsOf1024) {
  EXPECT_EQ(parse_bytes("0B"), Bytes{0});
  EXPECT_EQ(parse_bytes("512B"), Bytes{512});
  EXPECT_EQ(parse_bytes("64KiB"), Bytes{65'536});
  EXPECT_EQ(parse_bytes("1MiB"), Bytes{1'048'576});
  EXPECT_EQ(parse_bytes("2GiB"), Bytes{2'147'483'648});
}

TEST(ParseBytes, RefusesOtherUnitsAndWhatDoesNotFit) {
  for (const char* text : {"", "64", "64K", "64Ki", "64kB", "64KB", "1.5KiB", "-1B", "1 KiB", "B",
                           "010B", "17179869184GiB", "99999999999999999999B"}) {
    EXPECT_FALSE(parse_bytes(text)) << text;
  }
}

TEST(ParseRatio, TakesPercentTo100) {
  EXPECT_EQ(parse_ratio("0%"), Ratio{0});
  EXPECT_EQ(parse_ratio("50%"), Ratio{0.5});
  EXPECT_EQ(parse_ratio("0.5%"), Ratio{0.005});
  EXPECT_EQ(parse_ratio("100.0%"), Ratio{1});
}

TEST(ParseRatio, RefusesOtherFormsAndMore) {
  for (const char* text :
       {"", "%", "50", "0.5", "101%", "100.0001%", "-1%", ".5%", "1.%", "1.00001%", "05%", "5 %"}) {
    EXPECT_FALSE(parse_ratio(text)) << text;
  }
}

TEST(ToText, IsShortAndParsesToTheSame) {
  EXPECT_EQ(to_text(Milliseconds(0)), "0s");
  EXPECT_EQ(to_text(Milliseconds(1'500)), "1500ms");
  EXPECT_EQ(to_text(Milliseconds(90'000)), "90s");
  EXPECT_EQ(to_text(std::chrono::hours(24)), "24h");
  EXPECT_EQ(to_text(Bytes{65'536}), "64KiB");
  EXPECT_EQ(to_text(Bytes{1'000}), "1000B");
  EXPECT_EQ(to_text(Ratio{0.005}), "0.5%");
  EXPECT_EQ(to_text(Ratio{0.72}), "72%");
  for (const std::int64_t count : {1, 999, 61'001, 3'600'001, 123'456'789}) {
    EXPECT_EQ(parse_duration(to_text(Milliseconds(count))), Milliseconds(count));
  }
  for (const std::uint64_t count : {1ULL, 1'025ULL, 1'099'511'627'777ULL}) {
    EXPECT_EQ(parse_bytes(to_text(Bytes{count})), Bytes{count});
  }
  for (const char* text : {"0%", "0.0001%", "33.3333%", "99.9%", "100%"}) {
    EXPECT_EQ(to_text(*parse_ratio(text)), text);
  }
}

}  // namespace
}  // namespace skiff
