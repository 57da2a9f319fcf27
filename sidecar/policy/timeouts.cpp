#include "sidecar/policy/timeouts.h"

namespace skiff {

using namespace std::chrono_literals;

void Timeouts::forward(Exchange& exchange, Reply& reply) {
  Deadlines& deadlines = exchange.deadlines;
  // A route's own timeout stands there already.
  if (!deadlines.request_by_route && config_.request > 0ms) {
    deadlines.request = exchange.started + config_.request;
  }
  if (deadlines.per_try == 0ns) deadlines.per_try = config_.per_try;
  deadlines.response_headers = config_.response_headers;
  deadlines.stream_idle = config_.stream_idle;
  inner_.forward(exchange, reply);
}

}  // namespace skiff
