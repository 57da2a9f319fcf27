#pragma once

#include <memory>

#include "sidecar/http/connection.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// A connection to a backend for one exchange of Version::bytes: what the client sends goes there,
// what comes from there is the answer's body, each side ending by itself. The exchange counts as
// answered as soon as it starts. `owner` outlives it.
std::unique_ptr<Connection> make_tcp_client(Loop& loop, TransportPtr transport,
                                            ConnectionOwner& owner);

}  // namespace skiff
