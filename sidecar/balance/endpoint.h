#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "sidecar/http/endpoint_spec.h"

namespace skiff {

class Forwarder;

// One instance of a target, as one worker sees it. At most 136 bytes, with its spec and what the
// set keeps to find it, beside its address.
struct Endpoint {
  const KnownEndpoint* spec = nullptr;      // In the EndpointSet; valid until its next update().
  Forwarder* forwarder = nullptr;           // Leads to its pool; null until it is first used.
  const std::atomic<bool>* full = nullptr;  // A request would have to wait; null: never.
  std::uint64_t hash = 0;                   // Of the address, for ring and table.
  TimePoint added{};                        // For the slow start.
  TimePoint cost_at{};                      // When cost_ns was last touched.
  float cost_ns = 0;                        // Peak EWMA of the time to an answer's head.
  std::uint32_t in_flight = 0;
  std::uint32_t weight = 1;  // The spec's.
  bool healthy = true;       // By active checks.
  bool ejected = false;      // By what became of requests to it.
  bool in_zone = true;       // In this sidecar's own zone, or this sidecar has none.
  bool refuses = false;      // The last connection to it was not accepted.

  bool is_available() const { return healthy && !ejected; }
};

}  // namespace skiff
