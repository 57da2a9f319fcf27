#include "config/schema/snapshot.h"
#include "config/schema/yaml_reader.h"
#include "sidecar/route/route_table.h"
#include "tests/simulation/scenario.h"

// Requests that go by routes: the real router, with all that it asks before there is a target.

namespace skiff {
namespace {

class Routes : public Scenario {
 protected:
  // Services `product`, `product-v2`, `search` and `archive`, and these policies.
  void begin(const std::string& policies) {
    std::string text;
    for (const char* name : {"product", "product-v2", "search", "archive"}) {
      text += "apiVersion: skiff.dev/v1\nkind: Service\nmetadata: {name: " + std::string(name) +
              "}\nspec: {ports: [{port: 80}], endpoints: [{address: 127.0.0.1, port: 1}, " +
              "{address: 127.0.0.1, port: 2}]}\n---\n";
    }
    const auto documents = read_text(text + policies, "policies");
    ASSERT_TRUE(documents.has_value()) << to_text(documents.error().front());
    const auto wrong = check_together(documents->resources);
    ASSERT_TRUE(wrong.empty()) << to_text(wrong.front());
    const std::shared_ptr<const RoutePlan> plan = make_route_plan(documents->resources, "default");
    for (const TargetSpec& target : plan->targets) {
      SimServiceSpec spec{.name = target.name};
      for (const KnownEndpoint& known : target.endpoints) {
        spec.endpoints.push_back({std::string(known.address), known.weight, ""});
      }
      simulation.add(spec);
      const std::string service = target.name.substr(0, target.name.find('.'));
      simulation.guard(target.name, make_route_plan(documents->resources, "default", service));
    }
    simulation.route_by(plan);
  }

  SimClient& ask(SimClientSpec spec) {
    spec.target = "product.default";
    return simulation.add(spec);
  }

