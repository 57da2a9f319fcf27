#include "config/schema/traffic_policy.h"

#include "config/schema/item_path.h"
#include "config/schema/shape.h"

namespace skiff {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Milliseconds off{0};
constexpr Milliseconds shortest{1};

bool is_prime(std::uint32_t number) {
  if (number < 2) return false;
  for (std::uint32_t i = 2; i * i <= number; ++i) {
    if (number % i == 0) return false;
  }
  return true;
}

void check_timeouts(const TimeoutsConfig& timeouts, const Complain& complain) {
  if (timeouts.request == off) return;
  const auto check = [&](std::string_view name, Milliseconds value) {
    if (value <= timeouts.request) return;
    complain(name, to_text(value) + " is longer than request",
             "at most " + to_text(timeouts.request));
  };
  check("connect", timeouts.connect);
  check("perTry", timeouts.per_try);
  check("responseHeaders", timeouts.response_headers);
}

void check_table(const LoadBalancingConfig& config, const Complain& complain) {
  if (config.algorithm != LoadBalancingConfig::Algorithm::maglev || is_prime(config.table_size)) {
    return;
  }
  complain("tableSize", std::to_string(config.table_size) + " is not a prime, as MAGLEV needs",
           "a prime such as 5003 or 65537");
}

void check_health(const HealthCheckConfig& check, const Complain& complain) {
  if (check.timeout <= check.interval) return;
  complain("timeout", to_text(check.timeout) + " is longer than interval",
           "at most " + to_text(check.interval));
}

// What can never be reached was not meant so.
void check_fallback(const TrafficPolicy& policy, const Complain& complain) {
  bool has_cached = false;
  for (std::size_t i = 0; i < policy.fallback.size(); ++i) {
    const bool is_cached = policy.fallback[i].type == FallbackStep::Type::cached;
    const bool is_static = policy.fallback[i].type == FallbackStep::Type::static_answer;
    if (is_cached && has_cached) complain(item("fallback", i), "is a second CACHED", "one");
    if (is_static && i + 1 < policy.fallback.size()) {
      complain(item("fallback", i), "stands before others, though STATIC always answers",
               "STATIC as the last");
    }
    has_cached |= is_cached;
  }
}

void describe_estimates(Shape& shape) {
  shape
      .field("initialRtt", &LoadBalancingConfig::initial_rtt,
             "What an endpoint without history is taken to need.")
      .range(shortest, minutes(1))
      .only_for("algorithm", {"P2C_EWMA"});
  shape
      .field("decay", &LoadBalancingConfig::decay,
             "After this time an old estimate weighs 1/e of what it did.")
      .range(shortest, hours(1))
      .only_for("algorithm", {"P2C_EWMA"});
  shape
      .field("errorPenalty", &LoadBalancingConfig::error_penalty,
             "What a fast 5xx or 429 is priced at, so that errors attract nothing.")
      .range(off, minutes(5))
      .only_for("algorithm", {"P2C_EWMA"});
}

Shape describe_spec() {
  Shape shape = Shape::of<TrafficPolicy>("How the targets are called.");
  shape
      .field("targetRefs", &TrafficPolicy::target_refs,
             "What it is for. The most specific policy wins, whole; ties: older, then name.")
      .shaped(describe_target_ref())
      .items(1, 16)
      .required();
  shape.field("timeouts", &TrafficPolicy::timeouts, "How long each part of a call may take.");
  shape.field("retry", &TrafficPolicy::retry, "When a request is sent again.");
  shape.field(
      "waitForReady", &TrafficPolicy::wait_for_ready,
      "Holds a request that no endpoint accepts until one does. Left out: it fails at once.");
  shape.field("circuitBreaker", &TrafficPolicy::circuit_breaker,
              "Stops calling a target that fails or hangs. Left out: does not.");
  shape.field("outlierEjection", &TrafficPolicy::outlier_ejection,
              "Leaves out single endpoints that fail. Left out: does not.");
  shape.field("bulkhead", &TrafficPolicy::bulkhead,
              "How many requests may be in flight. A scope that is left out has no limit.");
  shape
      .field("criticality", &TrafficPolicy::criticality,
             "How much its requests matter, where they do not say so themselves "
             "(x-skiff-criticality): the lowest is shed first.")
      .one_of(criticality_names());
  shape.field("connectionPool", &TrafficPolicy::connection_pool, "Connections to the endpoints.");
  shape.field("loadBalancing", &TrafficPolicy::load_balancing, "Which endpoint gets a request.");
  shape.field("slowStart", &TrafficPolicy::slow_start, "How a new endpoint is eased in.");
  shape.field("healthCheck", &TrafficPolicy::health_check,
              "Asks each endpoint whether it works. Left out: no checks.");
  shape
      .field("fallback", &TrafficPolicy::fallback,
             "What answers where the target fails: the first of these that can. A route's own "
             "stands instead of its targets'.")
      .items(1, 8);
  shape.check(&check_fallback);
  return shape;
}

}  // namespace

