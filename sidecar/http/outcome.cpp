#include "sidecar/http/outcome.h"

#include "config/schema/retry.h"

namespace skiff {

Outcome outcome_of_grpc(std::int8_t grpc_status) {
  switch (static_cast<GrpcStatus>(grpc_status)) {
    case GrpcStatus::unknown:
    case GrpcStatus::deadline_exceeded:
    case GrpcStatus::internal:
    case GrpcStatus::unavailable:
    case GrpcStatus::data_loss:
      return Outcome::failure;
    default:
      return Outcome::success;
  }
}

Outcome outcome_of(const Response& response) {
  if (response.status >= 500) return Outcome::failure;
  return response.grpc_status < 0 ? Outcome::success : outcome_of_grpc(response.grpc_status);
}

Outcome outcome_of(const Error& error) {
  return about(error.kind).source == ErrorSource::backend ? Outcome::failure : Outcome::neutral;
}

bool is_decided(const Exchange& exchange, const Response& response) {
  return outcome_of(response) == Outcome::failure || response.body == BodyKind::tunnel ||
         response.body == BodyKind::none || exchange.request.version == Version::bytes ||
         response.grpc_status >= 0;
}

Outcome outcome_at_end(const Exchange& exchange, const Error& error) {
  if (error.kind != ErrorKind::none) return outcome_of(error);
  return exchange.marks.grpc_status < 0 ? Outcome::success
                                        : outcome_of_grpc(exchange.marks.grpc_status);
}

}  // namespace skiff
