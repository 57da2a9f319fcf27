#include "tests/simulation/scenario.h"

// More than can be done: what bulkheads, deadlines and criticality make of it.

namespace skiff {
namespace {

class Overload : public Scenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, Overload, testing::ValuesIn(seeds()), seed_name);

// A client that asks again when it is not answered, at 0.9 of what the target can do, and five
// seconds without it.
double success_after_an_outage(Simulation& simulation, bool protects) {
  SimService& service = simulation.add(thousand_a_second());
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 900, .repeats = 2});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.timeouts.request = 1s;
  if (protects) policy.bulkhead.target = limit_of(40, 100, 100ms);
  simulation.at(20s, [&] { service.instance(0).hang(true); });
  simulation.at(25s, [&] { service.instance(0).hang(false); });
  simulation.run_until(80s);
  return client.tallies().between(35s, 80s).success();
}

TEST_P(Overload, ThatIsMetastableIsPreventedByBulkheadAndDeadline) {
  double success[2];
  for (const bool protects : {false, true}) {
    Simulation simulation(seed());
    success[protects] = success_after_an_outage(simulation, protects);
    expect_sound(simulation);
  }
  note_figure("without", success[false]);
  note_figure("with", success[true]);
  EXPECT_LT(success[false], 0.3) << "the cause has been gone for a minute";
  EXPECT_GE(success[true], 0.99);
}

TEST_P(Overload, EndsWithinTenSecondsOfItsCause) {
  Simulation simulation(seed());
  SimService& service = simulation.add(thousand_a_second());
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 900, .repeats = 1});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.timeouts.request = 1s;
  policy.bulkhead.target = limit_of(40, 100, 100ms);
  simulation.at(20s, [&] { service.instance(0).crash(); });
  simulation.at(25s, [&] { service.instance(0).start(); });
  simulation.run_until(60s);
  expect_sound(simulation);
  EXPECT_LT(client.tallies().between(21s, 25s).success(), 0.01);
  EXPECT_GE(client.tallies().between(35s, 60s).success(), 0.95);
}

TEST_P(Overload, OfThreeTimesLeavesNineTenthsOfWhatCanBeDone) {
  Duration p99[2];
  Duration refused_within[2];
  double goodput[2];
  for (const bool protects : {false, true}) {
    Simulation simulation(seed());
    simulation.add(thousand_a_second());
    SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 3000});
    TrafficPolicy& policy = simulation.policy_of("product");
    policy.timeouts.request = 1s;
    if (protects) policy.bulkhead.target = limit_of(25, 20, 50ms);
    simulation.run_until(20s);
    const Tally later = client.tallies().between(5s, 20s);
    goodput[protects] = static_cast<double>(later.succeeded) / 15;
    p99[protects] = later.latencies.quantile(0.99);
    refused_within[protects] = later.refusals.quantile(0.99);
    expect_sound(simulation);
  }
  note_figure("without", goodput[false]);
  note_figure("with", goodput[true]);
  EXPECT_LT(goodput[false], 100);
  EXPECT_GE(goodput[true], 900);
  EXPECT_LE(p99[true], 250ms);
  EXPECT_LE(refused_within[true], 60ms);
}

TEST_P(Overload, OfAThousandCallersNeverPutsMoreThanTheLimitInFlight) {
  Simulation simulation(seed());
  SimServiceSpec spec{.name = "product", .work = Spread::lognormal(20ms, 1), .concurrency = 10'000};
  SimService& service = simulation.add(spec);
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 5000});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.bulkhead.target = limit_of(10, 16, 20ms);
  simulation.at(5s, [&] { service.instance(0).trouble().errors = {0.2}; });
  simulation.at(7s, [&] { service.instance(0).trouble().errors = {0}; });
  simulation.at(8s, [&] { service.instance(0).hang(true); });
  simulation.at(9s, [&] { service.instance(0).hang(false); });
  simulation.at(12s, [&] { service.instance(0).crash(); });
  simulation.at(13s, [&] { service.instance(0).start(); });
  simulation.run_until(20s);
  expect_sound(simulation);
  EXPECT_LE(service.instance(0).most_at_once(), 10);
  const Tally later = client.tallies().between(15s, 20s);
  EXPECT_GT(later.succeeded, 5 * 350) << "all permits came back";
  EXPECT_GT(later.failed_by(ErrorKind::bulkhead_full), 1000);
}

