#include "config/schema/fault_policy.h"

#include "config/schema/resource_shape.h"

namespace skiff {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Milliseconds shortest{1};

void check_delay(const FaultDelay& delay, const Complain& complain) {
  const bool is_range = delay.min.has_value() && delay.max.has_value();
  const bool is_part = delay.min.has_value() || delay.max.has_value();
  if (delay.fixed.has_value() ? is_part : !is_range) {
    return complain("", "does not say how long", "fixed, or both min and max");
  }
  if (is_range && *delay.min > *delay.max) {
    complain("min", to_text(*delay.min) + " is longer than max", "at most " + to_text(*delay.max));
  }
}

void check_fault(const Fault& fault, const Complain& complain) {
  if (!fault.delay && !fault.abort && !fault.reset) {
    complain("", "does nothing", "delay, abort or reset");
  }
  if (fault.abort && fault.reset) complain("reset", "stands beside abort", "one of them");
}

Shape describe_spec() {
  Shape shape = Shape::of<FaultPolicy>("What goes wrong on purpose, for whom, and for how long.");
  shape
      .field("targetRefs", &FaultPolicy::target_refs,
             "What it is for, where it is called. The most specific policy wins, whole; ties: "
             "older, then name.")
      .shaped(describe_fault_target_ref())
      .items(1, 16)
      .required();
  shape
      .field("faults", &FaultPolicy::faults,
             "Each is drawn by itself; the first delay counts, and the first abort or reset.")
      .items(1, 32)
      .required();
  shape
      .field("ttl", &FaultPolicy::ttl,
             "For how long, from when a sidecar first sees the policy as it is now. Then it does "
             "nothing any more, until it is changed.")
      .range(seconds(1), hours(24))
      .required();
  return shape;
}

}  // namespace

Shape describe(Of<FaultDelay>) {
  Shape shape = Shape::of<FaultDelay>("How long a request is held: fixed, or from min to max.");
  shape.field("fixed", &FaultDelay::fixed, "Always so long.").range(shortest, hours(1));
  shape.field("min", &FaultDelay::min, "At least so long.").range(Milliseconds(0), hours(1));
  shape.field("max", &FaultDelay::max, "At most so long.").range(shortest, hours(1));
  shape.check(&check_delay);
  return shape;
}

Shape describe(Of<FaultAbort>) {
  Shape shape =
      Shape::of<FaultAbort>("An answer instead of the target's, with reason fault_injected.");
  shape.field("status", &FaultAbort::status, "Its status.").range(400, 599);
  shape
      .field("grpcStatus", &FaultAbort::grpc_status,
             "Its status to calls of gRPC. Left out: UNAVAILABLE.")
      .one_of(grpc_status_names());
  return shape;
}

Shape describe(Of<Fault>) {
  Shape shape = Shape::of<Fault>("One thing that goes wrong.");
  shape
      .field("percent", &Fault::percent,
             "Of how many requests, of those with the headers. 0%: none. 100%: each.")
      .required();
  shape
      .field("headers", &Fault::headers,
             "Only requests that have all of these headers, with these values.")
      .items(1, 16);
  shape.field("delay", &Fault::delay,
              "Holds the request before it goes on, or before the abort. It counts against the "
              "deadline.");
  shape.field("abort", &Fault::abort, "Answers instead of the target.");
  shape.field("reset", &Fault::reset,
              "Breaks the client's connection off; of HTTP/2, the one stream.");
  shape.position(&Fault::position);
  shape.check(&check_fault);
  return shape;
}

Shape describe(Of<FaultPolicy>) {
  return describe_resource<FaultPolicy>("FaultPolicy", {"skiff.dev/v1"},
                                        "Makes requests go wrong on purpose, for a while.",
                                        describe_spec());
}

}  // namespace skiff
