#include <map>

#include "sidecar/policy/token_buckets.h"
#include "tests/simulation/scenario.h"

// What holds whatever the policies are and whatever happens: random meshes, policies and troubles.
// Simulation::violations() says what is looked for in each.

namespace skiff {
namespace {

class Laws : public Scenario {};
INSTANTIATE_TEST_SUITE_P(Seeds, Laws, testing::ValuesIn(seeds()), seed_name);

// Draws policies.
class PolicyDraw final {
 public:
  explicit PolicyDraw(Random& random) : random_(random) {}

  void fill(TrafficPolicy& policy) {
    policy.timeouts.request = up_to(1'000);
    policy.timeouts.connect = up_to(300);
    if (chance(0.5)) policy.timeouts.per_try = up_to(200);
    if (chance(0.7)) {
      policy.retry.conditions = {RetryConfig::Condition::gateway_error,
                                 RetryConfig::Condition::reset,
                                 RetryConfig::Condition::per_try_timeout};
    }
    if (chance(0.5)) {
      auto& breaker = policy.circuit_breaker.emplace();
      breaker.wait_duration_in_open_state = up_to(3'000);
      breaker.minimum_number_of_calls = 5;
      breaker.sliding_window_size = 30;
      breaker.ramp = chance(0.5);
      if (chance(0.5)) breaker.slow_call_duration_threshold = up_to(300);
    }
    const auto limit = [&] {
      BulkheadLimitConfig config =
          limit_of(static_cast<std::uint32_t>(1 + random_.below(50)),
                   static_cast<std::uint32_t>(random_.below(50)), up_to(200));
      if (chance(0.3)) config.order = BulkheadLimitConfig::Order::lifo;
      if (chance(0.3)) config.adaptive.emplace();
      return config;
    };
    if (chance(0.5)) policy.bulkhead.target = limit();
    if (chance(0.3)) policy.bulkhead.endpoint = limit();
    if (chance(0.3)) policy.bulkhead.caller = limit();
    if (chance(0.3)) policy.health_check.emplace().interval = up_to(2'000);
    policy.load_balancing.algorithm = static_cast<LoadBalancingConfig::Algorithm>(random_.below(4));
  }

 private:
  bool chance(double share) { return random_.unit() < share; }
  Milliseconds up_to(std::uint32_t most_ms) { return Milliseconds(1 + random_.below(most_ms)); }

  Random& random_;
};

// Draws a mesh of some layers, each calling the next, with its policies and troubles.
class RandomMesh final {
 public:
  explicit RandomMesh(std::uint64_t seed) : random_(seed ^ 0x2545f4914f6cdd1d), simulation_(seed) {
    const std::size_t layers = 2 + random_.below(3);
    std::string next;
    for (std::size_t i = 0; i < layers; ++i) {
      std::string name = "layer-" + std::to_string(i + 1);
      add_service(name, next);
      next = std::move(name);
    }
    for (std::size_t i = 0; i < 2 + random_.below(2); ++i) add_client(i, next);
    for (int i = 0; i < 25; ++i) add_trouble();
  }

  Simulation& run() {
    simulation_.run_until(20s);
    simulation_.mend();
    for (const auto& [name, service] : simulation_.services()) {
      for (const auto& instance : service->instances()) {
        instance->start();
        instance->hang(false);
      }
    }
    simulation_.run_until(25s);
    simulation_.settle();
    return simulation_;
  }

 private:
  bool chance(double share) { return random_.unit() < share; }
  Milliseconds up_to(std::uint32_t most_ms) { return Milliseconds(1 + random_.below(most_ms)); }

  void add_service(const std::string& name, const std::string& calls) {
    SimServiceSpec spec;
    spec.name = name;
    spec.zones.assign(1 + random_.below(4), "a");
    for (std::string& zone : spec.zones) zone = chance(0.5) ? "a" : "b";
    spec.work = Spread::lognormal(up_to(20), 0.7);
    spec.concurrency = static_cast<std::uint32_t>(2 + random_.below(30));
    spec.notices_cancel = chance(0.5);
    spec.guarded = chance(0.5);
    if (!calls.empty()) spec.calls = {{calls, chance(0.7)}};
    services_.push_back(&simulation_.add(spec));
    PolicyDraw(random_).fill(simulation_.policy_of(name));
    PolicyDraw(random_).fill(simulation_.policy_of("to " + name));
  }

  void add_client(std::size_t number, const std::string& target) {
    SimClientSpec spec;
    spec.name = "client-" + std::to_string(number);
    spec.target = target;
    spec.rate = static_cast<double>(20 + random_.below(300));
    spec.method = chance(0.5) ? "GET" : "POST";
    if (chance(0.3)) spec.patience = up_to(300);
    spec.repeats = static_cast<std::uint32_t>(random_.below(2));
    spec.sidecars = static_cast<std::uint32_t>(1 + random_.below(3));
    spec.zone = chance(0.5) ? "a" : "b";
    spec.criticality = static_cast<Criticality>(random_.below(3));
    simulation_.add(spec);
  }

  void add_trouble() {
    SimService& service = *services_[random_.below(services_.size())];
    SimInstance& instance = service.instance(random_.below(service.instances().size()));
    const Duration from = up_to(18'000);
    const Duration until = from + up_to(4'000);
    const double share = random_.unit();
    const auto both = [&](auto begin, auto end) {
      simulation_.at(from, begin);
      simulation_.at(until, end);
    };
    switch (random_.below(6)) {
      case 0:
        return both([&instance] { instance.crash(); }, [&instance] { instance.start(); });
      case 1:
        return both([&instance] { instance.hang(true); }, [&instance] { instance.hang(false); });
      case 2:
        return both([&instance, share] { instance.trouble().errors = {share}; },
                    [&instance] { instance.trouble().errors = {0}; });
      case 3:
        return both([&instance, share] { instance.trouble().resets = {share}; },
                    [&instance] { instance.trouble().resets = {0}; });
      case 4:
        return both([&instance] { instance.trouble().slower = 150ms; },
                    [&instance] { instance.trouble().slower = {}; });
      default:
        return both([this] { simulation_.cut("a", "b"); }, [this] { simulation_.mend(); });
    }
  }

  Random random_;
  Simulation simulation_;
  std::vector<SimService*> services_;
};

TEST_P(Laws, HoldInARandomMesh) {
  constexpr std::uint64_t meshes = 6;  // For each seed.
  for (std::uint64_t i = 0; i < meshes; ++i) {
    RandomMesh mesh(seed() * meshes + i);
    Simulation& simulation = mesh.run();
    for (const std::string& violation : simulation.violations()) {
      ADD_FAILURE() << "mesh " << i << ": " << violation;
    }
    std::uint64_t sent = 0;
    for (const auto& client : simulation.clients()) sent += client->tallies().all().sent;
    EXPECT_GT(sent, 500U);
  }
}

// As CircuitBreaker draws it, of each breaker by itself.
TEST_P(Laws, LetBreakersTakeOnlyTheStepsThatTheyHave) {
  static const std::map<std::string, std::string> steps = {
      {"closed", "open"}, {"open", "half_open"}, {"half_open", "open closed"}};
  std::size_t looked_at = 0;
  for (std::uint64_t i = 0; i < 6; ++i) {
    RandomMesh mesh(seed() * 100 + i);
    std::map<std::string, std::string> state;
    for (const SimEvent& event : mesh.run().events()) {
      const std::size_t arrow = event.what.find(" -> ");
      const std::size_t colon = event.what.rfind(": ", arrow);
      const std::string subject = event.what.substr(0, colon);
      if (subject.find("circuit_breaker of ") == subject.npos) continue;
      ++looked_at;
      const std::string from = event.what.substr(colon + 2, arrow - colon - 2);
      const std::size_t end = event.what.find(':', arrow);
      const std::string to = event.what.substr(arrow + 4, end - arrow - 4);
      const auto known = state.emplace(subject, "closed").first;
      EXPECT_EQ(from, known->second) << event.what;
      ASSERT_TRUE(steps.contains(from)) << event.what;
      EXPECT_NE(steps.at(from).find(to), std::string::npos) << event.what;
      known->second = to;
    }
  }
  EXPECT_GT(looked_at, 20U);
}

// Some seconds of demand that comes and goes; each second and each 10ms is looked at.
TEST_P(Laws, LetATokenBucketNeverGiveMoreThanItsRateAndBurst) {
  Random random(seed());
  for (int round = 0; round < 20; ++round) {
    BucketRule rule;
    rule.rate.count = static_cast<std::uint32_t>(1 + random.below(200));
    rule.burst = static_cast<std::uint32_t>(1 + random.below(100));
    TimePoint now = TimePoint{} + 1h;
    TokenBuckets buckets(rule, now);
    std::vector<TimePoint> taken;
    for (int i = 0; i < 3'000; ++i) {
      const std::uint64_t wait = random.below(4) == 0 ? 200'000'000 : 5'000'000;
      now += Duration(static_cast<Duration::rep>(random.below(wait)));
      if (buckets.take(now).allowed) taken.push_back(now);
    }
    ASSERT_GT(taken.size(), 10U);
    const double rate = rule.rate.count;  // A second.
    for (std::size_t from = 0; from < taken.size(); from += 7) {
      for (std::size_t to = from; to < taken.size(); to += 13) {
        const double seconds = std::chrono::duration<double>(taken[to] - taken[from]).count();
        ASSERT_LE(static_cast<double>(to - from + 1), rate * seconds + rule.burst + 1e-3);
      }
    }
  }
}

}  // namespace
}  // namespace skiff
