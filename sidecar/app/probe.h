#pragma once

#include <string>

#include "sidecar/policy/own_calls.h"

namespace skiff {

// A GET of our own, to see how an endpoint is.
struct ProbeRequest {
  std::string path;  // With a query, if any.
  std::string host;
  Duration timeout = std::chrono::seconds(1);
};

// Asks `endpoint`. It goes the way of all requests from the pool on, so that an endpoint is asked
// in the protocol, and by the identity, that its callers use.
void send_probe(OwnCalls& calls, Forwarder& endpoint, const ProbeRequest& request,
                OwnCalls::Done done);

}  // namespace skiff
