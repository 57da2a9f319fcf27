#include "sidecar/app/fault_states.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/made_request.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using skiff::testing::MadeRequest;

const TimePoint start = TimePoint{} + 1h;

FaultPolicy policy_of(std::string name, Milliseconds ttl, std::uint16_t status = 503) {
  FaultPolicy policy;
  policy.metadata.ns = "shop";
  policy.metadata.name = std::move(name);
  policy.ttl = ttl;
  policy.faults.emplace_back().abort = FaultAbort{.status = status, .grpc_status = std::nullopt};
  return policy;
}

class FaultStatesTest : public ::testing::Test {
 protected:
  bool fails(const FaultPolicy& policy, TimePoint now) {
    const auto rules = states_.find(policy);
    return rules != nullptr && !rules->decide(request_, now, random_).is_none();
  }
  std::uint64_t expired(const std::string& name) { return counters_.expired_faults.at({name}); }

  NamedCounters counters_;
  std::vector<std::string> told_;
  FaultStates states_{[this](const PolicyEvent& event) {
    told_.push_back(std::string(event.subject) + " " + std::string(event.from) + " " +
                    std::string(event.to) + " " + event.why);
  }};
  MadeRequest request_{"/"};
  Random random_{1};
};

TEST_F(FaultStatesTest, EndsByTheClockAlone) {
  const FaultPolicy policy = policy_of("trouble", 10s);
  states_.set({policy}, start, counters_);
  EXPECT_TRUE(fails(policy, start + 9999ms));
  EXPECT_FALSE(fails(policy, start + 10s));
  EXPECT_EQ(told_,
            std::vector<std::string>{"shop/trouble off on requests fail on purpose for 10s"});
}

TEST_F(FaultStatesTest, TellsAnEndOnceAndSaysWhenTheNextIs) {
  states_.set({policy_of("first", 10s), policy_of("second", 20s)}, start, counters_);
  told_.clear();
  EXPECT_EQ(states_.expire(start, counters_), start + 10s);
  EXPECT_EQ(states_.expire(start + 10s, counters_), start + 20s);
  EXPECT_EQ(states_.expire(start + 11s, counters_), start + 20s);
  EXPECT_EQ(states_.expire(start + 20s, counters_), TimePoint::max());
  const std::vector<std::string> ends{"shop/first on off its ttl is over: 10s",
                                      "shop/second on off its ttl is over: 20s"};
  EXPECT_EQ(told_, ends);
  EXPECT_EQ(expired("shop/first"), 1u);
}

TEST_F(FaultStatesTest, ChangesElsewhereNeitherProlongItNorBeginItAnew) {
  const FaultPolicy policy = policy_of("trouble", 10s);
  states_.set({policy}, start, counters_);
  states_.set({policy, policy_of("more", 1h)}, start + 6s, counters_);
  EXPECT_FALSE(fails(policy, start + 10s));
  states_.expire(start + 10s, counters_);
  states_.set({policy}, start + 11s, counters_);
  EXPECT_FALSE(fails(policy, start + 11s));
  EXPECT_EQ(expired("shop/trouble"), 1u);
}

TEST_F(FaultStatesTest, AChangeOfItsOwnBeginsAnew) {
  const FaultPolicy policy = policy_of("trouble", 10s, 500);
  states_.set({policy_of("trouble", 10s)}, start, counters_);
  states_.set({policy}, start + 11s, counters_);
  EXPECT_TRUE(fails(policy, start + 20s));
  EXPECT_EQ(states_.expire(start + 20s, counters_), start + 21s);
}

TEST_F(FaultStatesTest, OneThatIsTakenAwayIsOverAndToldUnlessItWas) {
  const FaultPolicy policy = policy_of("trouble", 10s);
  states_.set({policy}, start, counters_);
  states_.set({}, start + 1s, counters_);
  EXPECT_EQ(states_.find(policy), nullptr);
  ASSERT_EQ(told_.size(), 2u);
  EXPECT_EQ(told_.back(), "shop/trouble on off the policy is gone");
  states_.set({policy}, start, counters_);
  states_.expire(start + 10s, counters_);
  states_.set({}, start + 11s, counters_);
  EXPECT_EQ(told_.size(), 4u);
  EXPECT_EQ(expired("shop/trouble"), 1u);
}

}  // namespace
}  // namespace skiff
