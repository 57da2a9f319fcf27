#include "sidecar/app/direct_targets.h"

#include "tests/support/target_fixture.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::Test;

class DirectTargetsTest : public test::TargetFixture {
 protected:
  // A call to the target of `address`, which is asked for where it is needed.
  Call& call(const std::string& address, std::uint64_t generation = 1) {
    Call& made = make_call();
    const auto spec = [&] {
      ++specs;
      TargetSpec said;
      said.name = "endpoint " + address;
      said.policy.retry.attempts = 0;
      if (!nowhere) said.endpoints = std::vector<EndpointSpec>{{address, 1, {}}};
      return said;
    };
    targets.forward(key.empty() ? address : key, generation, spec, made.exchange, made.reply);
    return made;
  }

  static void end(Call& call) { call.exchange.finish({}); }

  DirectTargets targets{context};
  std::string key;  // Empty: the address.
  bool nowhere = false;
  int specs = 0;
};

TEST_F(DirectTargetsTest, MakesATargetWhenItIsFirstMeant) {
  Call& first = call("10.0.0.1:80");
  call("10.0.0.1:80");
  EXPECT_EQ(specs, 1);
  EXPECT_EQ(targets.size(), 1u);
  EXPECT_EQ(first.exchange.marks.target, "endpoint 10.0.0.1:80");
  call("10.0.0.2:80");
  EXPECT_EQ(targets.size(), 2u);
  EXPECT_EQ(dialed, (std::vector<std::string>{"10.0.0.1:80", "10.0.0.1:80", "10.0.0.2:80"}));
  turn();
  ASSERT_EQ(first.reply.errors.size(), 1u);
  EXPECT_EQ(first.reply.errors[0].kind, ErrorKind::connect_failed);
}

TEST_F(DirectTargetsTest, AsksAgainWhatATargetIsInAnotherGeneration) {
  key = "the one";
  call("10.0.0.1:80", 1);
  call("10.0.0.2:80", 1);
  call("10.0.0.2:80", 2);
  call("10.0.0.3:80", 2);
  EXPECT_EQ(specs, 2);
  EXPECT_EQ(targets.size(), 1u);
  EXPECT_EQ(dialed,
            (std::vector<std::string>{"10.0.0.1:80", "10.0.0.1:80", "10.0.0.2:80", "10.0.0.2:80"}));
}

TEST_F(DirectTargetsTest, ForgetsWhatNothingUsedForAWhile) {
  nowhere = true;
  end(call("10.0.0.1:80"));
  pass(DirectTargets::kept - 1s);
  EXPECT_EQ(targets.size(), 1u);
  end(call("10.0.0.2:80"));
  pass(10s);
  EXPECT_EQ(targets.size(), 1u) << "the second is young";
  pass(DirectTargets::kept);
  EXPECT_EQ(targets.size(), 0u);
  end(call("10.0.0.1:80"));
  EXPECT_EQ(specs, 3) << "it is made anew";
}

TEST_F(DirectTargetsTest, KeepsWhatIsInUseHoweverLong) {
  nowhere = true;
  Call& long_one = call("10.0.0.1:80");
  pass(DirectTargets::kept);
  pass(DirectTargets::kept);
  EXPECT_EQ(targets.size(), 1u);
  end(long_one);
  pass(DirectTargets::kept);
  pass(DirectTargets::kept);
  EXPECT_EQ(targets.size(), 0u);
}

TEST_F(DirectTargetsTest, RefusesMoreThanItsMost) {
  nowhere = true;
  for (std::size_t i = 0; i < DirectTargets::most; ++i) end(call(std::to_string(i)));
  Call& refused = call("one more");
  ASSERT_EQ(refused.reply.errors.size(), 1u);
  EXPECT_EQ(refused.reply.errors[0].kind, ErrorKind::overload);
  EXPECT_EQ(targets.size(), DirectTargets::most);
  EXPECT_EQ(call("0").reply.errors[0].kind, ErrorKind::no_endpoint) << "known ones still go";
}

}  // namespace
}  // namespace skiff