Shape describe(Of<TimeoutsConfig>) {
  Shape shape = Shape::of<TimeoutsConfig>("How long each part of a call may take.");
  shape
      .field("connect", &TimeoutsConfig::connect,
             "Until a connection to an endpoint stands, the TLS handshake included.")
      .range(shortest, minutes(10));
  shape
      .field("request", &TimeoutsConfig::request,
             "The whole exchange, tries and waits included. 0s: no limit.")
      .range(off, hours(24));
  shape
      .field("perTry", &TimeoutsConfig::per_try,
             "One attempt, until the head of its answer; retry.conditions says whether another "
             "follows. 0s: "
             "no limit.")
      .range(off, hours(24));
  shape
      .field("responseHeaders", &TimeoutsConfig::response_headers,
             "From the request's end to the head of its answer. 0s: no limit.")
      .range(off, hours(24));
  shape
      .field("streamIdle", &TimeoutsConfig::stream_idle,
             "Without a byte either way within a request. 0s: no limit.")
      .range(off, hours(24));
  shape
      .field("connectionIdle", &TimeoutsConfig::connection_idle,
             "How long an unused connection is kept; lowered when backends close earlier.")
      .range(shortest, hours(24));
  shape.check(&check_timeouts);
  return shape;
}

Shape describe(Of<ConnectionPoolConfig>) {
  Shape shape = Shape::of<ConnectionPoolConfig>("Connections to the endpoints.");
  shape
      .field("maxConnections", &ConnectionPoolConfig::max_connections,
             "Open connections per endpoint and worker.")
      .range(1, 1'000'000);
  shape
      .field(
          "maxWaiting", &ConnectionPoolConfig::max_waiting,
          "Requests that wait for a connection, per endpoint and worker; more get 503 pool_full.")
      .range(0, 1'000'000);
  shape
      .field("maxWait", &ConnectionPoolConfig::max_wait,
             "How long a request waits for a connection before it gets 503 pool_timeout.")
      .range(off, hours(1));
  shape
      .field("maxRequestsPerConnection", &ConnectionPoolConfig::max_requests_per_connection,
             "After so many requests a connection is closed. 0: no limit.")
      .range(0, UINT32_MAX);
  shape
      .field("maxIdle", &ConnectionPoolConfig::max_idle,
             "Unused connections kept, per endpoint and worker.")
      .range(0, 1'000'000);
  return shape;
}

Shape describe(Of<HashKey>) {
  Shape shape = Shape::of<HashKey>("What makes two requests go to the same endpoint.");
  shape.field("type", &HashKey::type, "Where the key is taken from.")
      .one_of({"Header", "Cookie", "SourceAddress"});
  shape.field("name", &HashKey::name, "Of the header or cookie.")
      .obeys(text_rules::header_name)
      .required()
      .only_for("type", {"Header", "Cookie"});
  return shape;
}

