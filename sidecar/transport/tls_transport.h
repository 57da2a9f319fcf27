#pragma once

#include <memory>

#include "sidecar/transport/loop.h"
#include "sidecar/transport/tls_peer.h"
#include "sidecar/transport/tls_stream.h"
#include "sidecar/transport/transport.h"

namespace skiff {

// How long an end waits for a peer that takes no more bytes, before it cuts the line.
constexpr Duration tls_linger = std::chrono::seconds(5);

// A transport over a stream whose handshake is over. `peer` is what the stream's callbacks see.
TransportPtr make_tls_transport(Loop& loop, std::unique_ptr<TlsPeer> peer,
                                std::unique_ptr<TlsStream> stream);

}  // namespace skiff
