#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/schema/common.h"
#include "config/schema/described.h"

namespace skiff {

struct ServicePort {
  std::string name;  // May be empty where there is only one.
  std::uint16_t port = 0;
  std::optional<Protocol> protocol;  // Nothing: what app_protocol says.
  std::string app_protocol;          // In the words of Kubernetes: `kubernetes.io/h2c`, `grpc` …
  Position position;
};

// What is spoken on it: HTTP where nothing is said.
Protocol protocol_of(const ServicePort& port);

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
  // Whom its endpoints may prove to be: `spiffe://…`, or names of service accounts of its
  // namespace. Empty: the service account of the service's own name.
  std::vector<std::string> identities;
  std::vector<std::string> addresses;  // What captured connections go to when they mean it.
  Position position;
};

Shape describe(Of<ServicePort>);
Shape describe(Of<StaticEndpoint>);
Shape describe(Of<Service>);

}  // namespace skiff