  Simulation simulation{seed()};
};

INSTANTIATE_TEST_SUITE_P(Seeds, Routes, testing::ValuesIn(seeds()), seed_name);

constexpr const char* route =
    "apiVersion: gateway.networking.k8s.io/v1\n"
    "kind: HTTPRoute\n"
    "metadata: {name: product}\n"
    "spec:\n"
    "  parentRefs: [{kind: Service, name: product}]\n"
    "  rules:\n";

double share(std::uint64_t part, std::uint64_t all) {
  return static_cast<double>(part) / static_cast<double>(all);
}

TEST_P(Routes, SplitByWeightAndMatchByPathAndHeader) {
  begin(std::string(route) +
        "    - matches: [{headers: [{name: x-tester, value: \"yes\"}]}]\n"
        "      backendRefs: [{name: product-v2, port: 80}]\n"
        "    - matches: [{path: {value: /search}}]\n"
        "      backendRefs: [{name: search, port: 80}]\n"
        "    - backendRefs: [{name: product, port: 80, weight: 80},\n"
        "                    {name: product-v2, port: 80, weight: 20}]\n");
  SimClient& users = ask({.name = "users", .rate = 400});
  SimClient& searchers = ask({.name = "searchers", .path = "/search/hats?page=2"});
  SimClient& testers = ask({.name = "testers", .headers = {{"x-tester", "yes"}}});
  simulation.run_until(20s);
  expect_sound(simulation);
  const std::uint64_t sent = users.tallies().all().sent;
  // Ten times the deviation of 8,000 draws.
  EXPECT_NEAR(share(users.sent()["product-v2.default"].attempts, sent), 0.2, 0.045);
  EXPECT_EQ(searchers.sent()["search.default"].attempts, searchers.tallies().all().sent);
  EXPECT_EQ(testers.sent()["product-v2.default"].attempts, testers.tallies().all().sent);
}

TEST_P(Routes, LimitByTheTokenWhateverTheNumberOfSidecars) {
  const std::string limits =
      "apiVersion: skiff.dev/v1\n"
      "kind: RateLimitPolicy\n"
      "metadata: {name: all}\n"
      "spec:\n"
      "  targetRefs: [{kind: HTTPRoute, name: product}]\n"
      "  limits: [{name: all, rate: 50/s, burst: 100, scope: REDIS,\n"
      "            redis: {address: \"127.0.0.1:1\", timeout: 20ms, onError: ALLOW}}]\n---\n";
  begin(limits + route + "    - backendRefs: [{name: product, port: 80}]\n");
  SimClient& client = ask({.rate = 300, .sidecars = 4});
  simulation.run_until(20s);
  expect_sound(simulation);
  const Tally all = client.tallies().all();
  EXPECT_LE(all.succeeded, 50u * 20 + 100) << "rate times time, and the burst";
  EXPECT_GE(all.succeeded, 50u * 20);
  EXPECT_EQ(all.failed_by(ErrorKind::rate_limited), all.failed);
}

TEST_P(Routes, AreLimitedAtTheServiceToo) {
  begin(
      "apiVersion: skiff.dev/v1\n"
      "kind: RateLimitPolicy\n"
      "metadata: {name: all}\n"
      "spec:\n"
      "  targetRefs: [{kind: Service, name: product}]\n"
      "  limits: [{name: all, rate: 60/s, burst: 60, scope: MESH}]\n");
  SimClient& client = ask({.rate = 300});
  simulation.run_until(20s);
  expect_sound(simulation);
  const Tally all = client.tallies().all();
  EXPECT_LE(all.succeeded, 60u * 20 + 60) << "its two endpoints share it";
  EXPECT_GE(all.succeeded, 60u * 20 * 9 / 10);
  EXPECT_EQ(all.failed_by(ErrorKind::rate_limited), all.failed) << "as the answer's header says";
  EXPECT_EQ(all.attempts, all.sent) << "it was asked all the same";
}

TEST_P(Routes, FallBackToAnotherServiceWhereTheirsIsGone) {
  begin(
      "apiVersion: skiff.dev/v1\n"
      "kind: TrafficPolicy\n"
      "metadata: {name: product}\n"
      "spec:\n"
      "  targetRefs: [{kind: Service, name: product}]\n"
      "  fallback: [{type: CLUSTER, backendRef: {name: archive, port: 80}}]\n");
  SimClient& client = ask({});
  SimService& product = simulation.service("product.default");
  simulation.at(5s, [&] {
    for (const auto& instance : product.instances()) instance->crash();
  });
  simulation.run_until(15s);
  expect_sound(simulation);
  const Tally down = client.tallies().between(6s, 15s);
  EXPECT_EQ(down.failed, 0);
  EXPECT_EQ(down.degraded, down.sent);
  EXPECT_EQ(client.tallies().between(0s, 4s).degraded, 0);
}

TEST_P(Routes, CopyForAMirrorThatMayFailAsItLikes) {
  begin(
      std::string(route) +
      "    - filters: [{type: RequestMirror,\n"
      "                 requestMirror: {backendRef: {name: product-v2, port: 80}, percent: 30}}]\n"
      "      backendRefs: [{name: product, port: 80}]\n");
  SimClient& client = ask({.rate = 400});
  SimService& mirror = simulation.service("product-v2.default");
  simulation.at(5s, [&] { mirror.instance(0).hang(true); });
  simulation.at(8s, [&] { mirror.instance(1).crash(); });
  simulation.run_until(20s);
  expect_sound(simulation);
  const Tally all = client.tallies().all();
  EXPECT_EQ(all.failed, 0);
  EXPECT_LT(all.latencies.quantile(0.99), 20ms);
  const Tally before = client.tallies().between(0s, 5s);
  EXPECT_GT(client.sent()["product-v2.default"].copies, before.sent / 5);
  EXPECT_EQ(client.sent()["product-v2.default"].attempts, 0);
}

TEST_P(Routes, FailOnPurposeAsLongAsThePolicySays) {
  begin(
      "apiVersion: skiff.dev/v1\n"
      "kind: FaultPolicy\n"
      "metadata: {name: trouble}\n"
      "spec:\n"
      "  targetRefs: [{kind: Service, name: product}]\n"
      "  ttl: 10s\n"
      "  faults: [{percent: 50%, abort: {status: 503}}]\n");
  SimClient& client = ask({.rate = 400});
  simulation.run_until(20s);
  expect_sound(simulation);
  const Tally during = client.tallies().between(0s, 10s);
  EXPECT_NEAR(during.success(), 0.5, 0.08);
  EXPECT_EQ(during.failed_by(ErrorKind::fault_injected), during.failed);
  EXPECT_EQ(client.tallies().between(11s, 20s).failed, 0);
}

TEST_P(Routes, LimitTheTimeOfTheirRequests) {
  begin(std::string(route) +
        "    - backendRefs: [{name: product, port: 80}]\n"
        "      timeouts: {request: 200ms}\n");
  SimClient& client = ask({});
  simulation.at(2s, [&] {
    for (const auto& instance : simulation.service("product.default").instances())
      instance->hang(true);
  });
  simulation.run_until(6s);
  expect_sound(simulation);
  const Tally hung = client.tallies().between(3s, 6s);
  EXPECT_EQ(hung.failed_by(ErrorKind::timeout_request), hung.sent);
  EXPECT_LT(hung.refusals.quantile(1), 250ms);
}

}  // namespace
}  // namespace skiff
