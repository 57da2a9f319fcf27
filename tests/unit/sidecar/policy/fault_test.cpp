#include "sidecar/policy/fault.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/fake_backend.h"
#include "tests/support/made_request.h"
#include "tests/support/manual_clock.h"
#include "tests/support/recording_reply.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using skiff::testing::MadeRequest;

const TimePoint start = TimePoint{} + 1h;

Fault resetting(double share) {
  Fault fault;
  fault.percent = Ratio{share};
  fault.reset = true;
  return fault;
}

Fault aborting(std::uint16_t status, double share = 1) {
  Fault fault;
  fault.percent = Ratio{share};
  fault.abort = FaultAbort{.status = status, .grpc_status = std::nullopt};
  return fault;
}

Fault delaying(Milliseconds least, Milliseconds most, double share = 1) {
  Fault fault;
  fault.percent = Ratio{share};
  fault.delay = FaultDelay{.fixed = std::nullopt, .min = least, .max = most};
  return fault;
}

struct Cells {
  std::atomic<std::uint64_t> delays = 0;
  std::atomic<std::uint64_t> aborts = 0;
  std::atomic<std::uint64_t> resets = 0;
};

FaultRules rules_of(std::vector<Fault> faults, Cells& cells, TimePoint until = TimePoint::max()) {
  FaultPolicy policy;
  policy.metadata.name = "trouble";
  policy.metadata.ns = "shop";
  policy.faults = std::move(faults);
  return FaultRules(policy, until, {cells.delays, cells.aborts, cells.resets});
}

// How many of `tries` requests are reset.
int resets_of(double share, int tries, std::uint64_t seed) {
  Cells cells;
  const FaultRules rules = rules_of({resetting(share)}, cells);
  Random random(seed);
  const MadeRequest request("/");
  int resets = 0;
  for (int i = 0; i < tries; ++i) resets += rules.decide(request, start, random).reset ? 1 : 0;
  return resets;
}

