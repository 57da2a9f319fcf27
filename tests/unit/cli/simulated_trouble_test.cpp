#include "cli/simulated_trouble.h"

#include <gtest/gtest.h>

namespace skiff {
namespace {

using namespace std::chrono_literals;
using Kind = SimulatedTrouble::Kind;

TEST(SimulatedTrouble, SaysWhomAndWhen) {
  const auto trouble = parse_trouble(Kind::kill, "product@10s");
  ASSERT_TRUE(trouble);
  EXPECT_EQ(trouble->service, "product");
  EXPECT_EQ(trouble->part, "");
  EXPECT_EQ(trouble->from, 10s);
  EXPECT_FALSE(trouble->until);
  EXPECT_EQ(to_text(*trouble), "product is killed");
}

TEST(SimulatedTrouble, EndsAfterAWhileOrAtATime) {
  EXPECT_EQ(parse_trouble(Kind::hang, "product.shop@10s+5s")->until, 15s);
  EXPECT_EQ(parse_trouble(Kind::hang, "product.shop@10s-12s")->until, 12s);
  EXPECT_FALSE(parse_trouble(Kind::hang, "product@10s-12s+5s")) << "one of both";
  EXPECT_FALSE(parse_trouble(Kind::hang, "product@10s-10s")) << "no time at all";
}

TEST(SimulatedTrouble, MayMeanOneEndpointOrAZone) {
  EXPECT_EQ(parse_trouble(Kind::kill, "product/2@1s")->part, "2");
  EXPECT_EQ(to_text(*parse_trouble(Kind::hang, "product/west@1s")), "product/west hangs");
  EXPECT_FALSE(parse_trouble(Kind::kill, "product/@1s"));
}

TEST(SimulatedTrouble, SaysHowMuch) {
  const auto slow = parse_trouble(Kind::slow, "product@10s-20s+200ms");
  ASSERT_TRUE(slow);
  EXPECT_EQ(slow->slower, 200ms);
  EXPECT_EQ(slow->until, 20s);
  EXPECT_EQ(to_text(*slow), "product takes 200ms longer");
  EXPECT_FALSE(parse_trouble(Kind::slow, "product@10s")) << "by how much?";

  const auto errors = parse_trouble(Kind::errors, "product@10s=30%");
  ASSERT_TRUE(errors);
  EXPECT_EQ(errors->errors, Ratio{0.3});
  EXPECT_EQ(to_text(*errors), "product answers 30% with 503");
  EXPECT_FALSE(parse_trouble(Kind::errors, "product@10s"));
  EXPECT_FALSE(parse_trouble(Kind::errors, "product@10s=3"));
}

TEST(SimulatedTrouble, RefusesWhatIsNotOfItsForm) {
  for (const char* text : {"", "@10s", "product", "product@", "product@10", "product@s",
                           "product@10s+", "product@10s+0s", "product@10s+5", "product@-5s"}) {
    EXPECT_FALSE(parse_trouble(Kind::kill, text)) << text;
  }
}

TEST(SimulatedTrouble, BefallsThoseThatItMeans) {
  Simulation simulation(1);
  SimService& service = simulation.add(SimServiceSpec{.name = "product", .zones = {"a", "b", "b"}});
  EXPECT_TRUE(plan_trouble(simulation, service, *parse_trouble(Kind::kill, "product/1@1s+1s")));
  EXPECT_TRUE(plan_trouble(simulation, service, *parse_trouble(Kind::hang, "product/b@1s")));
  EXPECT_FALSE(plan_trouble(simulation, service, *parse_trouble(Kind::kill, "product/4@1s")));
  EXPECT_FALSE(plan_trouble(simulation, service, *parse_trouble(Kind::kill, "product/c@1s")));
  simulation.run_until(1500ms);
  EXPECT_TRUE(service.instance(0).trouble().down);
  EXPECT_FALSE(service.instance(0).trouble().hung);
  EXPECT_TRUE(service.instance(1).trouble().hung);
  EXPECT_TRUE(service.instance(2).trouble().hung);
  simulation.run_until(2500ms);
  EXPECT_FALSE(service.instance(0).trouble().down);
}

}  // namespace
}  // namespace skiff
