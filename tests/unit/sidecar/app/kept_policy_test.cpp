#include "sidecar/app/kept_policy.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace skiff {
namespace {

// Counts what it is told.
struct Decider final {
  Decider(int config, const std::string& subject, std::uint64_t, OnPolicyEvent, TimePoint)
      : configured(config), of(subject) {}
  void configure(int config, TimePoint) { configured = config; }
  void turn_off(TimePoint) { ++turned_off; }

  int configured;
  std::string of;
  int turned_off = 0;
};

struct KeptPolicyTest : testing::Test {
  Decider* configure(std::optional<int> config) { return policy.configure(config, random, {}); }

  Random random{1};
  const std::string subject = "order.shop";
  const OnPolicyEvent nobody;
  KeptPolicy<Decider, int> policy{subject, nobody};
};

TEST_F(KeptPolicyTest, IsThereOnlyWhileItIsInForce) {
  EXPECT_EQ(configure({}), nullptr);
  EXPECT_EQ(policy.get(), nullptr);
  Decider* const made = configure(1);
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->of, "order.shop");
  EXPECT_EQ(policy.get(), made);
}

TEST_F(KeptPolicyTest, IsTheSameWhateverChanges) {
  Decider* const made = configure(1);
  EXPECT_EQ(configure(2), made);
  EXPECT_EQ(made->configured, 2);
  EXPECT_EQ(made->turned_off, 0);
}

TEST_F(KeptPolicyTest, OutlivesThatItIsTurnedOffForThoseWhoAreUnderWay) {
  Decider* const made = configure(1);
  EXPECT_EQ(configure({}), nullptr);
  EXPECT_EQ(configure({}), nullptr) << "the second worker says it too";
  EXPECT_EQ(policy.get(), nullptr);
  EXPECT_EQ(made->turned_off, 1);
  EXPECT_EQ(configure(3), made);
}

}  // namespace
}  // namespace skiff
