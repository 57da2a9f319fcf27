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

}  // namespace skiff
