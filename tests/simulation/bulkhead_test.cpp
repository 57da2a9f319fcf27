#include "tests/simulation/scenario.h"

// Who may be in flight, who waits, and who is let go first.

namespace skiff {
namespace {

class Bulkheads : public Scenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, Bulkheads, testing::ValuesIn(seeds()), seed_name);

TEST_P(Bulkheads, OfEndpointsKeepASlowOneFromTakingAllPlaces) {
  double success[2];
  for (const bool protects : {false, true}) {
    Simulation simulation(seed());
    SimService& service = simulation.add(SimServiceSpec{
        .name = "product", .zones = {"", "", "", ""}, .work = Spread::exponential(5ms)});
    SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 800});
    TrafficPolicy& policy = simulation.policy_of("product");
    policy.load_balancing.algorithm = LoadBalancingConfig::Algorithm::round_robin;
    policy.bulkhead.target = limit_of(40, 20, 50ms);
    if (protects) policy.bulkhead.endpoint = limit_of(10, 0, 1ms);
    simulation.at(5s, [&] { service.instance(2).trouble().slower = 2s; });
    simulation.run_until(20s);
    success[protects] = client.tallies().between(6s, 20s).success();
    expect_sound(simulation);
    EXPECT_LE(service.instance(2).most_at_once(), protects ? 10 : 40);
  }
  note_figure("without", success[false]);
  note_figure("with", success[true]);
  EXPECT_LT(success[false], 0.3);
  EXPECT_GE(success[true], 0.98);
}

TEST_P(Bulkheads, ServeTheNewestFirstWhereTheySaySo) {
  Duration median[2];
  double goodput[2];
  for (const bool newest_first : {false, true}) {
    Simulation simulation(seed());
    simulation.add(thousand_a_second());
    SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 1500});
    BulkheadLimitConfig limit = limit_of(20, 200, 1000ms);
    if (newest_first) limit.order = BulkheadLimitConfig::Order::lifo;
    simulation.policy_of("product").bulkhead.target = limit;
    simulation.run_until(20s);
    const Tally later = client.tallies().between(5s, 20s);
    median[newest_first] = later.latencies.quantile(0.5);
    goodput[newest_first] = static_cast<double>(later.succeeded) / 15;
    expect_sound(simulation);
  }
  note_figure("without", std::chrono::duration<double>(median[false]).count());
  note_figure("with", std::chrono::duration<double>(median[true]).count());
  EXPECT_GT(median[false], 150ms) << "all wait as long as the queue is";
  EXPECT_LT(median[true], 60ms);
  EXPECT_GE(goodput[true], 0.95 * goodput[false]);
}

TEST_P(Bulkheads, ThatAdaptFindTheLimitByThemselves) {
  Duration p99[2];
  double goodput[2];
  for (const bool adapts : {false, true}) {
    Simulation simulation(seed());
    simulation.add(thousand_a_second());
    SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 100});
    BulkheadLimitConfig limit = limit_of(2'000, 20, 50ms);
    if (adapts) limit.adaptive.emplace();
    simulation.policy_of("product").bulkhead.target = limit;
    simulation.at(10s, [&] { client.set_rate(2000); });
    simulation.run_until(40s);
    const Tally later = client.tallies().between(20s, 40s);
    p99[adapts] = later.latencies.quantile(0.99);
    goodput[adapts] = static_cast<double>(later.succeeded) / 20;
    expect_sound(simulation);
  }
  note_figure("without", std::chrono::duration<double>(p99[false]).count());
  note_figure("with", std::chrono::duration<double>(p99[true]).count());
  note_figure("goodput", goodput[true]);
  EXPECT_GT(p99[false], 1500ms) << "a limit that is too high is none";
  EXPECT_LT(p99[true], 400ms);
  EXPECT_GE(goodput[true], 500);
}

TEST_P(Bulkheads, LetNobodyWaitPastTheDeadline) {
  Simulation simulation(seed());
  simulation.add(thousand_a_second());
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 3000});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.timeouts.request = 200ms;
  policy.bulkhead.target = limit_of(20, 10'000, 5000ms);
  simulation.run_until(10s);
  expect_sound(simulation);
  const Tally later = client.tallies().between(2s, 10s);
  EXPECT_LE(later.refusals.quantile(1), 240ms);
  EXPECT_GT(later.failed_by(ErrorKind::timeout_request), 5'000);
  EXPECT_LE(simulation.service("product").instance(0).most_at_once(), 20);
}

TEST_P(Bulkheads, OfManySidecarsEachHoldTheirOwn) {
  Simulation simulation(seed());
  SimServiceSpec spec = thousand_a_second();
  spec.concurrency = 1'000;
  SimService& service = simulation.add(spec);
  simulation.add(SimClientSpec{.target = "product", .rate = 4000, .sidecars = 10});
  simulation.policy_of("product").bulkhead.target = limit_of(3, 3, 20ms);
  simulation.run_until(10s);
  expect_sound(simulation);
  EXPECT_LE(service.instance(0).most_at_once(), 30);
  EXPECT_GE(service.instance(0).most_at_once(), 25) << "they are used";
}

TEST_P(Bulkheads, LetGoOfWhatMattersLeastFirst) {
  Simulation simulation(seed());
  simulation.add(thousand_a_second());
  struct Share {
    const char* name;
    Criticality criticality;
    double rate;
  };
  std::vector<SimClient*> clients;
  for (const Share& share :
       {Share{"critical", Criticality::critical, 300}, Share{"normal", Criticality::normal, 500},
        Share{"sheddable", Criticality::sheddable, 1500}}) {
    SimClientSpec spec{.name = share.name, .target = "product", .rate = share.rate};
    spec.criticality = share.criticality;
    if (!clients.empty()) spec.beside = "critical";
    clients.push_back(&simulation.add(spec));
  }
  simulation.policy_of("product").bulkhead.target = limit_of(20, 100, 200ms);
  simulation.run_until(20s);
  expect_sound(simulation);
  const auto success = [](SimClient* client) {
    return client->tallies().between(5s, 20s).success();
  };
  note_figure("critical", success(clients[0]));
  note_figure("normal", success(clients[1]));
  note_figure("sheddable", success(clients[2]));
  EXPECT_GE(success(clients[0]), 0.999);
  EXPECT_GE(success(clients[1]), 0.95);
  EXPECT_LE(success(clients[2]), 0.25);
}

TEST_P(Bulkheads, LetNewCapacityEndAnOverload) {
  Simulation simulation(seed());
  SimService& service = simulation.add(thousand_a_second());
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 1500});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.timeouts.request = 1s;
  policy.bulkhead.endpoint = limit_of(25, 50, 100ms);
  simulation.at(10s, [&] {
    service.add_instance("").begin_cold();
    simulation.refresh();
  });
  simulation.run_until(30s);
  expect_sound(simulation);
  EXPECT_LT(client.tallies().between(3s, 10s).success(), 0.75);
  EXPECT_GE(client.tallies().between(12s, 30s).success(), 0.99);
}

}  // namespace
}  // namespace skiff
