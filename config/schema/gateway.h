#pragma once

#include <string>
#include <vector>

#include "config/schema/common.h"
#include "config/schema/described.h"

namespace skiff {

struct GatewayPort {  // `listeners` in YAML.
  std::string name;
  std::string hostname;  // `shop.example.com`, `*.example.com`. Empty: any.
  std::uint16_t port = 0;
  Protocol protocol = Protocol::http;  // `HTTP` in YAML, as in Gateway API.
  Position position;
};

// gateway.networking.k8s.io/v1 Gateway. A sidecar's gateway listener takes its part.
struct Gateway {
  Metadata metadata;
  std::string gateway_class_name = "skiff";
  std::vector<GatewayPort> listeners;
  Position position;
};

Shape describe(Of<GatewayPort>);
Shape describe(Of<Gateway>);

}  // namespace skiff
