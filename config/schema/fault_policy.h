#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/schema/common.h"
#include "config/schema/http_route.h"
#include "config/schema/retry.h"

namespace skiff {

// `fixed`, or uniformly between `min` and `max`.
struct FaultDelay {
  std::optional<Milliseconds> fixed;
  std::optional<Milliseconds> min;
  std::optional<Milliseconds> max;
};

struct FaultAbort {
  std::uint16_t status = 503;
  std::optional<GrpcStatus> grpc_status;  // To calls of gRPC. Left out: UNAVAILABLE.
};

// One thing that goes wrong on purpose: a delay, and what follows it.
struct Fault {
  Ratio percent{1};                 // Of the requests that it is for.
  std::vector<HTTPHeader> headers;  // Only requests that say all of these.
  std::optional<FaultDelay> delay;  // It counts against the deadline.
  std::optional<FaultAbort> abort;  // An answer instead of the target's.
  bool reset = false;               // The client's connection breaks.
  Position position;
};

// Makes requests go wrong on purpose, for a while. Each fault is drawn by itself; of those that are
// drawn the first delay counts, and the first abort or reset. Attached by `targetRefs` (GEP-713):
// the most specific wins whole: a rule, its route, a port of a service, the service, a listener of
// a Gateway, the Gateway; ties: older, then name.
struct FaultPolicy {
  Metadata metadata;
  std::vector<ObjectRef> target_refs;
  std::vector<Fault> faults;
  Milliseconds ttl{0};  // From when a sidecar first sees it; then it has no effect any more.
  Position position;
};

Shape describe(Of<FaultDelay>);
Shape describe(Of<FaultAbort>);
Shape describe(Of<Fault>);
Shape describe(Of<FaultPolicy>);

}  // namespace skiff
