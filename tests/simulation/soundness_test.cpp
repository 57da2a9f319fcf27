#include "tests/simulation/scenario.h"

// What holds in every simulation, whatever its policies: the ground that all others stand on.

namespace skiff {
namespace {

class SoundSimulation : public Scenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, SoundSimulation, testing::ValuesIn(seeds()), seed_name);

// A shop of three hops in which one thing after another goes wrong.
void fill_with_troubles(Simulation& simulation) {
  simulation.add(SimServiceSpec{.name = "stock",
                                .zones = {"a", "b", "b"},
                                .work = Spread::exponential(4ms),
                                .concurrency = 8});
  simulation.add(SimServiceSpec{.name = "product",
                                .zones = {"a", "b"},
                                .work = Spread::lognormal(3ms, 0.5),
                                .concurrency = 16,
                                .calls = {{"stock"}}});
  simulation.add(SimServiceSpec{.name = "order",
                                .zones = {"a", "b"},
                                .work = Spread::constant(2ms),
                                .guarded = true,
                                .calls = {{"product"}, {"stock", false}}});
  simulation.add(SimClientSpec{.target = "order", .rate = 150, .repeats = 1, .zone = "a"});
  simulation.add(SimClientSpec{.name = "hasty", .target = "order", .rate = 50, .patience = 12ms});
  SimService& stock = simulation.service("stock");
  SimService& product = simulation.service("product");
  simulation.policy_of("product").timeouts.request = 500ms;
  simulation.policy_of("stock").timeouts.request = 400ms;
  simulation.at(1s, [&] { stock.instance(0).crash(); });
  simulation.at(2s, [&] { product.instance(1).hang(true); });
  simulation.at(3s, [&] { stock.instance(0).start(); });
  simulation.at(4s, [&] { product.instance(1).hang(false); });
  simulation.at(5s, [&] { simulation.cut("a", "b"); });
  simulation.at(6s, [&] { simulation.mend(); });
  simulation.at(6s, [&] { stock.instance(1).trouble().errors = {0.3}; });
  simulation.at(7s, [&] { stock.instance(2).trouble().resets = {0.3}; });
  simulation.at(8s, [&] { stock.instance(2).trouble().slower = 300ms; });
}

TEST_P(SoundSimulation, EndsEachRequestOnceAndLeavesNothingBehind) {
  Simulation simulation(seed());
  fill_with_troubles(simulation);
  simulation.run_until(10s);
  expect_sound(simulation);
  const Tally all = simulation.clients()[0]->tallies().all();
  EXPECT_NEAR(1500, static_cast<double>(all.sent), 200);
  EXPECT_GT(all.succeeded, all.sent / 2);
  EXPECT_GT(all.failed, 10);
}

TEST_P(SoundSimulation, IsTheSameEachTimeWithOneSeed) {
  std::uint64_t hashes[3];
  for (int i = 0; i < 3; ++i) {
    Simulation simulation(seed() + (i == 2 ? 1 : 0));
    fill_with_troubles(simulation);
    simulation.run_until(10s);
    hashes[i] = simulation.trace_hash();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_NE(hashes[0], hashes[2]);
}

TEST_P(SoundSimulation, MakesAQueueWhereMoreComesThanIsWorkedOff) {
  Simulation simulation(seed());
  simulation.add(
      SimServiceSpec{.name = "product", .work = Spread::constant(10ms), .concurrency = 1});
  SimClient& client = simulation.add(SimClientSpec{.target = "product", .rate = 200});
  simulation.policy_of("product").timeouts.request = 1s;
  simulation.run_until(20s);
  // 100 a second are worked off, the queue is longer than anybody waits, and all work is wasted.
  EXPECT_LT(client.tallies().between(10s, 20s).success(), 0.05);
  EXPECT_GT(simulation.service("product").wasted, 1000);
  EXPECT_EQ(simulation.service("product").instance(0).most_at_once(), 1);
  expect_sound(simulation);
}

TEST_P(SoundSimulation, WorksOffNothingForWhoHasLeftWhereThatIsNoticed) {
  Simulation simulation(seed());
  simulation.add(SimServiceSpec{
      .name = "product", .work = Spread::constant(10ms), .concurrency = 1, .notices_cancel = true});
  simulation.add(SimClientSpec{.target = "product", .rate = 200, .patience = 50ms});
  simulation.run_until(20s);
  expect_sound(simulation);
  EXPECT_EQ(simulation.service("product").wasted, 0);
  EXPECT_GT(simulation.service("product").completed, 500);
}

TEST_P(SoundSimulation, AnswersAfterTheTimeOfTheNetworkAndTheWork) {
  Simulation simulation(seed());
  simulation.add(SimServiceSpec{.name = "product", .work = Spread::constant(5ms)});
  SimClient& client = simulation.add(SimClientSpec{
      .target = "product", .rate = 100, .poisson = false, .latency = Spread::constant(1ms)});
  simulation.run_until(10s);
  expect_sound(simulation);
  const Tally all = client.tallies().between(1s, 10s);
  EXPECT_EQ(all.succeeded, all.sent);
  EXPECT_NEAR(static_cast<double>(all.latencies.quantile(0.5).count()), 7e6, 0.5e6);
}

}  // namespace
}  // namespace skiff