TEST_P(Overload, ByOneNoisyCallerLeavesTheOthersAlone) {
  double others[2];
  for (const bool protects : {false, true}) {
    Simulation simulation(seed());
    SimServiceSpec spec = thousand_a_second();
    spec.guarded = true;
    simulation.add(spec);
    TrafficPolicy& inbound = simulation.policy_of("to product");
    if (protects) inbound.bulkhead.caller = limit_of(8, 4, 20ms);
    simulation.policy_of("product").timeouts.request = 1s;
    SimClient& noisy =
        simulation.add(SimClientSpec{.name = "noisy", .target = "product", .rate = 100});
    std::vector<SimClient*> quiet;
    for (const char* name : {"one", "two", "three"}) {
      quiet.push_back(
          &simulation.add(SimClientSpec{.name = name, .target = "product", .rate = 80}));
    }
    simulation.at(5s, [&] { noisy.set_rate(5000); });
    simulation.run_until(20s);
    others[protects] = 1;
    for (SimClient* client : quiet) {
      others[protects] = std::min(others[protects], client->tallies().between(6s, 20s).success());
    }
    expect_sound(simulation);
  }
  note_figure("without", others[false]);
  note_figure("with", others[true]);
  EXPECT_LT(others[false], 0.2);
  EXPECT_GE(others[true], 0.99);
}

// Checkout and recommendations, both ten times as many for half a minute.
struct FlashSale {
  double checkout = 0;  // Success in it.
  double recommendations = 0;
  double later = 0;  // Of recommendations.
};

FlashSale run_flash_sale(Simulation& simulation, bool protects) {
  simulation.add(thousand_a_second());
  SimClient& checkout = simulation.add(SimClientSpec{.name = "checkout",
                                                     .target = "product",
                                                     .rate = 40,
                                                     .method = "POST",
                                                     .criticality = Criticality::critical});
  SimClient& recommendations = simulation.add(SimClientSpec{.name = "recommendations",
                                                            .target = "product",
                                                            .rate = 160,
                                                            .criticality = Criticality::sheddable,
                                                            .beside = "checkout"});
  TrafficPolicy& policy = simulation.policy_of("product");
  policy.timeouts.request = 1s;
  if (protects) policy.bulkhead.target = limit_of(20, 60, 200ms);
  simulation.at(10s, [&] {
    checkout.set_rate(400);
    recommendations.set_rate(1600);
  });
  simulation.at(40s, [&] {
    checkout.set_rate(40);
    recommendations.set_rate(160);
  });
  simulation.run_until(60s);
  return {.checkout = checkout.tallies().between(10s, 40s).success(),
          .recommendations = recommendations.tallies().between(12s, 40s).success(),
          .later = recommendations.tallies().between(50s, 59s).success()};
}

TEST_P(Overload, InAFlashSaleShedsRecommendationsAndKeepsTheCheckout) {
  FlashSale sales[2];
  for (const bool protects : {false, true}) {
    Simulation simulation(seed());
    sales[protects] = run_flash_sale(simulation, protects);
    expect_sound(simulation);
  }
  note_figure("without", sales[false].checkout);
  note_figure("with", sales[true].checkout);
  note_figure("recommendations", sales[true].recommendations);
  EXPECT_LT(sales[false].checkout, 0.3);
  EXPECT_GE(sales[true].checkout, 0.99);
  EXPECT_LE(sales[true].recommendations, 0.8) << "shed";
  EXPECT_GE(sales[true].later, 0.999);
}

}  // namespace
}  // namespace skiff
