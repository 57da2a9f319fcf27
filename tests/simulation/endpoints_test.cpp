#include <cmath>

#include "tests/simulation/scenario.h"

// What balancing, zones, health checks and the retry of what was not read make of endpoints that
// fail.

namespace skiff {
namespace {

class Endpoints : public Scenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, Endpoints, testing::ValuesIn(seeds()), seed_name);

SimServiceSpec product(std::vector<std::string> zones) {
  return {.name = "product", .zones = std::move(zones), .work = Spread::lognormal(5ms, 0.5)};
}

HealthCheckConfig asked_each(Milliseconds interval) {
  HealthCheckConfig check;
  check.interval = interval;
  check.timeout = 200ms;
  return check;
}

TEST_P(Endpoints, OneThatRefusesConnectionsCostsNobodyAnAnswer) {
  Simulation simulation(seed());
  SimService& service = simulation.add(product({"", "", ""}));
  SimClient& client =
      simulation.add(SimClientSpec{.target = "product", .rate = 500, .method = "POST"});
  simulation.run_until(1s);
  // All that was under way then is lost, but nothing that comes after it.
  simulation.at(5s, [&] { service.instance(1).crash(); });
  simulation.run_until(20s);
  expect_sound(simulation);
  EXPECT_EQ(client.tallies().between(6s, 20s).success(), 1);
  EXPECT_GE(client.tallies().all().success(), 0.998);
  EXPECT_LE(service.most_executions(), 1) << "a POST was done twice";
}

TEST_P(Endpoints, ThatRestartOneAfterTheOtherAreHardlyNoticed) {
  Simulation simulation(seed());
  SimService& service = simulation.add(product({"", "", "", ""}));
  SimClient& client =
      simulation.add(SimClientSpec{.target = "product", .rate = 500, .method = "POST"});
  for (int i = 0; i < 4; ++i) {
    SimInstance& instance = service.instance(static_cast<std::size_t>(i));
    simulation.at(5s + i * 5s, [&] { instance.crash(); });
    simulation.at(8s + i * 5s, [&] { instance.start(); });
  }
  simulation.run_until(30s);
  expect_sound(simulation);
  EXPECT_GE(client.tallies().all().success(), 0.999);
  EXPECT_LE(service.most_executions(), 1);
}

TEST_P(Endpoints, OfAZoneThatIsGoneAreReplacedByThoseOfTheOther) {
  Simulation simulation(seed());
  SimService& service = simulation.add(product({"a", "a", "b", "b"}));
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 400, .zone = "a"});
  simulation.policy_of("product").health_check = asked_each(1000ms);
  simulation.at(10s, [&] {
    EXPECT_NEAR(share_of(service, 0) + share_of(service, 1), 1, 1e-9) << "its own zone only";
    service.instance(0).crash();
    service.instance(1).crash();
  });
  simulation.run_until(40s);
  expect_sound(simulation);
  EXPECT_EQ(client.tallies().between(14s, 40s).success(), 1);
}

TEST_P(Endpoints, BehindACutBetweenZonesAreLeftOutByTheirHealthChecks) {
  Simulation simulation(seed());
  simulation.add(product({"b", "b", "c", "c"}));
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 400, .zone = "a"});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.health_check = asked_each(1000ms);
  policy.timeouts.request = 1s;
  policy.timeouts.connect = 200ms;
  simulation.at(10s, [&] { simulation.cut("a", "b"); });
  simulation.at(40s, [&] { simulation.mend(); });
  simulation.run_until(60s);
  expect_sound(simulation);
  EXPECT_GT(client.tallies().between(10s, 13s).failed, 0) << "what is silent costs some";
  EXPECT_EQ(client.tallies().between(18s, 40s).success(), 1);
  EXPECT_EQ(client.tallies().between(45s, 60s).success(), 1);
}

