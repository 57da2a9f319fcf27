#pragma once

#include <memory>

#include "sidecar/codec/http1_parser.h"
#include "sidecar/codec/server_connection.h"
#include "sidecar/http/connection.h"
#include "sidecar/transport/loop.h"
#include "sidecar/transport/transport.h"

namespace skiff {

struct Http2ClientSettings {
  Http1Limits limits;  // Of answers' heads.
  Http2Limits http2;
  Duration connection_age{};  // Then it takes no more exchanges, jittered by a tenth; 0: no limit.
  std::int32_t first_stream = 1;  // Its number: a test that wants to see the last begins late.
};

// A connection to a backend that speaks HTTP/2: sends the preface and carries as many exchanges at
// once as the backend allows. `settings` and `owner` outlive it.
std::unique_ptr<Connection> make_http2_client(Loop& loop, TransportPtr transport,
                                              const Http2ClientSettings& settings,
                                              ConnectionOwner& owner);

}  // namespace skiff
