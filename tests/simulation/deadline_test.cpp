#include "tests/simulation/scenario.h"

// One deadline over all hops.

namespace skiff {
namespace {

class DeadlinesOverHops : public Scenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, DeadlinesOverHops, testing::ValuesIn(seeds()), seed_name);

// edge -> order -> product -> stock, each with a sidecar that decides what gets in.
void add_hops(Simulation& simulation, bool waits_in_sidecar) {
  SimServiceSpec last = thousand_a_second();
  last.name = "stock";
  last.guarded = true;
  simulation.add(last);
  std::string next = "stock";
  for (const char* name : {"product", "order", "edge"}) {
    simulation.add(SimServiceSpec{.name = name,
                                  .work = Spread::exponential(2ms),
                                  .concurrency = 100'000,
                                  .notices_cancel = true,
                                  .guarded = true,
                                  .calls = {{next}}});
    next = name;
  }
  if (waits_in_sidecar) {
    simulation.policy_of("to stock").bulkhead.target = limit_of(20, 10'000, 100ms);
  }
  simulation.policy_of("edge").timeouts.request = 400ms;
}

TEST_P(DeadlinesOverHops, LeaveNothingToDoForWhoHasGivenUp) {
  Duration latest[2];
  double goodput[2];
  for (const bool waits_in_sidecar : {false, true}) {
    Simulation simulation(seed());
    add_hops(simulation, waits_in_sidecar);
    SimClient& client = simulation.add(SimClientSpec{.target = "edge", .rate = 1500});
    simulation.run_until(10s);
    expect_sound(simulation);
    latest[waits_in_sidecar] = simulation.service("stock").latest_begin();
    goodput[waits_in_sidecar] =
        static_cast<double>(client.tallies().between(4s, 10s).succeeded) / 6;
  }
  note_figure("without", std::chrono::duration<double>(latest[false]).count());
  note_figure("with", std::chrono::duration<double>(latest[true]).count());
  note_figure("goodput_without", goodput[false]);
  note_figure("goodput_with", goodput[true]);
  EXPECT_GT(latest[false], 1s);
  EXPECT_LE(latest[true], 5ms) << "it takes the network that long to hear of it";
  EXPECT_LT(goodput[false], 100);
  EXPECT_GT(goodput[true], 850);
}

TEST_P(DeadlinesOverHops, AreOneForAllOfThem) {
  Simulation simulation(seed());
  add_hops(simulation, true);
  SimClient& client = simulation.add(SimClientSpec{.target = "edge", .rate = 100});
  SimService& stock = simulation.service("stock");
  simulation.at(5s, [&] { stock.instance(0).hang(true); });
  simulation.run_until(15s);
  // Nobody but the caller says a timeout that short.
  EXPECT_LT(client.under_way(), 80U);
  EXPECT_LT(simulation.under_way(), 7 * 80U) << "none is left behind in any hop";
  EXPECT_LE(client.tallies().between(6s, 14s).refusals.quantile(1), 440ms);
  stock.instance(0).hang(false);
  simulation.run_until(25s);
  expect_sound(simulation);
  EXPECT_EQ(client.tallies().between(18s, 25s).success(), 1);
}

}  // namespace
}  // namespace skiff
