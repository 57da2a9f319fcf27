#include "tests/simulation/scenario.h"

// Targets that fail, hang and come back, and what a circuit breaker spares everybody.

namespace skiff {
namespace {

class Breakers : public Scenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, Breakers, testing::ValuesIn(seeds()), seed_name);

CircuitBreakerConfig breaker() {
  CircuitBreakerConfig config;
  config.wait_duration_in_open_state = 2'000ms;
  return config;
}

CircuitBreakerConfig breaker_of_slow_calls(Milliseconds threshold) {
  CircuitBreakerConfig config = breaker();
  config.slow_call_duration_threshold = threshold;
  config.slow_call_rate_threshold = {0.5};
  return config;
}

// When it first changed so at or after `from`; the end of all time: it did not.
Duration first_change(const Simulation& simulation, const std::string& change, Duration from = 0s) {
  for (const SimEvent& event : simulation.events()) {
    if (event.at >= from && event.what.find(change) != event.what.npos) return event.at;
  }
  return Duration::max();
}

std::size_t changes(const Simulation& simulation, const std::string& change) {
  std::size_t count = 0;
  for (const SimEvent& event : simulation.events()) {
    if (event.what.find(change) != event.what.npos) ++count;
  }
  return count;
}

TEST_P(Breakers, OpenWithinTwoSlowThresholdsOfATotalHang) {
  Duration refused_within[2];
  for (const bool protects : {false, true}) {
    Simulation simulation(seed());
    SimService& service = simulation.add(SimServiceSpec{.name = "product", .zones = {"", ""}});
    SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 200});
    TrafficPolicy& policy = simulation.policy_of("product");
    policy.timeouts.request = 5s;
    if (protects) policy.circuit_breaker = breaker_of_slow_calls(500ms);
    simulation.at(10s, [&] {
      for (const auto& each : service.instances()) each->hang(true);
    });
    simulation.at(40s, [&] {
      for (const auto& each : service.instances()) each->hang(false);
    });
    simulation.run_until(60s);
    expect_sound(simulation);
    refused_within[protects] = client.tallies().between(12s, 40s).refusals.quantile(0.5);
    if (!protects) continue;
    const Duration opened = first_change(simulation, "closed -> open") - 10s;
    note_figure("opened_after", std::chrono::duration<double>(opened).count());
    EXPECT_LE(opened, 1s);
    EXPECT_GE(client.tallies().between(55s, 60s).success(), 1);
  }
  note_figure("without", std::chrono::duration<double>(refused_within[false]).count());
  note_figure("with", std::chrono::duration<double>(refused_within[true]).count());
  EXPECT_GT(refused_within[false], 4s) << "all wait for all of their time";
  EXPECT_LT(refused_within[true], 1ms);
}

TEST_P(Breakers, SpareATargetThatIsDown) {
  std::uint64_t reached[2];
  for (const bool protects : {false, true}) {
    Simulation simulation(seed());
    SimService& service = simulation.add(SimServiceSpec{.name = "product"});
    SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 200});
    if (protects) simulation.policy_of("product").circuit_breaker = breaker();
    std::uint64_t before = 0;
    std::uint64_t after = 0;
    simulation.at(10s, [&] { service.instance(0).trouble().errors = {1}; });
    simulation.at(10s, [&] { before = service.arrivals; });
    simulation.at(40s, [&] { after = service.arrivals; });
    simulation.at(40s, [&] { service.instance(0).trouble().errors = {0}; });
    simulation.run_until(80s);
    expect_sound(simulation);
    reached[protects] = after - before;
    EXPECT_GE(client.tallies().between(75s, 80s).success(), 1);
    EXPECT_EQ(changes(simulation, "half_open -> open") >= 2, protects);
  }
  note_figure("without", static_cast<double>(reached[false]));
  note_figure("with", static_cast<double>(reached[true]));
  EXPECT_GT(reached[false], 5'000U);
  EXPECT_LT(reached[true], 150U) << "what opened it, and some trials";
}

TEST_P(Breakers, OpenOnlyAboveTheirThreshold) {
  Simulation simulation(seed());
  SimService& service = simulation.add(SimServiceSpec{.name = "product"});
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 200});
  CircuitBreakerConfig config = breaker();
  config.sliding_window_size = 200;
  simulation.policy_of("product").circuit_breaker = config;
  simulation.at(10s, [&] { service.instance(0).trouble().errors = {0.3}; });
  simulation.at(40s, [&] { service.instance(0).trouble().errors = {0.75}; });
  simulation.run_until(50s);
  expect_sound(simulation);
  EXPECT_NEAR(client.tallies().between(10s, 40s).success(), 0.7, 0.05);
  const Duration opened = first_change(simulation, "closed -> open");
  EXPECT_GE(opened, 40s);
  EXPECT_LE(opened, 42s);
}

