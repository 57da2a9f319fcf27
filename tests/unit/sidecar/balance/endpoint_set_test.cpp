#include "sidecar/balance/endpoint_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/support/made_endpoints.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;
using testing::is_within_5_sigma;
using testing::start;

EndpointSpec spec(std::string address, std::uint32_t weight = 1, std::string zone = "") {
  return {std::move(address), weight, std::move(zone)};
}

class EndpointSetTest : public ::testing::Test {
 protected:
  EndpointSetTest() { make({}); }

  void make(const LoadBalancingConfig& config, const SlowStartConfig& slow_start = {},
            std::string_view zone = "") {
    set_ = std::make_unique<EndpointSet>(config, slow_start, zone);
  }
  void update(const std::vector<EndpointSpec>& specs, TimePoint now = start) {
    set_->update(
        specs, now, [&](Endpoint& e) { added_.emplace_back(e.spec->address); },
        [&](Endpoint& e) { removed_.emplace_back(e.spec->address); });
  }
  Endpoint* find(std::string_view address) const {
    for (const auto& endpoint : set_->endpoints())
      if (endpoint->spec->address == address) return endpoint.get();
    return nullptr;
  }
  void set_healthy(std::initializer_list<const char*> addresses, bool healthy) {
    for (const char* address : addresses) set_->set_healthy(address, healthy, start);
  }
  // The addresses that picks come to.
  std::set<std::string> picked(TimePoint now = start) {
    std::set<std::string> found;
    for (int i = 0; i < 400; ++i)
      if (const Endpoint* endpoint = set_->pick({now}, random_))
        found.emplace(endpoint->spec->address);
    return found;
  }

  using Names = std::set<std::string>;
  using List = std::vector<std::string>;

  Random random_{1};
  std::unique_ptr<EndpointSet> set_;
  List added_;
  List removed_;
};

// ---- Membership

TEST_F(EndpointSetTest, TellsWhatCameAndWhatWent) {
  update({spec("a"), spec("b")});
  EXPECT_EQ(added_, (List{"a", "b"}));
  update({spec("b"), spec("c")});
  EXPECT_EQ(added_, (List{"a", "b", "c"}));
  EXPECT_EQ(removed_, (List{"a"}));
  EXPECT_EQ(picked(), (Names{"b", "c"}));
  update({});
  EXPECT_EQ(removed_, (List{"a", "b", "c"}));
  EXPECT_EQ(set_->pick({start}, random_), nullptr);
}

TEST_F(EndpointSetTest, AnEndpointThatStaysKeepsItsState) {
  update({spec("a", 1), spec("b", 1)});
  Endpoint* b = find("b");
  set_->started(*b);
  set_->answered(*b, 80ms, false, start);
  set_->set_healthy("b", false, start);
  update({spec("b", 7), spec("c")}, start + 1h);
  EXPECT_EQ(find("b"), b);
  EXPECT_EQ(b->in_flight, 1u);
  EXPECT_FALSE(b->healthy);
  EXPECT_LT(b->added, start);
  EXPECT_EQ(b->weight, 7u) << "the new spec's";
  EXPECT_EQ(b->spec->weight, 7u);
}

TEST_F(EndpointSetTest, WhatLeavesStaysValidUntilNothingIsInFlight) {
  update({spec("an-address-that-needs-the-heap:80"), spec("b")});
  Endpoint* leaving = find("an-address-that-needs-the-heap:80");
  set_->started(*leaving);
  update({spec("b")});
  set_->forget_removed();
  EXPECT_EQ(leaving->spec->address, "an-address-that-needs-the-heap:80");
  set_->answered(*leaving, 1ms, false, start);
  EXPECT_EQ(picked(), (Names{"b"}));
  set_->ended(*leaving);
  EXPECT_EQ(leaving->in_flight, 0u);
  set_->forget_removed();  // Address sanitizer sees what is touched from here on.
}

TEST_F(EndpointSetTest, OneThatComesBackIsANewOne) {
  update({spec("a"), spec("b")});
  Endpoint* old = find("a");
  set_->started(*old);
  update({spec("b")});
  update({spec("a"), spec("b")});
  EXPECT_NE(find("a"), old);
  EXPECT_EQ(find("a")->in_flight, 0u);
  set_->ended(*old);
}

TEST_F(EndpointSetTest, OfOneAddressTwiceTheFirstCounts) {
  update({spec("a", 3), spec("b"), spec("a", 5)});
  EXPECT_EQ(set_->endpoints().size(), 2u);
  EXPECT_EQ(find("a")->weight, 3u);
}

