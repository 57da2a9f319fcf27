#include "sidecar/app/target.h"

#include <malloc.h>

#include <algorithm>
#include <cstdio>

#include "tests/support/target_fixture.h"

namespace skiff {
namespace {

using namespace std::chrono_literals;

// Nobody is there: whom a target calls is noted, and each call fails.
class TargetTest : public test::TargetFixture {
 protected:
  TargetTest() {
    spec.name = "order.shop";
    spec.policy.retry.attempts = 0;
    spec.policy.load_balancing.algorithm = LoadBalancingConfig::Algorithm::round_robin;
    std::vector<EndpointSpec> endpoints(3);
    for (std::size_t i = 0; i < 3; ++i) endpoints[i].address = address(i);
    spec.endpoints = endpoints;
  }

  static std::string address(std::size_t index) {
    return "10.0.0." + std::to_string(index + 1) + ":80";
  }

  ErrorKind call(Target& target) {
    Call& made = make_call();
    target.forward(made.exchange, made.reply);
    turn();
    return made.reply.errors.empty() ? ErrorKind::none : made.reply.errors[0].kind;
  }
  // Whom so many calls went to.
  std::vector<std::string> called(Target& target, int times) {
    dialed.clear();
    for (int i = 0; i < times; ++i) call(target);
    std::sort(dialed.begin(), dialed.end());
    dialed.erase(std::unique(dialed.begin(), dialed.end()), dialed.end());
    return dialed;
  }

  // The same, where each of them answers somebody else right after.
  std::vector<std::string> called_among_working(Target& target, int times) {
    std::vector<std::string> all;
    for (int i = 0; i < times; ++i) {
      for (const std::string& address : called(target, 1)) {
        all.push_back(address);
        const auto watch = states.of(spec.name)->ejection().get()->watch(address);
        const auto ticket = *watch->admit(loop.now());
        watch->answered(ticket, Outcome::success, 1ms, loop.now());
        watch->released(ticket, loop.now());
      }
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  // Of the process's heap, what one target of `spec` takes, with its endpoints, which were never
  // called. Of many, so that it is what stays.
  std::size_t heap_of_a_target() {
    constexpr std::size_t count = 1'000;
    std::vector<std::unique_ptr<Target>> targets;
    targets.reserve(count);
    TargetSpec each = spec;
    const struct mallinfo2 before = ::mallinfo2();
    for (std::size_t i = 0; i < count; ++i) {
      each.name = "target-" + std::to_string(i) + ".a-namespace";
      targets.push_back(std::make_unique<Target>(context, each));
    }
    const struct mallinfo2 after = ::mallinfo2();
    return (after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) / count;
  }

  TargetSpec spec;
};

TEST_F(TargetTest, ItsBreakerIsAllWorkersAndOutlivesChanges) {
  spec.policy.circuit_breaker.emplace().consecutive_failures = 2;
  Target one(context, spec);
  Target other(context, spec);
  EXPECT_EQ(call(one), ErrorKind::connect_failed);
  EXPECT_EQ(call(other), ErrorKind::connect_failed);
  EXPECT_EQ(dialed.size(), 2u);
  EXPECT_EQ(call(one), ErrorKind::circuit_open);
  EXPECT_EQ(call(other), ErrorKind::circuit_open);
  EXPECT_EQ(dialed.size(), 2u) << "nobody was called";

  spec.policy.timeouts.request = 3s;
  spec.policy.circuit_breaker->minimum_number_of_calls = 7;
  one.update(spec);
  EXPECT_EQ(call(one), ErrorKind::circuit_open);
  spec.policy.circuit_breaker.reset();
  one.update(spec);
  EXPECT_EQ(call(one), ErrorKind::connect_failed);
}

TEST_F(TargetTest, NoWorkerCallsAnEndpointThatIsEjected) {
  OutlierEjectionConfig& config = spec.policy.outlier_ejection.emplace();
  config.consecutive_failures = 2;
  config.base_ejection_time = config.max_ejection_time = 10s;
  Target one(context, spec);
  Target other(context, spec);
  EXPECT_EQ(called(one, 3).size(), 3u);
  EXPECT_EQ(called(one, 1).size(), 1u);
  const std::vector<std::string> out = states.of("order.shop")->ejection().get()->ejected();
  ASSERT_EQ(out.size(), 1u);
  for (Target* target : {&one, &other}) {
    const std::vector<std::string> used = called_among_working(*target, 12);
    EXPECT_EQ(used.size(), 2u) << "two of three stay";
    EXPECT_EQ(std::count(used.begin(), used.end(), out[0]), 0);
  }
  spec.policy.timeouts.request = 3s;
  one.update(spec);
  EXPECT_EQ(called_among_working(one, 12).size(), 2u);

  pass(11s);
  EXPECT_EQ(called(other, 1).size(), 1u);
  const std::vector<std::string> now = states.of("order.shop")->ejection().get()->ejected();
  EXPECT_NE(now, out) << "it is back, and another may be out";
  spec.policy.outlier_ejection.reset();
  one.update(spec);
  EXPECT_EQ(called(one, 12).size(), 3u);
}

TEST_F(TargetTest, NoWorkerChoosesAnEndpointThatOthersHaveFilled) {
  BulkheadLimitConfig& limit = spec.policy.bulkhead.endpoint.emplace();
  limit.max_concurrent = 1;
  limit.max_queue = 0;
  Target other(context, spec);
  const auto full = states.of("order.shop")->bulkheads().endpoint(address(1));
  ASSERT_TRUE(full->try_admit());
  for (int i = 0; i < 12; ++i) EXPECT_EQ(call(other), ErrorKind::connect_failed);
  EXPECT_EQ(called(other, 12), (std::vector<std::string>{address(0), address(2)}));

  full->released(loop.now());
  EXPECT_EQ(called(other, 12).size(), 3u);
}

TEST_F(TargetTest, WhatProbesMeetEjectsNobodyAndTheyNeedNoPlace) {
  spec.policy.outlier_ejection.emplace().consecutive_failures = 2;
  spec.policy.bulkhead.endpoint.emplace().max_concurrent = 1;
  Target target(context, spec);
  Forwarder* const way = target.way_for_probes(address(0));
  ASSERT_NE(way, nullptr);
  for (int i = 0; i < 5; ++i) {
    Call& probe = make_call();
    way->forward(probe.exchange, probe.reply);
    turn();
    ASSERT_EQ(probe.reply.errors.size(), 1u);
  }
  EXPECT_EQ(called(target, 3).size(), 3u);
  EXPECT_EQ(target.way_for_probes("10.0.0.9:80"), nullptr);
}

TEST_F(TargetTest, AllItsPoliciesTakeLittleMemory) {
  const std::size_t with_endpoints = heap_of_a_target();
  const std::size_t count = spec.endpoints.size();
  spec.endpoints = {};
  const std::size_t without = heap_of_a_target();
  spec.policy.retry.hedging.emplace();
  spec.policy.wait_for_ready.emplace();
  spec.policy.circuit_breaker.emplace().slow_call_duration_threshold = 1s;
  spec.policy.bulkhead.target.emplace();
  spec.policy.bulkhead.caller.emplace();
  spec.policy.outlier_ejection.emplace();
  const std::size_t with = heap_of_a_target();
  std::printf("a target takes %zu bytes, with every policy %zu; an endpoint %zu\n", without, with,
              (with_endpoints - without) / count);
  EXPECT_LE(with, 4096u);
}

}  // namespace
}  // namespace skiff
