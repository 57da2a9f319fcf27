#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "config/schema/described.h"

namespace skiff {

// How much a caller or a route matters: the lowest is shed first. Sent along from hop to hop.
enum class Criticality : std::uint8_t { sheddable, normal, critical };

// A limit that is found while running: it grows while latency stays low and shrinks when it rises.
// Source: Netflix, concurrency-limits, "Gradient2"; the quantile instead of a mean is ours.
struct AdaptiveLimitConfig {
  std::uint32_t min_concurrent = 8;
  Ratio quantile{0.1};         // The low quantile of a window that tells how busy the target is.
  Milliseconds window{1'000};  // How often the limit is adjusted.
};

// How many requests may be in flight at once, and how many may wait for that.
struct BulkheadLimitConfig {
  enum class Order { fifo, lifo };

  std::uint32_t max_concurrent = 1'024;
  std::uint32_t max_queue = 128;
  Milliseconds max_wait{
      100};  // 503 `bulkhead_timeout` after it; a full queue: 503 `bulkhead_full`.
  Order order = Order::fifo;
  std::optional<AdaptiveLimitConfig> adaptive;
};

// A limit for each scope that is named.
struct BulkheadConfig {
  std::optional<BulkheadLimitConfig> target;
  std::optional<BulkheadLimitConfig> endpoint;  // Each of them.
  std::optional<BulkheadLimitConfig> caller;    // Each identity; where requests arrive.
};

Shape describe(Of<AdaptiveLimitConfig>);
Shape describe(Of<BulkheadLimitConfig>);
Shape describe(Of<BulkheadConfig>);

std::vector<std::string_view> criticality_names();

}  // namespace skiff