// What goes on in round robin would begin anew if it were built again.
TEST_F(EndpointSetTest, AnEqualUpdateOrConfigurationBuildsNothingAnew) {
  LoadBalancingConfig config;
  config.algorithm = LoadBalancingConfig::Algorithm::round_robin;
  std::vector<EndpointSpec> specs;
  for (int i = 0; i < 100; ++i) specs.push_back(spec(std::to_string(i)));
  make(config);
  update(specs);
  const auto turn = [&] {
    return std::stoi(std::string(set_->pick({start}, random_)->spec->address));
  };
  int last = turn();
  for (int round = 0; round < 20; ++round) {
    update(specs);
    set_->configure(config, {}, start);
    const int next = turn();
    ASSERT_EQ(next, (last + 1) % 100) << round;
    last = next;
  }
  specs[0].weight = 2;
  update(specs);
  EXPECT_EQ(find("0")->weight, 2u) << "what differs is taken";
}

TEST_F(EndpointSetTest, OfEqualSpecsTheNewerCopyIsUsed) {
  const EndpointSpecs old({spec("a"), spec("b")});
  const EndpointSpecs next({spec("a"), spec("b")});
  const auto ignore = [](Endpoint&) {};
  set_->update(old, start, ignore, ignore);
  set_->update(next, start, ignore, ignore);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(set_->endpoints()[i]->spec, &next[i]);
}

TEST_F(EndpointSetTest, WithoutWeightAnEndpointGetsNothing) {
  update({spec("a", 0), spec("b", 1)});
  EXPECT_EQ(picked(), (Names{"b"}));
  update({spec("a", 0)});
  EXPECT_EQ(set_->pick({start}, random_), nullptr);
}

TEST_F(EndpointSetTest, AnEndpointTakesLittleMemory) {
  constexpr std::size_t heap_block = sizeof(std::size_t);  // What malloc adds to each piece.
  EXPECT_LE(sizeof(Endpoint) + heap_block + sizeof(KnownEndpoint) + 2 * sizeof(Endpoint*), 136u);
}

// ---- Estimates

TEST_F(EndpointSetTest, TheFirstAreTakenToNeedTheInitialRtt) {
  update({spec("a")});
  EXPECT_NEAR(find("a")->cost_ns, 30e6, 10);
}

TEST_F(EndpointSetTest, ANewOneIsTakenToNeedWhatTheOthersNeed) {
  update({spec("a"), spec("b")});
  find("a")->cost_ns = 1e6F;
  find("b")->cost_ns = 3e6F;
  update({spec("a"), spec("b"), spec("c")});
  EXPECT_NEAR(find("c")->cost_ns, 2e6, 10);
  find("a")->cost_ns = 900e6F;
  update({spec("a"), spec("b"), spec("c"), spec("d")});
  EXPECT_NEAR(find("d")->cost_ns, 30e6, 10) << "the initial RTT at most";
}

TEST_F(EndpointSetTest, ErrorsArePricedSoThatTheyAttractNothing) {
  update({spec("a"), spec("b")});
  set_->answered(*find("a"), 100us, true, start);
  set_->answered(*find("b"), 90ms, false, start);
  EXPECT_EQ(picked(), (Names{"b"}));
}

// ---- Slow start

TEST_F(EndpointSetTest, OnlyLaterEndpointsStartSlowly) {
  make({}, {30s, Ratio{0.1}});
  update({spec("a")});
  EXPECT_LT(find("a")->added, start - 1h);
  update({spec("a"), spec("b")}, start + 1s);
  EXPECT_EQ(find("b")->added, start + 1s);
  constexpr int trials = 20'000;
  const auto share_of_b = [&](TimePoint now) {
    int count = 0;
    for (int i = 0; i < trials; ++i) {
      find("a")->cost_ns = 30e6F;
      find("b")->cost_ns = 30e6F;
      if (set_->pick({now}, random_) == find("b")) ++count;
    }
    return count;
  };
  EXPECT_TRUE(is_within_5_sigma(share_of_b(start + 1s), trials, 0.05)) << "half of a tenth";
  EXPECT_TRUE(is_within_5_sigma(share_of_b(start + 31s), trials, 0.5));
}

// ---- Health and panic

TEST_F(EndpointSetTest, WhatIsNotHealthyIsNotPicked) {
  update({spec("a"), spec("b"), spec("c")});
  set_healthy({"b", "unknown"}, false);
  EXPECT_EQ(picked(), (Names{"a", "c"}));
  EXPECT_FALSE(set_->panics());
  set_healthy({"b"}, true);
  EXPECT_EQ(picked(), (Names{"a", "b", "c"}));
}

