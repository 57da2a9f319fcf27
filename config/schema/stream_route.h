#pragma once

#include <string>
#include <vector>

#include "config/schema/http_route.h"

namespace skiff {

// gateway.networking.k8s.io TCPRoute (v1alpha2) and TLSRoute (v1alpha2, v1alpha3): where
// connections go whose bytes nobody looks at.

struct StreamRouteRule {
  std::string name;
  std::vector<HTTPBackendRef> backend_refs;  // Without filters.
  Position position;
};

struct TCPRoute {
  Metadata metadata;
  std::vector<ObjectRef> parent_refs;  // A Gateway, or a Service.
  std::vector<StreamRouteRule> rules;  // One.
  Position position;
};

struct TLSRoute {
  Metadata metadata;
  std::vector<ObjectRef> parent_refs;
  std::vector<std::string> hostnames;  // What the client names in its ClientHello. Empty: all.
  std::vector<StreamRouteRule> rules;  // One.
  Position position;
};

Shape describe(Of<StreamRouteRule>);
Shape describe(Of<TCPRoute>);
Shape describe(Of<TLSRoute>);

}  // namespace skiff
