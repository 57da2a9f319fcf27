#include "sidecar/http/hop_fields.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint now{100s};

TEST(HopFields, AreSilentForAFirstAttemptWithoutDeadline) {
  Exchange exchange;
  exchange.marks.attempts = 1;
  const HopFields fields = hop_fields_of(exchange, now);
  EXPECT_EQ(fields.left_ms, -1);
  EXPECT_EQ(fields.attempt, 1);
}

TEST(HopFields, SayWhatIsLeftWhenTheRequestLeaves) {
  Exchange exchange;
  exchange.deadlines.told = now + 1'999'999ns;
  EXPECT_EQ(hop_fields_of(exchange, now).left_ms, 1) << "rounded down: it never grows";
  EXPECT_EQ(hop_fields_of(exchange, now + 1s).left_ms, 0);
  exchange.deadlines.told = now + 24h * 300;
  EXPECT_EQ(hop_fields_of(exchange, now).left_ms, 99'999'999);
}

TEST(HopFields, CountAttemptsOnFromTheCallers) {
  Exchange exchange;
  exchange.marks.attempts = 3;
  EXPECT_EQ(hop_fields_of(exchange, now).attempt, 3);
  exchange.caller_attempt = 2;
  EXPECT_EQ(hop_fields_of(exchange, now).attempt, 4);
}

}  // namespace
}  // namespace skiff
