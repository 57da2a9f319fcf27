#pragma once

#include "config/schema/retry.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/http/grpc.h"
#include "sidecar/policy/pauses.h"

namespace skiff {

// Learns the status of each call of gRPC: where the answer is trailers alone it stands in
// Response::grpc_status; else in Marks::grpc_status as soon as the trailers pass.
//
// Where a policy repeats calls by their status, a head without it is held back until the first
// data, or the end, which may follow at once; but no longer than `hold_for`, as the client of a
// stream may wait for the head before it says more. What held ends without data has its status in
// Response::grpc_status too.
//
// An answer that goes on is a stream that has begun: of its limits on the whole time only the
// caller's own is left (Deadlines::told). Costs a branch for what is not gRPC.
class WithGrpcStatus final : public Forwarder {
 public:
  static constexpr Duration hold_for = std::chrono::milliseconds(10);

  // All outlive it.
  WithGrpcStatus(Pauses& pauses, const Clock& clock, Forwarder& inner)
      : pauses_(pauses), clock_(clock), inner_(inner) {}

  void configure(const RetryConfig& config) { holds_ = repeats_by_status(config); }

  void forward(Exchange& exchange, Reply& reply) override {
    is_grpc(exchange.request) ? call(exchange, reply) : inner_.forward(exchange, reply);
  }

 private:
  class Call;

  static bool repeats_by_status(const RetryConfig& config) {
    return config.attempts > 0 && !config.grpc_statuses.empty();
  }
  void call(Exchange& exchange, Reply& reply);

  Pauses& pauses_;
  const Clock& clock_;
  Forwarder& inner_;
  bool holds_ = false;
};

}  // namespace skiff
