#include "config/schema/bulkhead.h"

#include "config/schema/shape.h"

namespace skiff {
namespace {

void check_limit(const BulkheadLimitConfig& config, const Complain& complain) {
  if (!config.adaptive || config.adaptive->min_concurrent <= config.max_concurrent) return;
  complain("adaptive",
           "minConcurrent " + std::to_string(config.adaptive->min_concurrent) +
               " is more than maxConcurrent",
           "at most " + std::to_string(config.max_concurrent));
}

}  // namespace

std::vector<std::string_view> criticality_names() { return {"SHEDDABLE", "NORMAL", "CRITICAL"}; }

Shape describe(Of<AdaptiveLimitConfig>) {
  using Config = AdaptiveLimitConfig;
  Shape shape = Shape::of<Config>(
      "Finds the limit while running: it grows while answers stay fast, and shrinks when they "
      "become slow.");
  shape.field("minConcurrent", &Config::min_concurrent, "It never sinks below that.")
      .range(1, 1'000'000);
  shape.field("quantile", &Config::quantile,
              "The latency that tells how busy the target is: this share of requests was faster.");
  shape.field("window", &Config::window, "How often it is adjusted.")
      .range(Milliseconds(10), std::chrono::minutes(10));
  return shape;
}

Shape describe(Of<BulkheadLimitConfig>) {
  using Config = BulkheadLimitConfig;
  Shape shape = Shape::of<Config>("How many requests may be in flight at once.");
  shape
      .field("maxConcurrent", &Config::max_concurrent,
             "In flight, from the request to the end of its answer.")
      .range(1, 1'000'000);
  shape.field("maxQueue", &Config::max_queue, "Wait for that; more get 503 bulkhead_full.")
      .range(0, 1'000'000);
  shape.field("maxWait", &Config::max_wait, "Wait at most so long; then 503 bulkhead_timeout.")
      .range(Milliseconds(1), std::chrono::minutes(10));
  shape
      .field("order", &Config::order,
             "Who is next: FIFO: who waits longest. LIFO: who came last, who most likely is still "
             "wanted.")
      .one_of({"FIFO", "LIFO"});
  shape.field("adaptive", &Config::adaptive,
              "Finds the limit while running, up to maxConcurrent. Left out: it is maxConcurrent.");
  shape.check(&check_limit);
  return shape;
}

Shape describe(Of<BulkheadConfig>) {
  using Config = BulkheadConfig;
  Shape shape =
      Shape::of<Config>("Limits of what is in flight, so that one slow part does not take all.");
  shape.field("target", &Config::target, "Of all requests to the target, of all workers.");
  shape.field("endpoint", &Config::endpoint, "Of the requests to each endpoint.");
  shape.field("caller", &Config::caller,
              "Of the requests of each caller's identity, where they arrive.");
  return shape;
}

}  // namespace skiff
