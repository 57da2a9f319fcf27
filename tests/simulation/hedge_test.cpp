#include "tests/simulation/scenario.h"

// What retries and hedged attempts add up to, whatever goes wrong.

namespace skiff {
namespace {

class RetriesAndHedges : public Scenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, RetriesAndHedges, testing::ValuesIn(seeds()), seed_name);

using Condition = RetryConfig::Condition;

// What the default budget allows on top of so many requests within `time`: a fifth of them, and
// ten for each second; what came within one window may be spent in the next one.
double with_retries(double requests, Duration time) {
  return requests * 1.2 + 10 * std::chrono::duration<double>(time + 10s).count();
}

void break_all(SimService& service, double share) {
  for (const auto& instance : service.instances()) instance->trouble().errors = {share};
}

TEST_P(RetriesAndHedges, ABrownoutCostsNoMoreThanTheBudget) {
  Simulation simulation(seed());
  simulation.add(SimServiceSpec{.name = "product", .zones = {"a", "a"}});
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 500});
  simulation.policy_of("product").retry.conditions = {Condition::server_error};
  break_all(simulation.service("product"), 1);
  simulation.run_until(20s);
  expect_sound(simulation);
  const Tally all = client.tallies().all();
  const auto sent = static_cast<double>(all.sent);
  EXPECT_EQ(all.attempts, simulation.service("product").arrivals);
  EXPECT_LE(static_cast<double>(all.attempts), with_retries(sent, 20s));
  EXPECT_GT(static_cast<double>(all.attempts), 1.15 * sent) << "what is allowed is done";
}

TEST_P(RetriesAndHedges, HopsDoNotMultiply) {
  Simulation simulation(seed());
  simulation.add(SimServiceSpec{.name = "stock"});
  simulation.add(SimServiceSpec{.name = "product", .calls = {{"stock"}}});
  simulation.add(SimServiceSpec{.name = "order", .calls = {{"product"}}});
  SimClient& client = simulation.add(SimClientSpec{.target = "order", .rate = 500});
  for (const char* each : {"order", "product", "stock"}) {
    simulation.policy_of(each).retry.conditions = {Condition::server_error};
  }
  break_all(simulation.service("stock"), 1);
  simulation.run_until(20s);
  expect_sound(simulation);
  const auto sent = static_cast<double>(client.tallies().all().sent);
  const double most = with_retries(with_retries(with_retries(sent, 20s), 20s), 20s);
  EXPECT_LE(static_cast<double>(simulation.service("stock").arrivals), most);
}

TEST_P(RetriesAndHedges, ExecutesAPostAtMostOnce) {
  Simulation simulation(seed());
  simulation.add(SimServiceSpec{.name = "product", .zones = {"a", "a", "a"}});
  SimClient& client =
      simulation.add(SimClientSpec{.target = "product", .rate = 200, .method = "POST"});
  RetryConfig& retry = simulation.policy_of("product").retry;
  retry.conditions = {Condition::server_error, Condition::reset, Condition::per_try_timeout};
  retry.hedging = HedgingConfig{};
  simulation.policy_of("product").timeouts.request = 2s;
  SimService& product = simulation.service("product");
  simulation.at(1s, [&] { product.instance(0).trouble().resets = {0.5}; });
  simulation.at(2s, [&] { product.instance(1).trouble().errors = {0.5}; });
  simulation.at(3s, [&] { product.instance(2).crash(); });
  simulation.at(4s, [&] { product.instance(1).hang(true); });
  simulation.at(5s, [&] { product.instance(2).start(); });
  simulation.run_until(8s);
  expect_sound(simulation);
  EXPECT_EQ(product.most_executions(), 1U);
  EXPECT_GT(client.tallies().all().failed, 10U) << "or nothing went wrong";
}

TEST_P(RetriesAndHedges, SavesMostReadsFromABackendThatResets) {
  std::uint64_t failed[2];
  for (const bool retries : {false, true}) {
    Simulation simulation(seed());
    simulation.add(SimServiceSpec{.name = "product", .zones = {"a", "a", "a"}});
    SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 300});
    simulation.policy_of("product").load_balancing.algorithm =
        LoadBalancingConfig::Algorithm::random;
    if (retries) simulation.policy_of("product").retry.conditions = {Condition::reset};
    simulation.service("product").instance(0).trouble().resets = {0.5};
    simulation.run_until(10s);
    expect_sound(simulation);
    failed[retries ? 1 : 0] = client.tallies().all().failed;
  }
  EXPECT_GT(failed[0], 20U);
  EXPECT_LT(failed[1], failed[0] / 10);
}

TEST_P(RetriesAndHedges, HedgesCutTheTailOfOneSlowInstance) {
  Duration slowest[2];
  for (const bool hedges : {false, true}) {
    Simulation simulation(seed());
    simulation.add(SimServiceSpec{.name = "product",
                                  .zones = std::vector<std::string>(10, "a"),
                                  .work = Spread::lognormal(5ms, 0.3),
                                  .notices_cancel = true});
    SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 300});
    TrafficPolicy& policy = simulation.policy_of("product");
    policy.load_balancing.algorithm = LoadBalancingConfig::Algorithm::random;
    if (hedges) policy.retry.hedging = HedgingConfig{.quantile = Ratio{0.85}};
    simulation.service("product").instance(0).trouble().slower = 300ms;
    simulation.run_until(15s);
    expect_sound(simulation);
    slowest[hedges ? 1 : 0] = client.tallies().between(2s, 15s).latencies.quantile(0.99);
    const Tally all = client.tallies().all();
    EXPECT_LE(static_cast<double>(all.attempts), with_retries(static_cast<double>(all.sent), 15s));
  }
  EXPECT_GT(slowest[0], 250ms);
  EXPECT_LT(slowest[1], 100ms);
}

}  // namespace
}  // namespace skiff