TEST_P(Endpoints, AreAllUsedAgainWhenHealthChecksCondemnMost) {
  Simulation simulation(seed());
  SimService& service = simulation.add(product({"", "", "", ""}));
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 400});
  simulation.policy_of("product").health_check = asked_each(500ms);
  for (std::size_t i = 0; i < 3; ++i) {
    simulation.at(5s, [&, i] { service.instance(i).crash(); });
    simulation.at(15s, [&, i] { service.instance(i).start(); });
  }
  simulation.run_until(30s);
  expect_sound(simulation);
  // Three of four are down: all four are tried, and a retry finds the one in most cases.
  EXPECT_GT(client.tallies().between(7s, 15s).success(), 0.6);
  EXPECT_EQ(client.tallies().between(20s, 30s).success(), 1);
}

TEST_P(Endpoints, ThatAreSlowGetLessByTwoChoicesThanByTurns) {
  double slow_share[2];
  Duration p99[2];
  for (const bool by_turns : {false, true}) {
    Simulation simulation(seed());
    SimService& service = simulation.add(product({"", "", "", "", ""}));
    SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 1000});
    if (by_turns) {
      simulation.policy_of("product").load_balancing.algorithm =
          LoadBalancingConfig::Algorithm::round_robin;
    }
    service.instance(2).trouble().slower = 200ms;
    simulation.run_until(20s);
    expect_sound(simulation);
    slow_share[by_turns] = share_of(service, 2);
    p99[by_turns] = client.tallies().between(5s, 20s).latencies.quantile(0.99);
  }
  note_figure("without", slow_share[1]);
  note_figure("with", slow_share[0]);
  EXPECT_LT(slow_share[0], 0.01);
  EXPECT_NEAR(slow_share[1], 0.2, 0.01);
  EXPECT_LT(p99[0], 30ms);
  EXPECT_GT(p99[1], 200ms);
}

TEST_P(Endpoints, ThatAreNewAndColdAreSparedByASlowStart) {
  std::uint64_t first_second[2];
  for (const bool sparing : {true, false}) {
    Simulation simulation(seed());
    SimServiceSpec spec = product({"", "", ""});
    spec.warm_up = 10s;
    SimService& service = simulation.add(spec);
    simulation.add(SimClientSpec{.target = "product", .rate = 600});
    TrafficPolicy& policy = simulation.policy_of("product");
    policy.load_balancing.algorithm = LoadBalancingConfig::Algorithm::round_robin;
    if (sparing) policy.slow_start.window = 10s;
    simulation.at(20s, [&] {
      service.add_instance("").begin_cold();
      simulation.refresh();
    });
    simulation.run_until(21s);
    first_second[sparing] = service.instance(3).handled();
    simulation.run_until(40s);
    expect_sound(simulation);
    EXPECT_GT(service.instance(3).handled(), 1000) << "it ends with its share";
  }
  EXPECT_GT(first_second[false], 120);
  EXPECT_LT(first_second[true], 45) << "a tenth of its share, and a little more each moment";
}

TEST_P(Endpoints, ThatLeaveTheRegistryFinishWhatTheyHave) {
  Simulation simulation(seed());
  SimService& service = simulation.add(product({"", "", ""}));
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 500});
  std::uint64_t handled = 0;
  simulation.at(5s, [&] {
    service.instance(0).leave_registry();
    simulation.refresh();
    handled = service.instance(0).handled();
  });
  simulation.run_until(10s);
  expect_sound(simulation);
  EXPECT_LE(service.instance(0).handled(), handled + 10) << "but for what was on its way";
  EXPECT_EQ(client.tallies().all().success(), 1);
}

TEST_P(Endpoints, ThatHangHoldOnlyWhatTheyHaveUntilTheirHealthChecksFail) {
  Simulation simulation(seed());
  SimService& service = simulation.add(product({"", "", ""}));
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 300});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.timeouts.request = 1s;
  policy.health_check = asked_each(1000ms);
  simulation.at(10s, [&] { service.instance(0).hang(true); });
  simulation.at(30s, [&] { service.instance(0).hang(false); });
  simulation.run_until(50s);
  expect_sound(simulation);
  // Two choices by what is in flight: what does not answer gets little even before that.
  EXPECT_GT(client.tallies().between(10s, 15s).success(), 0.9);
  EXPECT_EQ(client.tallies().between(17s, 30s).success(), 1);
  EXPECT_EQ(client.tallies().between(32s, 50s).success(), 1);
}

