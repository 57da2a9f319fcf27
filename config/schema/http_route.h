#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/schema/common.h"
#include "config/schema/described.h"

namespace skiff {

// gateway.networking.k8s.io/v1 HTTPRoute, field by field.

struct PathMatch {
  enum class Type { exact, path_prefix, regular_expression };
  Type type = Type::path_prefix;
  std::string value = "/";
};

struct NamedMatch {  // Of a header (name without regard to case) or a query parameter.
  enum class Type { exact, regular_expression };
  Type type = Type::exact;
  std::string name;
  std::string value;
};

struct HTTPRouteMatch {  // All parts must match.
  PathMatch path;
  std::vector<NamedMatch> headers;
  std::vector<NamedMatch> query_params;
  std::string method;  // Empty: any.
  Position position;
};

struct HTTPHeader {
  std::string name;
  std::string value;
};

struct HeaderModifier {  // RequestHeaderModifier and ResponseHeaderModifier; applied set, add,
                         // remove.
  std::vector<HTTPHeader> set;
  std::vector<HTTPHeader> add;
  std::vector<std::string> remove;
};

struct PathModifier {
  enum class Type { replace_full_path, replace_prefix_match };
  Type type = Type::replace_full_path;
  std::string value;
};

struct URLRewrite {
  std::string hostname;  // Empty: unchanged.
  std::optional<PathModifier> path;
};

struct RequestRedirect {
  std::string scheme;    // Empty: unchanged.
  std::string hostname;  // Empty: unchanged.
  std::optional<PathModifier> path;
  std::uint16_t port = 0;  // 0: by scheme, as Gateway API says.
  std::uint16_t status_code = 302;
};

struct Fraction {
  std::uint32_t numerator = 0;
  std::uint32_t denominator = 100;
};

// Of `percent` and `fraction` one at most; neither: all requests.
struct RequestMirror {
  ObjectRef backend_ref;  // kind Service.
  std::optional<std::uint32_t> percent;
  std::optional<Fraction> fraction;

  Fraction share() const {
    return fraction ? *fraction : Fraction{.numerator = percent.value_or(100)};
  }
};

struct HTTPRouteFilter {
  enum class Type {
    request_header_modifier,
    response_header_modifier,
    request_mirror,
    url_rewrite,
    request_redirect
  };
  Type type = Type::request_header_modifier;
  HeaderModifier request_header_modifier;
  HeaderModifier response_header_modifier;
  RequestMirror request_mirror;
  URLRewrite url_rewrite;
  RequestRedirect request_redirect;
  Position position;
};

struct HTTPBackendRef {
  ObjectRef ref;  // kind Service.
  std::uint32_t weight = 1;
  std::vector<HTTPRouteFilter> filters;
};

struct HTTPRouteTimeouts {
  std::optional<Milliseconds> request;  // 0s: no timeout.
  std::optional<Milliseconds> backend_request;
};

// GEP-1731. Beside what a TrafficPolicy would say by default; never for what must not be done
// twice.
struct HTTPRouteRetry {
  std::vector<std::uint16_t> codes;
  std::uint32_t attempts = 2;
  std::optional<Milliseconds> backoff;  // The least.
};

// Ours, beside Gateway API: which key makes the split of `backendRefs` stable for a user.
struct SplitKey {
  enum class Type { none, header, cookie, source_address };
  Type type = Type::none;
  std::string name;
};

struct HTTPRouteRule {
  std::string name;
  std::vector<HTTPRouteMatch> matches;  // Any of them; empty: everything.
  std::vector<HTTPRouteFilter> filters;
  std::vector<HTTPBackendRef> backend_refs;  // Empty, or all weights 0: 500 by Gateway API.
  HTTPRouteTimeouts timeouts;
  std::optional<HTTPRouteRetry> retry;
  SplitKey split_key;  // Ours: not in Gateway API.
  Position position;
};

struct HTTPRoute {
  Metadata metadata;
  std::vector<ObjectRef> parent_refs;  // A Gateway, or a Service (GAMMA, GEP-1294).
  std::vector<std::string> hostnames;
  std::vector<HTTPRouteRule> rules;
  Position position;
};

Shape describe(Of<PathMatch>);
Shape describe(Of<NamedMatch>);
Shape describe(Of<HTTPRouteMatch>);
Shape describe(Of<HTTPHeader>);
Shape describe(Of<HeaderModifier>);
Shape describe(Of<PathModifier>);
Shape describe(Of<URLRewrite>);
Shape describe(Of<RequestRedirect>);
Shape describe(Of<Fraction>);
Shape describe(Of<RequestMirror>);
Shape describe(Of<HTTPRouteFilter>);
Shape describe(Of<HTTPBackendRef>);
Shape describe(Of<HTTPRouteTimeouts>);
Shape describe(Of<HTTPRouteRetry>);
Shape describe(Of<SplitKey>);
Shape describe(Of<HTTPRouteRule>);
Shape describe(Of<HTTPRoute>);

// Parts that the other kinds of route have too.
enum class RouteFilters { all, without_url, of_headers, none };
Shape describe_header_match();
Shape describe_filter(RouteFilters allowed);
Shape describe_backend(RouteFilters allowed);

}  // namespace skiff