// Case D59.
TEST(FaultRules, ZeroPercentIsNeverAndAHundredAlways) {
  EXPECT_EQ(resets_of(0, 100'000, 1), 0);
  EXPECT_EQ(resets_of(1, 100'000, 1), 100'000);
}

// Case D59: five standard deviations of the binomial distribution.
TEST(FaultRules, APercentageIsOneWithinTheBoundsOfChance) {
  constexpr int tries = 200'000;
  for (const double share : {0.001, 0.01, 0.1, 0.5, 0.9}) {
    for (const std::uint64_t seed : {1, 2, 3}) {
      const double bound = 5 * std::sqrt(tries * share * (1 - share));
      EXPECT_NEAR(resets_of(share, tries, seed), tries * share, bound) << share;
    }
  }
}

TEST(FaultRules, EachIsDrawnByItselfAndTheFirstAbortCounts) {
  Cells cells;
  const FaultRules rules = rules_of({aborting(500, 0.5), aborting(501)}, cells);
  Random random(1);
  const MadeRequest request("/");
  int first = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto decision = rules.decide(request, start, random);
    ASSERT_NE(decision.abort, nullptr);
    first += decision.abort->status == 500 ? 1 : 0;
  }
  EXPECT_NEAR(first, 5'000, 250);
}

TEST(FaultRules, ADelayStandsBesideAnAbortButNotAResetBesideOne) {
  Cells cells;
  const FaultRules rules =
      rules_of({delaying(3ms, 3ms), delaying(9ms, 9ms), aborting(500), resetting(1)}, cells);
  Random random(1);
  const auto decision = rules.decide(MadeRequest("/"), start, random);
  EXPECT_EQ(decision.delay, 3ms);
  ASSERT_NE(decision.abort, nullptr);
  EXPECT_FALSE(decision.reset);
}

TEST(FaultRules, ADelayIsWithinItsBounds) {
  Cells cells;
  const FaultRules rules = rules_of({delaying(10ms, 20ms)}, cells);
  Random random(1);
  Duration least = 1h;
  Duration most{};
  for (int i = 0; i < 10'000; ++i) {
    const Duration delay = rules.decide(MadeRequest("/"), start, random).delay;
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, 10ms);
  EXPECT_LT(least, 11ms);
  EXPECT_LE(most, 20ms);
  EXPECT_GT(most, 19ms);
}

TEST(FaultRules, IsForThoseWithAllItsHeaders) {
  Fault fault = resetting(1);
  fault.headers = {{"X-Tester", "yes"}, {"x-kind", "a"}};
  Cells cells;
  const FaultRules rules = rules_of({fault}, cells);
  Random random(1);
  const auto is_hit = [&](MadeRequest::Fields fields) {
    return rules.decide(MadeRequest("/", fields), start, random).reset;
  };
  EXPECT_TRUE(is_hit({{"x-tester", "yes"}, {"X-Kind", "a"}}));
  EXPECT_TRUE(is_hit({{"x-tester", "no"}, {"x-tester", "yes"}, {"x-kind", "a"}}));
  EXPECT_FALSE(is_hit({{"x-tester", "yes"}}));
  EXPECT_FALSE(is_hit({{"x-tester", "Yes"}, {"x-kind", "a"}}));
  EXPECT_FALSE(is_hit({}));
}

TEST(FaultRules, EndsWithItsTime) {
  Cells cells;
  const FaultRules rules = rules_of({resetting(1)}, cells, start + 1s);
  Random random(1);
  EXPECT_TRUE(rules.decide(MadeRequest("/"), start + 999ms, random).reset);
  EXPECT_TRUE(rules.decide(MadeRequest("/"), start + 1s, random).is_none());
}

class InjectFaultsTest : public ::testing::Test, private BodySource {
 protected:
  InjectFaultsTest() {
    exchange.client_source = this;
    exchange.started = loop.now();
  }

  void inject(std::vector<Fault> faults) {
    rules.emplace(rules_of(std::move(faults), cells));
    exchange.faults = &*rules;
    stage.forward(exchange, reply);
  }
  void advance(Duration by) {
    clock.advance(by);
    loop.refresh_now();
    loop.run_due();
  }
  void resume() override {}

  ManualClock clock;
  Loop loop{1, &clock};
  Pauses pauses{loop};
  FakeBackend backend;
  InjectFaults stage{pauses, loop, loop.random(), backend};
  Cells cells;
  std::optional<FaultRules> rules;
  Exchange exchange;
  RecordingReply reply;
};

TEST_F(InjectFaultsTest, LetsThroughWhatHasNoFaults) {
  stage.forward(exchange, reply);
  EXPECT_EQ(backend.requests, 1);
  EXPECT_TRUE(exchange.marks.policy.empty());
}

TEST_F(InjectFaultsTest, LetsThroughWhatIsNotDrawn) {
  inject({resetting(0)});
  EXPECT_EQ(backend.requests, 1);
  EXPECT_EQ(cells.resets, 0u);
}

TEST_F(InjectFaultsTest, AnswersInsteadOfTheTarget) {
  Fault fault = aborting(418);
  fault.abort->grpc_status = GrpcStatus::unavailable;
  inject({fault});
  EXPECT_EQ(backend.requests, 0);
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::fault_injected);
  EXPECT_TRUE(reply.errors[0].unprocessed);
  ASSERT_NE(reply.errors[0].answer, nullptr);
  EXPECT_EQ(reply.errors[0].answer->status, 418);
  EXPECT_EQ(reply.errors[0].answer->grpc_status, 14);
  EXPECT_FALSE(reply.errors[0].answer->reset);
  EXPECT_EQ(exchange.marks.policy, "shop/trouble");
  EXPECT_EQ(cells.aborts, 1u);
}

TEST_F(InjectFaultsTest, BreaksTheConnectionOff) {
  inject({resetting(1)});
  EXPECT_EQ(backend.requests, 0);
  ASSERT_EQ(reply.errors.size(), 1u);
  ASSERT_NE(reply.errors[0].answer, nullptr);
  EXPECT_TRUE(reply.errors[0].answer->reset);
  EXPECT_EQ(cells.resets, 1u);
}

TEST_F(InjectFaultsTest, HoldsARequest) {
  inject({delaying(100ms, 100ms)});
  EXPECT_EQ(backend.requests, 0);
  EXPECT_NE(exchange.pending, nullptr);
  advance(95ms);
  EXPECT_EQ(backend.requests, 0);
  advance(20ms);
  EXPECT_EQ(backend.requests, 1);
  EXPECT_EQ(cells.delays, 1u);
  EXPECT_EQ(pauses.waiting(), 0u);
}

TEST_F(InjectFaultsTest, HoldsARequestBeforeItFails) {
  inject({delaying(100ms, 100ms), aborting(500)});
  EXPECT_TRUE(reply.errors.empty());
  advance(120ms);
  EXPECT_EQ(backend.requests, 0);
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::fault_injected);
}

TEST_F(InjectFaultsTest, AClientThatLeavesIsHeldNoLonger) {
  inject({delaying(100ms, 100ms)});
  exchange.pending->fail(exchange, {.kind = ErrorKind::client_gone});
  ASSERT_EQ(reply.errors.size(), 1u);
  EXPECT_EQ(reply.errors[0].kind, ErrorKind::client_gone);
  EXPECT_EQ(pauses.waiting(), 0u);
  advance(1s);
  EXPECT_EQ(backend.requests, 0);
}

TEST_F(InjectFaultsTest, ForgetsADelayWithTheExchange) {
  inject({delaying(100ms, 100ms)});
  exchange.finish({});
  EXPECT_EQ(pauses.waiting(), 0u);
}

}  // namespace
}  // namespace skiff
