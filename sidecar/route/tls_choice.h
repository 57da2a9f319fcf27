#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/text_map.h"
#include "config/schema/mesh_tls.h"
#include "config/schema/service.h"

namespace skiff {

// Which MeshTLS is in force where: the one that names the service before the one of its namespace;
// of equals the older, then by name. The policies outlive it.
class TlsChoice final {
 public:
  explicit TlsChoice(const std::vector<MeshTLS>& policies);

  // Of a port of `service`, or where it is a part of `base`, of that: what names the part, what
  // names the whole, what stands for the namespace. Nothing: no MeshTLS says anything of it.
  std::optional<TlsMode> mode(const Metadata& service, const Metadata& base,
                              std::uint16_t port) const;

 private:
  TextMap<const MeshTLS*> by_service_;    // By qualified name; the one that wins.
  TextMap<const MeshTLS*> by_namespace_;  // The same of those that name no service.
};

}  // namespace skiff
