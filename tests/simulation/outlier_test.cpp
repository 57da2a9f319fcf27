#include "tests/simulation/scenario.h"

// Endpoints that fail while others work, and how soon nobody calls them any more.

namespace skiff {
namespace {

class Outliers : public Scenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, Outliers, testing::ValuesIn(seeds()), seed_name);

// Five endpoints by turns, so that nothing but an ejection avoids one, asked 500 times a second.
SimClient& add_five(Simulation& simulation, bool ejects) {
  simulation.add(SimServiceSpec{.name = "product", .zones = {"", "", "", "", ""}});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.load_balancing.algorithm = LoadBalancingConfig::Algorithm::round_robin;
  if (ejects) {
    policy.outlier_ejection.emplace();
    policy.outlier_ejection->base_ejection_time = 10'000ms;
  }
  return simulation.add(SimClientSpec{.target = "product", .rate = 500});
}

TEST_P(Outliers, ThatAnswerNothingButErrorsAreLeftOut) {
  double success[2];
  for (const bool ejects : {false, true}) {
    Simulation simulation(seed());
    SimClient& client = add_five(simulation, ejects);
    SimInstance& bad = simulation.service("product").instance(3);
    simulation.at(10s, [&] { bad.trouble().errors = {1}; });
    simulation.run_until(40s);
    expect_sound(simulation);
    success[ejects] = client.tallies().between(10s, 39s).success();
  }
  note_figure("without", success[false]);
  note_figure("with", success[true]);
  EXPECT_NEAR(success[false], 0.8, 0.02);
  EXPECT_GE(success[true], 0.998) << "five failures each time that it is tried again";
}

TEST_P(Outliers, ThatFailMoreOftenThanTheOthersAreLeftOut) {
  double success[2];
  for (const bool ejects : {false, true}) {
    Simulation simulation(seed());
    SimClient& client = add_five(simulation, ejects);
    if (ejects) simulation.policy_of("product").outlier_ejection->consecutive_failures = 0;
    SimInstance& bad = simulation.service("product").instance(1);
    simulation.at(10s, [&] { bad.trouble().errors = {0.3}; });
    simulation.run_until(60s);
    expect_sound(simulation);
    success[ejects] = client.tallies().between(21s, 59s).success();
  }
  note_figure("without", success[false]);
  note_figure("with", success[true]);
  EXPECT_NEAR(success[false], 0.94, 0.02);
  EXPECT_GE(success[true], 0.965);
}

TEST_P(Outliers, AreNeverMoreThanThePolicyAllows) {
  Simulation simulation(seed());
  SimClient& client = add_five(simulation, true);
  SimService& service = simulation.service("product");
  for (std::size_t i = 0; i < 4; ++i) {
    simulation.at(5s, [&service, i] { service.instance(i).trouble().errors = {1}; });
  }
  std::vector<std::uint64_t> before;
  simulation.at(8s, [&] {
    for (const auto& each : service.instances()) before.push_back(each->handled());
  });
  simulation.run_until(11s);
  std::size_t used = 0;
  for (std::size_t i = 0; i < 5; ++i) {
    if (service.instance(i).handled() > before[i] + 100) ++used;
  }
  expect_sound(simulation);
  note_figure("used", static_cast<double>(used));
  EXPECT_GE(used, 3U) << "at least half of them stay";
  EXPECT_LE(used, 4U);
  EXPECT_GT(client.tallies().between(8s, 10s).success(), 0.24) << "better than by turns of all";
}

TEST_P(Outliers, GetTheirShareAgainWhenTheyAreWell) {
  Simulation simulation(seed());
  SimClient& client = add_five(simulation, true);
  SimInstance& bad = simulation.service("product").instance(0);
  simulation.at(5s, [&] { bad.trouble().errors = {1}; });
  simulation.at(8s, [&] { bad.trouble().errors = {0}; });
  std::uint64_t ejected = 0;
  std::uint64_t returned = 0;
  simulation.at(8s, [&] { ejected = bad.handled(); });
  simulation.at(14s, [&] { EXPECT_LE(bad.handled(), ejected + 5) << "for ten seconds"; });
  simulation.at(30s, [&] { returned = bad.handled(); });
  simulation.run_until(40s);
  const double share = static_cast<double>(bad.handled() - returned) /
                       static_cast<double>(client.tallies().between(30s, 40s).sent);
  expect_sound(simulation);
  note_figure("share", share);
  EXPECT_NEAR(share, 0.2, 0.02);
}

}  // namespace
}  // namespace skiff