TEST_F(EndpointSetTest, WhenTooFewAreHealthyAllAreUsed) {
  update({spec("a"), spec("b"), spec("c"), spec("d"), spec("e", 0)});
  set_healthy({"a", "b"}, false);
  EXPECT_EQ(picked(), (Names{"c", "d"})) << "half of those with a weight";
  EXPECT_FALSE(set_->panics());
  set_healthy({"c"}, false);
  EXPECT_EQ(picked(), (Names{"a", "b", "c", "d"}));
  EXPECT_TRUE(set_->panics());
  set_healthy({"a", "b"}, true);
  EXPECT_EQ(picked(), (Names{"a", "b", "d"}));
  EXPECT_FALSE(set_->panics());
}

TEST_F(EndpointSetTest, WithoutPanicNobodyHealthyIsNobody) {
  LoadBalancingConfig config;
  config.panic_threshold = Ratio{0};
  make(config);
  update({spec("a"), spec("b")});
  set_healthy({"a", "b"}, false);
  EXPECT_EQ(set_->pick({start}, random_), nullptr);
  EXPECT_FALSE(set_->panics());
}

TEST_F(EndpointSetTest, WhatIsEjectedIsNotPickedUntilItComesBack) {
  update({spec("a"), spec("b"), spec("c")});
  set_->set_ejected(List{"b"}, start);
  EXPECT_EQ(picked(), (Names{"a", "c"}));
  set_->set_ejected(List{"a", "unknown"}, start);
  EXPECT_EQ(picked(), (Names{"b", "c"}));
  set_healthy({"b"}, false);
  EXPECT_TRUE(set_->panics()) << "one of three is available";
  set_->set_ejected({}, start);
  EXPECT_EQ(picked(), (Names{"a", "c"}));
}

TEST_F(EndpointSetTest, OneThatComesBackIsNotJudgedByWhatItWasEjectedFor) {
  update({spec("a"), spec("b"), spec("c")});
  set_->answered(*find("a"), 2ms, false, start);
  set_->answered(*find("b"), 1ms, true, start);
  set_->set_ejected(List{"b"}, start);
  EXPECT_EQ(find("b")->cost_ns, 5e9F);
  const TimePoint later = start + 5min;
  set_->answered(*find("a"), 2ms, false, later);
  set_->answered(*find("c"), 4ms, false, later);
  set_->set_ejected({}, later);
  EXPECT_NEAR(find("b")->cost_ns, 3e6, 1e5);
  EXPECT_EQ(picked(later).count("b"), 1u);
}

TEST_F(EndpointSetTest, WhatWasTriedIsAvoidedWhereThereIsAnother) {
  update({spec("a"), spec("b")});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(set_->pick({start, 0, find("a")}, random_), find("b"));
  update({spec("a")});
  EXPECT_EQ(set_->pick({start, 0, find("a")}, random_), find("a"));
}

// ---- Zones

TEST_F(EndpointSetTest, TheOwnZoneIsPreferredWhileEnoughOfItIsAvailable) {
  make({}, {}, "east");
  update({spec("e1", 1, "east"), spec("e2", 1, "east"), spec("e3", 1, "east"),
          spec("e4", 1, "east"), spec("w1", 1, "west"), spec("n1")});
  EXPECT_EQ(picked(), (Names{"e1", "e2", "e3", "e4"}));
  set_healthy({"e1"}, false);
  EXPECT_EQ(picked(), (Names{"e2", "e3", "e4"})) << "75% are left of the 72% it needs";
  set_healthy({"e2"}, false);
  EXPECT_EQ(picked(), (Names{"e3", "e4", "n1", "w1"}));
}

TEST_F(EndpointSetTest, WithoutEndpointsInTheOwnZoneAllAreUsed) {
  make({}, {}, "north");
  update({spec("e", 1, "east"), spec("w", 1, "west"), spec("n", 0, "north")});
  EXPECT_EQ(picked(), (Names{"e", "w"}));
}

TEST_F(EndpointSetTest, AZoneSpillOfZeroMeansNoPreference) {
  LoadBalancingConfig config;
  config.zone_spill = Ratio{0};
  make(config, {}, "east");
  update({spec("e", 1, "east"), spec("w", 1, "west")});
  EXPECT_EQ(picked(), (Names{"e", "w"}));
}

