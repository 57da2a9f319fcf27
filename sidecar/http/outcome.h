#pragma once

#include <cstdint>

#include "sidecar/http/exchange.h"
#include "sidecar/http/message.h"

namespace skiff {

// What a call says of whom it was made to. `neutral`: nothing, such as a client that left.
enum class Outcome : std::uint8_t { success, failure, neutral };

// A failure: 5xx; of gRPC UNAVAILABLE, INTERNAL, DATA_LOSS, DEADLINE_EXCEEDED and UNKNOWN.
Outcome outcome_of(const Response& response);
Outcome outcome_of_grpc(std::int8_t grpc_status);

// A failure: what the backend is to blame for, timeouts among it. What we refused ourselves says
// nothing.
Outcome outcome_of(const Error& error);

// Whether the head of the answer says all: a failure, bytes that may flow for hours, or a status of
// gRPC that is known already. Else the end does: a body that breaks off is a failure, and gRPC has
// its status in the trailers (Marks::grpc_status).
bool is_decided(const Exchange& exchange, const Response& response);

// When the exchange is over and the head had not said it.
Outcome outcome_at_end(const Exchange& exchange, const Error& error);

}  // namespace skiff
