#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "config/schema/retry.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/policy/latency_window.h"
#include "sidecar/policy/pauses.h"
#include "sidecar/policy/retry_budget.h"
#include "sidecar/transport/loop.h"

namespace skiff {

// Of one target, by all workers.
struct HedgeCounts {
  std::atomic<std::uint64_t> sent = 0;
  std::atomic<std::uint64_t> won = 0;  // Of those: answered first.
};

// What hedging needs; outlives it.
struct HedgeTools {
  Loop& loop;
  Pauses& pauses;
  RetryBudget& budget;
  HedgeCounts& counts;
};

// Sends a request once more, to another endpoint where there is one, when its answer takes longer
// than most of the target's: `quantile` of the last seconds. Who answers first wins, the other is
// cancelled; where one fails, the other is waited for.
//
//   one under way --its quantile passes--> two under way --one answers, the other cancelled--> over
//
// Only where a retry would be allowed: doing it twice does no harm, the whole body is at hand, the
// budget allows it, and the request is not the retry or hedge of a sidecar in front of us.
// The second attempt is an exchange of its own, which lives no longer than the first.
//
// Source: J. Dean and L. Barroso, "The Tail at Scale" (2013), hedged requests.
class Hedge final : public Forwarder {
 public:
  Hedge(const HedgeTools& tools, Forwarder& inner) : tools_(tools), inner_(inner) {}

  void configure(const RetryConfig& config) {
    hedging_ = of(config) != nullptr ? config.hedging : std::nullopt;
  }

  void forward(Exchange& exchange, Reply& reply) override {
    const HedgingConfig* const hedging = exchange.retry != nullptr ? of(*exchange.retry)
                                         : hedging_                ? &*hedging_
                                                                   : nullptr;
    hedging == nullptr ? inner_.forward(exchange, reply) : hedge(*hedging, exchange, reply);
  }

 private:
  class Call;
  class Extra;

  // Null: it is off, or all retries are.
  static const HedgingConfig* of(const RetryConfig& config) {
    return config.attempts > 0 && config.hedging ? &*config.hedging : nullptr;
  }
  void hedge(const HedgingConfig& config, Exchange& exchange, Reply& reply);

  const HedgeTools tools_;
  Forwarder& inner_;
  std::optional<HedgingConfig> hedging_;   // Nothing: null, as above.
  std::unique_ptr<LatencyWindow> window_;  // Made for the first request that may be hedged.
  Exchanges spare_;
};

}  // namespace skiff
