#pragma once

#include <string>

#include "sidecar/transport/tls.h"

namespace skiff {

// Who the connections of one worker prove to be; replaced as a whole when the certificates change.
struct MeshIdentity {
  TlsContextPtr tls;  // Null: this sidecar has no identity.
  std::string id;     // `spiffe://…`
  std::string trust_domain;
};

// What sidecars offer by ALPN among themselves. The first tells a sidecar's handshake from one that
// is meant for the application behind; it is never agreed on. The second says that bytes follow.
inline constexpr const char* alpn_mesh = "skiff-mesh";
inline constexpr const char* alpn_bytes = "skiff-bytes";

}  // namespace skiff