// POST, so that nothing but what is provably unread may be sent again.
TEST_P(Endpoints, TheOnlyOneMayRestartUnnoticedWhereRequestsWaitForIt) {
  double success[2];
  for (const bool waits : {false, true}) {
    Simulation simulation(seed());
    SimService& service = simulation.add(product({""}));
    SimClient& client =
        simulation.add(SimClientSpec{.target = "product", .rate = 400, .method = "POST"});
    if (waits) simulation.policy_of("product").wait_for_ready.emplace();
    simulation.at(5s, [&] { service.instance(0).crash(); });
    simulation.at(5'200ms, [&] { service.instance(0).start(); });
    simulation.run_until(10s);
    expect_sound(simulation);
    EXPECT_LE(service.most_executions(), 1) << "a POST was done twice";
    // What was under way is lost, whoever waits.
    success[waits] = client.tallies().between(5s, 6s).success();
    EXPECT_EQ(client.tallies().between(6s, 10s).success(), 1);
  }
  note_figure("without", success[0]);
  note_figure("with", success[1]);
  EXPECT_LT(success[0], 0.95);
  EXPECT_GT(success[1], 0.98);
}

TEST_P(Endpoints, ThatAreAwayForLongAreWaitedForByFewAndNotForLong) {
  Simulation simulation(seed());
  SimService& service = simulation.add(product({"", "", ""}));
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 1000});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.wait_for_ready.emplace().max_waiting = 50;
  policy.retry.attempts = 0;
  for (const std::size_t i : {0U, 1U, 2U}) {
    simulation.at(5s, [&, i] { service.instance(i).crash(); });
    simulation.at(15s, [&, i] { service.instance(i).start(); });
  }
  std::uint64_t under_way = 0;
  simulation.at(14s, [&] { under_way = client.under_way(); });
  simulation.run_until(20s);
  expect_sound(simulation);
  EXPECT_LE(under_way, 60);
  const Tally away = client.tallies().between(6s, 14s);
  EXPECT_EQ(away.failed_by(ErrorKind::connect_failed), away.sent);
  EXPECT_LE(away.refusals.quantile(1), 275ms);
  EXPECT_EQ(client.tallies().between(16s, 20s).success(), 1);
}

// One at a time looks whether they are back, and what has waited comes bit by bit.
TEST_P(Endpoints, ThatComeBackAreNotFloodedByThoseThatWaited) {
  Simulation simulation(seed());
  SimServiceSpec spec = product({""});
  spec.concurrency = 16;
  SimService& service = simulation.add(spec);
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 1500});
  simulation.policy_of("product").wait_for_ready.emplace().max_wait = 1s;
  simulation.at(5s, [&] { service.instance(0).crash(); });
  simulation.at(5'500ms, [&] { service.instance(0).start(); });
  simulation.run_until(15s);
  expect_sound(simulation);
  const Tally away = client.tallies().between(5s, 6s);
  EXPECT_GT(away.success(), 0.98) << "all but what was under way";
  EXPECT_LT(away.latencies.quantile(1), 1'500ms);
}

TEST_P(Endpoints, NoneAtAllIsSaidAtOnce) {
  Simulation simulation(seed());
  SimService& service = simulation.add(product({""}));
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 100});
  simulation.at(5s, [&] {
    service.instance(0).leave_registry();
    simulation.refresh();
  });
  simulation.run_until(10s);
  expect_sound(simulation);
  const Tally after = client.tallies().between(6s, 10s);
  EXPECT_EQ(after.failed_by(ErrorKind::no_endpoint), after.sent);
  EXPECT_LT(after.refusals.quantile(0.99), 1ms);
}

