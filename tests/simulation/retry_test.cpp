#include <algorithm>

#include "tests/simulation/scenario.h"

// What is sent again, and what keeps that from becoming a storm.

namespace skiff {
namespace {

class Retries : public Scenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, Retries, testing::ValuesIn(seeds()), seed_name);

using Condition = RetryConfig::Condition;

RetryConfig retries_of(Condition condition) {
  RetryConfig config;
  config.conditions = {condition};
  return config;
}

RetryBudgetConfig without_limit() {
  RetryBudgetConfig budget;
  budget.min_per_second = 1'000'000;
  return budget;
}

// How many attempts reach the last of three hops for each request, while it fails.
double storm(Simulation& simulation, const RetryConfig& retries) {
  SimService& stock = simulation.add(SimServiceSpec{.name = "stock"});
  simulation.add(SimServiceSpec{.name = "product", .concurrency = 10'000, .calls = {{"stock"}}});
  simulation.add(SimServiceSpec{.name = "order", .concurrency = 10'000, .calls = {{"product"}}});
  SimClient& client = simulation.add(SimClientSpec{.target = "order", .rate = 300});
  for (const char* target : {"order", "product", "stock"}) {
    simulation.policy_of(target).retry = retries;
  }
  std::uint64_t before = 0;
  simulation.at(10s, [&] { stock.instance(0).trouble().errors = {1}; });
  simulation.at(10s, [&] { before = stock.arrivals; });
  simulation.run_until(30s);
  const std::uint64_t reached = stock.arrivals - before;
  stock.instance(0).trouble().errors = {0};
  simulation.run_until(40s);
  EXPECT_EQ(client.tallies().between(33s, 39s).success(), 1);
  return static_cast<double>(reached) /
         static_cast<double>(client.tallies().between(10s, 30s).sent);
}

TEST_P(Retries, OverThreeHopsAreNoStormWithinABudget) {
  RetryConfig unbounded = retries_of(Condition::gateway_error);
  unbounded.budget = without_limit();
  unbounded.retry_retried = true;
  const RetryConfig by_default = retries_of(Condition::gateway_error);
  RetryConfig tight = by_default;
  tight.budget.ratio = {0.05};
  tight.budget.min_per_second = 1;
  const RetryConfig all[] = {unbounded, by_default, tight};
  double amplification[3];
  for (int i = 0; i < 3; ++i) {
    Simulation simulation(seed());
    amplification[i] = storm(simulation, all[i]);
    expect_sound(simulation);
  }
  note_figure("without", amplification[0]);
  note_figure("by_default", amplification[1]);
  note_figure("with", amplification[2]);
  EXPECT_GT(amplification[0], 3);
  EXPECT_LE(amplification[1], 1.8);
  EXPECT_LE(amplification[2], 1.2);
}

TEST_P(Retries, MakeUpForErrorsThatPass) {
  double success[2];
  for (const std::uint32_t attempts : {0U, 2U}) {
    Simulation simulation(seed());
    SimService& service = simulation.add(SimServiceSpec{.name = "product", .zones = {"", ""}});
    SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 200});
    simulation.policy_of("product").retry = retries_of(Condition::gateway_error);
    simulation.policy_of("product").retry.attempts = attempts;
    for (const auto& each : service.instances()) each->trouble().errors = {0.05};
    simulation.run_until(30s);
    expect_sound(simulation);
    success[attempts / 2] = client.tallies().all().success();
  }
  note_figure("without", success[0]);
  note_figure("with", success[1]);
  EXPECT_LT(success[0], 0.97);
  EXPECT_GE(success[1], 0.999);
}

TEST_P(Retries, NeverRepeatAPostThatMayHaveBeenRead) {
  struct Result {
    double success;
    std::uint32_t executions;
  };
  const auto run = [&](std::string_view method, bool key) {
    Simulation simulation(seed());
    SimService& service = simulation.add(SimServiceSpec{.name = "product"});
    SimClient& client = simulation.add(
        SimClientSpec{.target = "product", .rate = 200, .method = method, .idempotency_key = key});
    simulation.policy_of("product").retry = retries_of(Condition::reset);
    service.instance(0).trouble().resets = {0.05};
    simulation.run_until(20s);
    expect_sound(simulation);
    return Result{client.tallies().all().success(), service.most_executions()};
  };
  const Result post = run("POST", false);
  EXPECT_NEAR(post.success, 0.95, 0.02);
  EXPECT_EQ(post.executions, 1U) << "a POST was done twice";
  const Result keyed = run("POST", true);
  EXPECT_GE(keyed.success, 0.998);
  EXPECT_GT(keyed.executions, 1U);
  EXPECT_GE(run("GET", false).success, 0.998);
  note_figure("without", post.success);
  note_figure("with", keyed.success);
}

// By turns, so that nothing but the retry avoids the one that is bad.
SimClient& one_of_four_is_bad(Simulation& simulation, std::uint32_t attempts) {
  simulation.add(SimServiceSpec{.name = "product", .zones = {"", "", "", ""}});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.load_balancing.algorithm = LoadBalancingConfig::Algorithm::round_robin;
  policy.retry.attempts = attempts;
  return simulation.add(SimClientSpec{.target = "product", .rate = 40});
}

TEST_P(Retries, GoToAnotherEndpoint) {
  double success[2];
  for (const std::uint32_t attempts : {0U, 1U}) {
    Simulation simulation(seed());
    SimClient& client = one_of_four_is_bad(simulation, attempts);
    simulation.policy_of("product").retry.conditions = {Condition::gateway_error};
    simulation.service("product").instance(2).trouble().errors = {1};
    simulation.run_until(30s);
    expect_sound(simulation);
    success[attempts] = client.tallies().all().success();
  }
  note_figure("without", success[0]);
  note_figure("with", success[1]);
  EXPECT_NEAR(success[0], 0.75, 0.02);
  EXPECT_EQ(success[1], 1);
}

TEST_P(Retries, LeaveAnEndpointThatHangsAfterTheTimeOfOneTry) {
  double success[2];
  Duration p99{};
  for (const std::uint32_t attempts : {0U, 1U}) {
    Simulation simulation(seed());
    SimClient& client = one_of_four_is_bad(simulation, attempts);
    TrafficPolicy& policy = simulation.policy_of("product");
    policy.timeouts.request = 1s;
    policy.timeouts.per_try = 100ms;
    policy.retry.conditions = {Condition::per_try_timeout};
    simulation.at(5s, [&] { simulation.service("product").instance(2).hang(true); });
    simulation.at(25s, [&] { simulation.service("product").instance(2).hang(false); });
    simulation.run_until(25s);
    expect_sound(simulation);
    const Tally hung = client.tallies().between(6s, 24s);
    success[attempts] = hung.success();
    p99 = hung.latencies.quantile(0.99);
  }
  note_figure("without", success[0]);
  note_figure("with", success[1]);
  EXPECT_NEAR(success[0], 0.75, 0.05);
  EXPECT_EQ(success[1], 1);
  EXPECT_LE(p99, 180ms) << "one try, a pause, and the other";
}

// What went out through one sidecar since the start.
struct SentSoFar {
  std::uint64_t requests = 0;
  std::uint64_t retries = 0;
};

TEST_P(Retries, AreWithinTheBudgetInEveryWindow) {
  Simulation simulation(seed());
  SimService& service = simulation.add(SimServiceSpec{.name = "product"});
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 200});
  simulation.policy_of("product").retry = retries_of(Condition::gateway_error);
  Random random(seed());
  for (int second = 0; second < 120; ++second) {
    const double errors = random.unit() < 0.3 ? 0 : random.unit();
    const double rate = random.unit() < 0.2 ? 0 : 1 + 400 * random.unit();
    simulation.at(second * 1s, [&service, &client, errors, rate] {
      service.instance(0).trouble().errors = {errors};
      client.set_rate(rate);
    });
  }
  std::vector<SentSoFar> sent;  // Each 10ms.
  for (Duration when{}; when < 120s; when += 10ms) {
    simulation.at(when, [&] {
      const SimSent now = client.sent()["product"];
      sent.push_back({now.attempts - now.retries, now.retries});
    });
  }
  simulation.run_until(120s);
  expect_sound(simulation);
  constexpr std::size_t window = 1'000;  // Of 10ms.
  double most = 0;
  for (std::size_t end = window; end < sent.size(); ++end) {
    // The promise is for windows that end with a retry.
    if (sent[end].retries == sent[end - 1].retries) continue;
    const auto requests = static_cast<double>(sent[end].requests - sent[end - window].requests);
    const auto retries = static_cast<double>(sent[end].retries - sent[end - window].retries);
    // What was sent within 10ms may lie on either side of an end.
    ASSERT_LE(retries, 0.2 * requests + 100 + 10) << "in 10s before " << end << " times 10ms";
    most = std::max(most, retries / (0.2 * requests + 100));
  }
  note_figure("most_of_budget", most);
  EXPECT_GT(most, 0.8) << "it was used";
}

}  // namespace
}  // namespace skiff
