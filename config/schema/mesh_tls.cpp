#include "config/schema/mesh_tls.h"

#include <algorithm>

#include "config/schema/each_once.h"
#include "config/schema/resource_shape.h"

namespace skiff {
namespace {

void check_ports(const MeshTLS& policy, const Complain& complain) {
  if (policy.target_refs.empty() && !policy.ports.empty()) {
    complain("ports", "has no targetRefs beside it, and services differ in their ports",
             "targetRefs, or mode alone");
  }
  check_each_once(policy.ports, &PortTls::port,
                  {"ports", "port", "is the port of another item too", "each port once"}, complain);
}

Shape describe_spec() {
  Shape shape = Shape::of<MeshTLS>("Whether connections to services are mutual TLS.");
  shape
      .field("targetRefs", &MeshTLS::target_refs,
             "For which services. Left out: all of the namespace that no other MeshTLS names.")
      .shaped(describe_service_target_ref())
      .items(0, 16);
  shape
      .field("mode", &MeshTLS::mode,
             "strict: always. permissive: where both sidecars have an identity; plain connections "
             "are taken too. disabled: never.")
      .one_of(tls_mode_names())
      .required();
  shape.field("ports", &MeshTLS::ports, "Ports of the services that differ from it.").items(0, 64);
  shape.check(&check_ports);
  return shape;
}

}  // namespace

TlsMode MeshTLS::mode_of(std::uint16_t port) const {
  const auto found = std::ranges::find(ports, port, &PortTls::port);
  return found == ports.end() ? mode : found->mode;
}

Shape describe(Of<PortTls>) {
  Shape shape = Shape::of<PortTls>("A port that differs.");
  shape.field("port", &PortTls::port, "Which port of the service.").range(1, 65'535).required();
  shape.field("mode", &PortTls::mode, "As above, for this port.")
      .one_of(tls_mode_names())
      .required();
  shape.position(&PortTls::position);
  return shape;
}

Shape describe(Of<MeshTLS>) {
  return describe_resource<MeshTLS>("MeshTLS", {"skiff.dev/v1"},
                                    "Whether connections to services are mutual TLS.",
                                    describe_spec());
}

}  // namespace skiff
