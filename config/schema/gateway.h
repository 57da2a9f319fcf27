#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/schema/common.h"
#include "config/schema/described.h"

namespace skiff {

// What a Gateway does with TLS. Ending it needs certificates, which are refused for now.
struct GatewayTls {
  enum class Mode { terminate, passthrough };
  Mode mode = Mode::terminate;
};

struct GatewayPort {  // `listeners` in YAML.
  // As in Gateway API. `http` takes HTTPRoute and GRPCRoute, `tls` TLSRoute, `tcp` TCPRoute.
  enum class Protocol { http, https, tls, tcp };
  std::string name;
  std::string hostname;  // `shop.example.com`, `*.example.com`. Empty: any. Of `tls`: the SNI.
  std::uint16_t port = 0;
  Protocol protocol = Protocol::http;
  std::optional<GatewayTls> tls;
  Position position;
};

// gateway.networking.k8s.io/v1 Gateway. A sidecar's gateway listener takes its part.
struct Gateway {
  Metadata metadata;
  std::string gateway_class_name = "skiff";
  std::vector<GatewayPort> listeners;
  Position position;
};

Shape describe(Of<GatewayTls>);
Shape describe(Of<GatewayPort>);
Shape describe(Of<Gateway>);

}  // namespace skiff
