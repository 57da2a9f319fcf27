#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/schema/http_route.h"

namespace skiff {

// gateway.networking.k8s.io/v1 GRPCRoute, field by field. A call of gRPC is a POST of
// `/PACKAGE.SERVICE/METHOD`.

struct GRPCMethodMatch {  // At least one of both.
  enum class Type { exact, regular_expression };
  Type type = Type::exact;
  std::string service;  // `shop.Catalog`. Empty: any.
  std::string method;   // Empty: any.
};

struct GRPCRouteMatch {  // All parts must match.
  std::optional<GRPCMethodMatch> method;
  std::vector<NamedMatch> headers;
  Position position;
};

struct GRPCRouteRule {
  std::string name;
  std::vector<GRPCRouteMatch> matches;       // Any of them; empty: everything.
  std::vector<HTTPRouteFilter> filters;      // Of headers only.
  std::vector<HTTPBackendRef> backend_refs;  // Empty, or all weights 0: UNAVAILABLE.
  Position position;
};

struct GRPCRoute {
  Metadata metadata;
  std::vector<ObjectRef> parent_refs;  // A Gateway, or a Service (GAMMA, GEP-1294).
  std::vector<std::string> hostnames;
  std::vector<GRPCRouteRule> rules;
  Position position;
};

Shape describe(Of<GRPCMethodMatch>);
Shape describe(Of<GRPCRouteMatch>);
Shape describe(Of<GRPCRouteRule>);
Shape describe(Of<GRPCRoute>);

}  // namespace skiff
