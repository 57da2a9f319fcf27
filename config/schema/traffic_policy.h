#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/schema/bulkhead.h"
#include "config/schema/circuit_breaker.h"
#include "config/schema/common.h"
#include "config/schema/described.h"
#include "config/schema/fallback.h"
#include "config/schema/outlier_ejection.h"
#include "config/schema/retry.h"
#include "config/schema/wait_for_ready.h"

namespace skiff {

// Each names the reason of its 504; a retry may follow `timeout_connect` and `timeout_per_try`.
struct TimeoutsConfig {
  Milliseconds connect{1'000};
  Milliseconds request{15'000};         // The whole exchange, tries and waits included. 0s: none.
  Milliseconds per_try{0};              // One attempt, to its answer's head. 0s: none.
  Milliseconds response_headers{0};     // Request sent to answer's head. 0s: none.
  Milliseconds stream_idle{300'000};    // No byte either way. 0s: none.
  Milliseconds connection_idle{4'000};  // To a backend; lowered when backends close earlier.
};

struct ConnectionPoolConfig {
  std::uint32_t max_connections = 1'024;  // Per endpoint and worker.
  std::uint32_t max_waiting =
      1'024;                     // Requests that wait for a connection; per endpoint and worker.
  Milliseconds max_wait{1'000};  // 503 `pool_timeout` after it; a full queue: 503 `pool_full`.
  std::uint32_t max_requests_per_connection = 0;  // 0: no limit.
  std::uint32_t max_idle = 256;                   // Per endpoint and worker.
};

struct HashKey {
  enum class Type { header, cookie, source_address };
  Type type = Type::source_address;
  std::string name;  // Of the header or cookie.

  bool operator==(const HashKey&) const = default;
};

struct LoadBalancingConfig {
  enum class Algorithm { p2c_ewma, least_request, round_robin, random, ring_hash, maglev };
  Algorithm algorithm = Algorithm::p2c_ewma;
  HashKey hash_key;              // For ring_hash and maglev.
  Milliseconds initial_rtt{30};  // p2c_ewma: what an endpoint without history is taken to need.
  Milliseconds decay{10'000};    // p2c_ewma: after it an old estimate weighs 1/e.
  Milliseconds error_penalty{5'000};  // p2c_ewma: what a fast 5xx or 429 is priced at.
  std::uint32_t table_size = 65'537;  // maglev: a prime. ring_hash: points on the ring, at least.
  Ratio panic_threshold{0.5};  // With fewer endpoints available than this, all are used. 0%: never.
  Ratio zone_spill{
      0.72};  // Own zone only while at least this share of it is available. 0%: no preference.

  bool operator==(const LoadBalancingConfig&) const = default;
};

struct SlowStartConfig {
  Milliseconds window{0};  // 0s: off.
  Ratio initial{0.1};      // Share of its weight that a new endpoint begins with.

  bool operator==(const SlowStartConfig&) const = default;
};

struct HealthCheckConfig {
  enum class Type { http, tcp };
  Type type = Type::http;
  std::string path = "/health";                  // http.
  std::string host;                              // http; empty: the service's name.
  std::vector<std::uint16_t> expected_statuses;  // http; empty: 200 to 299.
  Milliseconds interval{10'000};
  Milliseconds timeout{1'000};
  std::uint32_t healthy_threshold = 2;
  std::uint32_t unhealthy_threshold = 3;
};

// How one service is called. Attached by `targetRefs` (GEP-713): the most specific wins whole;
// ties: older, then name.
struct TrafficPolicy {
  Metadata metadata;
  std::vector<ObjectRef> target_refs;  // Service, or HTTPRoute (sectionName: a rule).
  TimeoutsConfig timeouts;
  RetryConfig retry;
  std::optional<WaitForReadyConfig> wait_for_ready;
  std::optional<CircuitBreakerConfig> circuit_breaker;
  std::optional<OutlierEjectionConfig> outlier_ejection;
  BulkheadConfig bulkhead;
  Criticality criticality = Criticality::normal;  // Of requests that say none themselves.
  ConnectionPoolConfig connection_pool;
  LoadBalancingConfig load_balancing;
  SlowStartConfig slow_start;
  std::optional<HealthCheckConfig> health_check;
  FallbackConfig fallback;  // Empty: a failure is what the caller gets.
  Position position;
};

Shape describe(Of<TimeoutsConfig>);
Shape describe(Of<ConnectionPoolConfig>);
Shape describe(Of<HashKey>);
Shape describe(Of<LoadBalancingConfig>);
Shape describe(Of<SlowStartConfig>);
Shape describe(Of<HealthCheckConfig>);
Shape describe(Of<TrafficPolicy>);

}  // namespace skiff
