#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/schema/common.h"
#include "config/schema/described.h"

namespace skiff {

struct ServicePort {
  std::string name;  // May be empty where there is only one.
  std::uint16_t port = 0;
  Protocol protocol = Protocol::http;
  Position position;
};

// One instance of a service.
struct StaticEndpoint {
  std::string address;  // IPv4 or IPv6.
  std::uint16_t port = 0;
  std::string port_name;     // Which ServicePort it serves. Empty: the first.
  std::uint32_t weight = 1;  // 0: gets nothing.
  std::string zone;
  std::map<std::string, std::string> labels;  // `version: v2` …
  Position position;
};

// A service and where its instances are.
// It is reached as NAME (from its own namespace), NAME.NAMESPACE, NAME.NAMESPACE.svc,
// NAME.NAMESPACE.svc.cluster.local and each of `hosts`.
struct Service {
  Metadata metadata;
  std::vector<std::string> hosts;
  std::vector<ServicePort> ports;
  std::map<std::string, std::string> subset;  // With `of`: only endpoints with these labels.
  std::string of;  // Another service of the namespace whose endpoints this one selects by `subset`.
  std::vector<StaticEndpoint> endpoints;
  Position position;
};

Shape describe(Of<ServicePort>);
Shape describe(Of<StaticEndpoint>);
Shape describe(Of<Service>);

}  // namespace skiff