TEST_P(Breakers, OfWhatIsNotNeededKeepTheRestQuick) {
  Duration median[2];
  for (const bool protects : {false, true}) {
    Simulation simulation(seed());
    SimService& hung = simulation.add(SimServiceSpec{.name = "recommendations"});
    simulation.add(SimServiceSpec{
        .name = "order", .concurrency = 1'000, .calls = {{"recommendations", false}}});
    SimClient& client = simulation.add(SimClientSpec{.target = "order", .rate = 200});
    TrafficPolicy& policy = simulation.policy_of("recommendations");
    policy.timeouts.request = 1s;
    if (protects) policy.circuit_breaker = breaker_of_slow_calls(300ms);
    simulation.at(5s, [&] { hung.instance(0).hang(true); });
    simulation.run_until(30s);
    hung.instance(0).hang(false);
    expect_sound(simulation);
    median[protects] = client.tallies().between(7s, 30s).latencies.quantile(0.9);
    EXPECT_EQ(client.tallies().all().success(), 1);
  }
  note_figure("without", std::chrono::duration<double>(median[false]).count());
  note_figure("with", std::chrono::duration<double>(median[true]).count());
  EXPECT_GT(median[false], 1s);
  EXPECT_LT(median[true], 15ms);
}

// A target that is ten times as slow for three seconds after its start, and all who waited for it.
std::size_t reopened(Simulation& simulation, bool on_a_ramp, double& success) {
  SimServiceSpec spec = thousand_a_second();
  spec.work = Spread::constant(10ms);
  spec.concurrency = 10;
  spec.warm_up = 1s;
  SimService& service = simulation.add(spec);
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 800});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.timeouts.request = 1s;
  CircuitBreakerConfig config = breaker_of_slow_calls(350ms);
  config.permitted_number_of_calls_in_half_open_state = 500;
  config.ramp = on_a_ramp;
  policy.circuit_breaker = config;
  service.instance(0).begin_cold();
  simulation.at(20s, [&] { service.instance(0).crash(); });
  // As soon as the first trial would come.
  simulation.at(20s + 1'900ms, [&] { service.instance(0).start(); });
  simulation.run_until(60s);
  success = client.tallies().between(25s, 60s).success();
  return changes(simulation, "half_open -> open");
}

TEST_P(Breakers, ComeBackOnTheRampWithoutASecondCollapse) {
  std::size_t collapses[2];
  double success[2];
  for (const bool on_a_ramp : {false, true}) {
    Simulation simulation(seed());
    collapses[on_a_ramp] = reopened(simulation, on_a_ramp, success[on_a_ramp]);
    expect_sound(simulation);
  }
  note_figure("without", static_cast<double>(collapses[false]));
  note_figure("with", static_cast<double>(collapses[true]));
  note_figure("success", success[true]);
  EXPECT_GE(collapses[false], 1U);
  EXPECT_EQ(collapses[true], 0U);
  EXPECT_GE(success[true], 0.99);
}

TEST_P(Breakers, OfEachSidecarDecideByWhatItSawItself) {
  Simulation simulation(seed());
  simulation.add(SimServiceSpec{.name = "product", .zones = {"b"}});
  SimClient& cut_off =
      simulation.add(SimClientSpec{.name = "far", .target = "product", .rate = 100, .zone = "a"});
  SimClient& client =
      simulation.add(SimClientSpec{.name = "near", .target = "product", .rate = 100, .zone = "b"});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.circuit_breaker = breaker();
  policy.timeouts.connect = 200ms;
  simulation.at(5s, [&] { simulation.cut("a", "b"); });
  simulation.at(15s, [&] { simulation.mend(); });
  simulation.run_until(40s);
  expect_sound(simulation);
  EXPECT_EQ(client.tallies().all().success(), 1);
  EXPECT_GT(cut_off.tallies().between(7s, 15s).failed_by(ErrorKind::circuit_open), 500U);
  EXPECT_EQ(cut_off.tallies().between(35s, 40s).success(), 1);
}

}  // namespace
}  // namespace skiff
