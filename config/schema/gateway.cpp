#include "config/schema/gateway.h"

#include <map>

#include "config/schema/each_once.h"
#include "config/schema/shape.h"

namespace skiff {
namespace {

void check_listeners(const Gateway& gateway, const Complain& complain) {
  const auto place_of = [](const GatewayPort& listener) {
    return std::pair(listener.port, listener.hostname);
  };
  check_each_once(gateway.listeners, &GatewayPort::name,
                  {"listeners", "name", "is the name of another listener too", "each name once"},
                  complain);
  check_each_once(gateway.listeners, place_of,
                  {"listeners", "port", "is taken by another listener for the same hostname",
                   "port and hostname together once"},
                  complain);
  std::map<std::uint16_t, GatewayPort::Protocol> protocols;
  for (std::size_t i = 0; i < gateway.listeners.size(); ++i) {
    const GatewayPort& listener = gateway.listeners[i];
    const auto first = protocols.emplace(listener.port, listener.protocol).first;
    if (first->second == listener.protocol) continue;
    complain(item("listeners", i, "protocol"), "differs from that of another listener of this port",
             "one protocol for each port");
  }
}

Shape describe_spec() {
  Shape shape = Shape::of<Gateway>("Where traffic enters the mesh.");
  shape.field("gatewayClassName", &Gateway::gateway_class_name, "Who carries it out.")
      .one_of({"skiff"});
  shape.field("listeners", &Gateway::listeners, "The ports that take traffic.")
      .items(1, 64)
      .required();
  shape.check(&check_listeners);
  return shape;
}

// Ending TLS at a gateway needs certificates.
void check_tls(const GatewayPort& listener, const Complain& complain) {
  using Protocol = GatewayPort::Protocol;
  const bool passes = listener.tls && listener.tls->mode == GatewayTls::Mode::passthrough;
  if (listener.protocol == Protocol::https) {
    complain("protocol", "HTTPS is not there yet: a gateway has no certificates",
             "HTTP, TCP, or TLS with tls.mode Passthrough");
  } else if (listener.protocol == Protocol::tls && !passes) {
    complain("tls", "Terminate is not there yet: a gateway has no certificates",
             "mode: Passthrough");
  } else if (listener.protocol != Protocol::tls && listener.tls) {
    complain("tls", "belongs to protocol TLS only", "no tls");
  }
  if (listener.protocol == Protocol::tcp && !listener.hostname.empty()) {
    complain("hostname", "is not known of connections of TCP", "no hostname");
  }
}

}  // namespace

Shape describe(Of<GatewayTls>) {
  Shape shape = Shape::of<GatewayTls>("What is done with TLS.");
  shape
      .field("mode", &GatewayTls::mode,
             "Passthrough: it goes on as it is, by the server's name. Terminate: not there yet.")
      .one_of({"Terminate", "Passthrough"});
  return shape;
}

Shape describe(Of<GatewayPort>) {
  Shape shape = Shape::of<GatewayPort>("One port that takes traffic from outside the mesh.");
  shape.field("name", &GatewayPort::name, "What parentRefs call it in sectionName.")
      .obeys(text_rules::dns_label)
      .required();
  shape
      .field(
          "hostname", &GatewayPort::hostname,
          "Only requests for this host (of TLS: server name): a name, or *. and a name. Left out: "
          "any.")
      .obeys(text_rules::host_pattern);
  shape.field("port", &GatewayPort::port, "Where it listens.").range(1, 65'535).required();
  shape.field("protocol", &GatewayPort::protocol, "What is spoken on it.")
      .one_of({"HTTP", "HTTPS", "TLS", "TCP"})
      .required();
  shape.field("tls", &GatewayPort::tls, "What is done with TLS; of protocol TLS.");
  shape.check(&check_tls);
  shape.position(&GatewayPort::position);
  return shape;
}

Shape describe(Of<Gateway>) {
  Shape shape = Shape::of<Gateway>("Where traffic enters the mesh. As in Gateway API.");
  shape.constant("apiVersion", {"gateway.networking.k8s.io/v1"}, "The version of this kind.");
  shape.constant("kind", {"Gateway"}, "This kind.");
  shape.field("metadata", &Gateway::metadata, "Its name.").required();
  shape.part("spec", describe_spec(), "What it is.").required();
  shape.position(&Gateway::position);
  return shape;
}

}  // namespace skiff