TEST_F(EndpointSetTest, InPanicTheZoneMeansNothing) {
  make({}, {}, "east");
  update({spec("e", 1, "east"), spec("w1", 1, "west"), spec("w2", 1, "west")});
  set_healthy({"w1", "w2"}, false);
  EXPECT_TRUE(set_->panics());
  EXPECT_EQ(picked(), (Names{"e", "w1", "w2"}));
}

// ---- Configuration

TEST_F(EndpointSetTest, AChangeOfConfigurationKeepsTheEndpoints) {
  update({spec("a"), spec("b")});
  Endpoint* a = find("a");
  set_->started(*a);
  set_->set_healthy("b", false, start);
  LoadBalancingConfig config;
  config.algorithm = LoadBalancingConfig::Algorithm::round_robin;
  config.panic_threshold = Ratio{0};
  set_->configure(config, {}, start);
  EXPECT_EQ(find("a"), a);
  EXPECT_EQ(a->in_flight, 1u);
  EXPECT_EQ(picked(), (Names{"a"}));
  set_->set_healthy("b", true, start);
  EXPECT_EQ(set_->pick({start}, random_) == a, set_->pick({start}, random_) != a) << "in turns";
}

// ---- Any schedule

class Schedule final {
 public:
  explicit Schedule(std::uint64_t seed) : random_(seed) {
    config_.algorithm = static_cast<LoadBalancingConfig::Algorithm>(seed % 6);
    config_.table_size = 101;
    set_ = std::make_unique<EndpointSet>(config_, SlowStartConfig{5s, Ratio{0.1}}, "east");
    update();
  }

  void step() {
    now_ += Duration(random_.below(2'000'000'000));
    switch (random_.below(8)) {
      case 0:
        return update();
      case 1:
        return set_->set_healthy(address(), random_.below(2) == 0, now_);
      case 2:
        return set_->forget_removed();
      case 3:
      case 4:
        return end_one();
      default:
        return start_one();
    }
  }

  void finish() {
    while (!running_.empty()) end_one();
    set_->forget_removed();
    for (const auto& endpoint : set_->endpoints()) EXPECT_EQ(endpoint->in_flight, 0u);
  }

 private:
  std::string address() { return "10.0.0." + std::to_string(random_.below(8)) + ":80"; }

  void update() {
    std::vector<EndpointSpec> specs;
    for (std::uint64_t n = random_.below(8); n > 0; --n)
      specs.push_back(spec(address(), static_cast<std::uint32_t>(random_.below(4)),
                           random_.below(2) == 0 ? "east" : "west"));
    set_->update(
        specs, now_, [&](Endpoint& e) { EXPECT_TRUE(known_.insert(&e).second); },
        [&](Endpoint& e) { EXPECT_EQ(known_.erase(&e), 1u); });
  }

  void start_one() {
    const Endpoint* avoid = running_.empty() ? nullptr : running_.back();
    Endpoint* picked = set_->pick({now_, random_.next(), avoid}, random_);
    std::size_t with_weight = 0;
    std::size_t healthy = 0;
    for (const auto& e : set_->endpoints()) {
      with_weight += e->weight > 0;
      healthy += e->weight > 0 && e->healthy;
    }
    EXPECT_EQ(picked == nullptr, with_weight == 0) << "panic leaves nobody out";
    if (picked == nullptr) return;
    EXPECT_TRUE(known_.contains(picked)) << "what left gets nothing";
    EXPECT_GT(picked->weight, 0u);
    EXPECT_TRUE(picked->healthy || 2 * healthy < with_weight);
    set_->started(*picked);
    running_.push_back(picked);
  }

  void end_one() {
    if (running_.empty()) return;
    const std::size_t at = random_.below(running_.size());
    Endpoint& endpoint = *running_[at];
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(at));
    if (random_.below(3) > 0)
      set_->answered(endpoint, Duration(random_.below(1'000'000'000)), random_.below(2) == 0, now_);
    EXPECT_GT(endpoint.cost_ns, 0);
    set_->ended(endpoint);
  }

  Random random_;
  LoadBalancingConfig config_;
  TimePoint now_ = start;
  std::unique_ptr<EndpointSet> set_;
  std::vector<Endpoint*> running_;
  std::set<const Endpoint*> known_;  // By `added` and `removed`.
};

TEST(EndpointSetSchedules, WhateverHappensOnlyMembersArePickedAndNothingStaysInFlight) {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE(seed);
    Schedule schedule(seed);
    for (int i = 0; i < 300; ++i) schedule.step();
    schedule.finish();
  }
}

}  // namespace
}  // namespace skiff