// All that are drawn by weight, within five standard deviations of their share.
TEST_P(Endpoints, GetTheirShareByWeight) {
  Simulation simulation(seed());
  SimServiceSpec spec = product({});
  const std::vector<std::uint32_t> weights = {1, 2, 5, 12};
  std::uint32_t sum = 0;
  for (const std::uint32_t weight : weights) {
    spec.endpoints.push_back(
        {.address = "product-" + std::to_string(weight), .weight = weight, .zone = ""});
    sum += weight;
  }
  SimService& service = simulation.add(spec);
  simulation.add(SimClientSpec{.target = "product", .rate = 1000});
  simulation.policy_of("product").load_balancing.algorithm = LoadBalancingConfig::Algorithm::random;
  simulation.run_until(20s);
  expect_sound(simulation);
  const auto all = static_cast<double>(handled_by_all(service));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double share = static_cast<double>(weights[i]) / sum;
    EXPECT_NEAR(static_cast<double>(service.instance(i).handled()), all * share,
                5 * std::sqrt(all * share * (1 - share)));
  }
}

TEST_P(Endpoints, OfTheOwnZoneAreEnoughUntilTooFewAreLeft) {
  Simulation simulation(seed());
  SimService& service = simulation.add(product({"a", "a", "a", "a", "b", "b", "b", "b"}));
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 400, .zone = "a"});
  simulation.policy_of("product").health_check = asked_each(500ms);
  const auto in_other_zone = [&] {
    std::uint64_t sum = 0;
    for (std::size_t i = 4; i < 8; ++i) sum += service.instance(i).handled();
    return sum;
  };
  std::uint64_t before = 0;
  simulation.at(5s, [&] { service.instance(0).crash(); });
  simulation.at(15s, [&] { before = in_other_zone(); });
  simulation.at(15s, [&] { service.instance(1).crash(); });
  simulation.run_until(30s);
  expect_sound(simulation);
  EXPECT_LE(before, 10) << "three of four are enough; but for retries";
  const double share = static_cast<double>(in_other_zone() - before) / (15.0 * 400);
  note_figure("other_zone", share);
  EXPECT_GT(share, 0.4) << "two of four are not";
  EXPECT_EQ(client.tallies().between(18s, 30s).success(), 1);
}

TEST_P(Endpoints, ThatCannotBeReachedAreGivenUpWithinTheConnectTimeout) {
  Simulation simulation(seed());
  simulation.add(product({"b", "b"}));
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 200, .zone = "a"});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.timeouts.connect = 100ms;
  policy.retry.attempts = 0;
  simulation.cut("a", "b");
  simulation.at(10s, [&] { simulation.mend(); });
  simulation.run_until(20s);
  expect_sound(simulation);
  const Tally cut = client.tallies().between(0s, 9s);
  EXPECT_EQ(cut.failed_by(ErrorKind::timeout_connect), cut.sent);
  EXPECT_LE(cut.refusals.quantile(1), 110ms);
  EXPECT_EQ(client.tallies().between(11s, 20s).success(), 1);
}

TEST_P(Endpoints, ThatHangHoldNobodyLongerThanTheTimeout) {
  std::uint64_t in_flight[2];
  for (const bool limited : {false, true}) {
    Simulation simulation(seed());
    SimService& service = simulation.add(product({"", ""}));
    SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 300});
    TimeoutsConfig& timeouts = simulation.policy_of("product").timeouts;
    timeouts.request = limited ? 300ms : 0ms;
    for (const std::size_t i : {0U, 1U}) {
      simulation.at(5s, [&, i] { service.instance(i).hang(true); });
      simulation.at(25s, [&, i] { service.instance(i).hang(false); });
    }
    simulation.run_until(24s);
    in_flight[limited] = client.under_way();
    simulation.run_until(30s);
    expect_sound(simulation);
    EXPECT_LE(client.tallies().all().refusals.quantile(1), limited ? 330ms : 0ms);
  }
  note_figure("without", static_cast<double>(in_flight[false]));
  note_figure("with", static_cast<double>(in_flight[true]));
  EXPECT_GT(in_flight[false], 5'000);
  EXPECT_LT(in_flight[true], 150);
}

}  // namespace
}  // namespace skiff
