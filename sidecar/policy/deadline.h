#pragma once

#include <cstddef>
#include <memory>

#include "base/text_map.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/policy/latency_window.h"

namespace skiff {

// Takes over what the caller says of its request: how long it has left (`x-skiff-deadline-ms`,
// `grpc-timeout`), and which attempt of a sidecar's it is (`x-skiff-attempt`). What is malformed is
// ignored. The deadline is the earlier one of the
// caller's and ours, and the next hop is told what is left of it as the request leaves
// (sidecar/http/hop_fields.h).
//
// A request with less time left than half of those of its route needed is refused, 504
// `deadline_short`: it would only take others' place. Where no call was answered for a while nobody
// is.
//
// What comes from outside the mesh must not say `x-skiff-…` any more. Needs deadlines that say our
// own timeout (Timeouts).
class Deadline final : public Forwarder {
 public:
  // Routes beyond so many are not refused for a short deadline.
  static constexpr std::size_t most_routes = 1'000;

  // `judges`: it knows routes, and so what a request needs. All outlive it.
  Deadline(bool judges, const Clock& clock, Forwarder& inner)
      : judges_(judges), clock_(clock), inner_(inner) {}

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  LatencyWindow* window_of(std::string_view route);
  void forward_in_time(Exchange& exchange, Reply& reply);

  const bool judges_;
  const Clock& clock_;
  Forwarder& inner_;
  TextMap<std::unique_ptr<LatencyWindow>> windows_;  // By route.
};

}  // namespace skiff
