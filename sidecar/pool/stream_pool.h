#pragma once

#include "sidecar/http/connection.h"
#include "sidecar/pool/pool.h"
#include "sidecar/transport/loop.h"

namespace skiff {

struct StreamPoolSettings {
  PoolSettings pool;  // max_connections, max_waiting, max_wait, connect_timeout, connection_idle.
  // Another connection is made when all carry so many exchanges (or as many as the peer allows).
  std::uint32_t streams_per_connection = 100;
  bool keep_warm = true;  // Once there was one, one stays open while the endpoint is in use.
};

// The connections of one worker to one endpoint that each carry many exchanges. An exchange goes to
// the one that carries most while it has room, so that the others can grow idle and go.
class StreamPool;

}  // namespace skiff
