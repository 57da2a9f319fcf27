#pragma once

#include <cstdint>
#include <vector>

#include "config/schema/common.h"
#include "config/schema/described.h"

namespace skiff {

struct PortTls {
  std::uint16_t port = 0;  // Of the service.
  TlsMode mode = TlsMode::permissive;
  Position position;
};

// Whether connections to services are mutual TLS. The policy that names a service wins over the one
// of its whole namespace; ties: older, then name.
//
//              callers                                    the service's own sidecar
// strict       always; refused without an identity        refuses what is plain
// permissive   where the caller's sidecar has an identity takes both
// disabled     never                                      takes what is plain, passes TLS on as
// bytes no MeshTLS   never: nobody says that it is understood   takes both where it has an identity
struct MeshTLS {
  Metadata metadata;
  std::vector<ObjectRef> target_refs;  // Services. Empty: all of the namespace.
  TlsMode mode = TlsMode::permissive;
  std::vector<PortTls> ports;  // Where one port differs.
  Position position;

  // Of a port of the service.
  TlsMode mode_of(std::uint16_t port) const;
};

Shape describe(Of<PortTls>);
Shape describe(Of<MeshTLS>);

}  // namespace skiff