Shape describe(Of<LoadBalancingConfig>) {
  Shape shape = Shape::of<LoadBalancingConfig>("Which endpoint gets a request.");
  shape
      .field("algorithm", &LoadBalancingConfig::algorithm,
             "P2C_EWMA: the better of two by response time and load. LEAST_REQUEST: the better of "
             "two by requests in flight. RING_HASH, MAGLEV: by hashKey.")
      .one_of({"P2C_EWMA", "LEAST_REQUEST", "ROUND_ROBIN", "RANDOM", "RING_HASH", "MAGLEV"});
  shape.field("hashKey", &LoadBalancingConfig::hash_key, "What is hashed.")
      .only_for("algorithm", {"RING_HASH", "MAGLEV"});
  shape
      .field("tableSize", &LoadBalancingConfig::table_size,
             "MAGLEV: entries of the table, a prime. RING_HASH: points on the ring, at least.")
      .range(1, 5'000'011)
      .only_for("algorithm", {"RING_HASH", "MAGLEV"});
  describe_estimates(shape);
  shape.field("panicThreshold", &LoadBalancingConfig::panic_threshold,
              "With fewer endpoints available than this share, all are used. 0%: never.");
  shape.field(
      "zoneSpill", &LoadBalancingConfig::zone_spill,
      "Requests stay in their zone while this share of it is available. 0%: no preference.");
  shape.check(&check_table);
  return shape;
}

Shape describe(Of<SlowStartConfig>) {
  Shape shape = Shape::of<SlowStartConfig>("How a new endpoint is eased in.");
  shape
      .field("window", &SlowStartConfig::window,
             "How long until it gets its full share. 0s: at once.")
      .range(off, hours(1));
  shape.field("initial", &SlowStartConfig::initial, "The share of its weight that it begins with.");
  return shape;
}

Shape describe(Of<HealthCheckConfig>) {
  Shape shape = Shape::of<HealthCheckConfig>("Asks each endpoint whether it works.");
  shape.field("type", &HealthCheckConfig::type, "HTTP: a GET. TCP: a connection is enough.")
      .one_of({"HTTP", "TCP"});
  shape.field("path", &HealthCheckConfig::path, "What to GET.")
      .obeys(text_rules::absolute_path)
      .only_for("type", {"HTTP"});
  shape.field("host", &HealthCheckConfig::host, "The Host header. Left out: the service's name.")
      .obeys(text_rules::dns_name)
      .only_for("type", {"HTTP"});
  shape
      .field("expectedStatuses", &HealthCheckConfig::expected_statuses,
             "Which answers mean that it works. Left out: 200 to 299.")
      .range(100, 599)
      .items(1, 100)
      .only_for("type", {"HTTP"});
  shape.field("interval", &HealthCheckConfig::interval, "From one check to the next.")
      .range(Milliseconds(10), hours(24));
  shape.field("timeout", &HealthCheckConfig::timeout, "How long an answer may take.")
      .range(shortest, minutes(10));
  shape
      .field("healthyThreshold", &HealthCheckConfig::healthy_threshold,
             "Good checks in a row after which it is used again.")
      .range(1, 1'000);
  shape
      .field("unhealthyThreshold", &HealthCheckConfig::unhealthy_threshold,
             "Bad checks in a row after which it is not used.")
      .range(1, 1'000);
  shape.check(&check_health);
  return shape;
}

Shape describe(Of<TrafficPolicy>) {
  Shape shape = Shape::of<TrafficPolicy>("How one service, or one route, is called.");
  shape.constant("apiVersion", {"skiff.dev/v1"}, "The version of this kind.");
  shape.constant("kind", {"TrafficPolicy"}, "This kind.");
  shape.field("metadata", &TrafficPolicy::metadata, "Its name.").required();
  shape.part("spec", describe_spec(), "What it says.").required();
  shape.position(&TrafficPolicy::position);
  return shape;
}

}  // namespace skiff
