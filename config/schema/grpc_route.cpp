#include "config/schema/grpc_route.h"

#include "config/schema/resource_shape.h"
#include "config/schema/route_shapes.h"
#include "config/schema/violation.h"

namespace skiff {
namespace {

void check_text(std::string_view field, const std::string& text, const TextRule& rule,
                const Complain& complain) {
  if (text.empty() || rule.holds(text)) return;
  const std::string reason = rule.reason ? ": " + rule.reason(text) : "";
  complain(field, in_quotes(text) + " is not valid" + reason, std::string(rule.expected));
}

void check_method(const GRPCMethodMatch& match, const Complain& complain) {
  const bool is_regex = match.type == GRPCMethodMatch::Type::regular_expression;
  check_text("service", match.service, is_regex ? text_rules::regex : text_rules::grpc_service,
             complain);
  check_text("method", match.method, is_regex ? text_rules::regex : text_rules::grpc_method,
             complain);
  if (!match.service.empty() || !match.method.empty()) return;
  complain("", "matches nothing in particular", "service, method or both");
}

void check_rule(const GRPCRouteRule& rule, const Complain& complain) {
  check_filter_types(rule.filters, "filters", complain);
  for (std::size_t i = 0; i < rule.backend_refs.size(); ++i) {
    check_filter_types(rule.backend_refs[i].filters, item("backendRefs", i, "filters"), complain);
  }
  check_weights(rule.backend_refs, complain);
}

Shape describe_spec() {
  Shape shape = Shape::of<GRPCRoute>("Which calls of gRPC go where.");
  describe_parents<GRPCRoute>(shape);
  describe_hostnames<GRPCRoute>(
      shape, "Only calls to these hosts: names, or *. and a name. Left out: all of the parent.");
  shape
      .field("rules", &GRPCRoute::rules,
             "The rule with the most specific match wins, as Gateway API orders them.")
      .items(1, 16)
      .required();
  shape.check(&check_rule_names<GRPCRoute>);
  return shape;
}

}  // namespace

Shape describe(Of<GRPCMethodMatch>) {
  Shape shape = Shape::of<GRPCMethodMatch>("Which calls; at least one of service and method.");
  shape.field("type", &GRPCMethodMatch::type, "How they are compared. RE2, of the whole name.")
      .one_of({"Exact", "RegularExpression"});
  shape.field("service", &GRPCMethodMatch::service, "The service with its package. Left out: any.")
      .obeys(text_rules::any);
  shape.field("method", &GRPCMethodMatch::method, "The method. Left out: any.")
      .obeys(text_rules::any);
  shape.check(&check_method);
  return shape;
}

Shape describe(Of<GRPCRouteMatch>) {
  Shape shape = Shape::of<GRPCRouteMatch>("Which calls: all parts must match.");
  shape.field("method", &GRPCRouteMatch::method, "Which methods. Left out: all.");
  shape.field("headers", &GRPCRouteMatch::headers, "Metadata that must be there.")
      .shaped(describe_header_match())
      .items(0, 16);
  shape.position(&GRPCRouteMatch::position);
  shape.check<GRPCRouteMatch>([](const GRPCRouteMatch& match, const Complain& complain) {
    check_header_names(match.headers, complain);
  });
  return shape;
}

Shape describe(Of<GRPCRouteRule>) {
  Shape shape = Shape::of<GRPCRouteRule>("Where calls that match go.");
  describe_rule_name<GRPCRouteRule>(shape);
  shape.field("matches", &GRPCRouteRule::matches, "Which calls: any of these. Left out: all.")
      .items(0, 64);
  shape
      .field("filters", &GRPCRouteRule::filters,
             "Changes on the way; each type once, but for RequestMirror.")
      .shaped(describe_filter(RouteFilters::without_url))
      .items(0, 16);
  shape
      .field("backendRefs", &GRPCRouteRule::backend_refs,
             "Where they go, by weight. Without any they get UNAVAILABLE.")
      .shaped(describe_backend(RouteFilters::of_headers))
      .items(0, 16);
  shape.position(&GRPCRouteRule::position);
  shape.check(&check_rule);
  return shape;
}

Shape describe(Of<GRPCRoute>) {
  return describe_resource<GRPCRoute>("GRPCRoute", {"gateway.networking.k8s.io/v1"},
                                      "Which calls of gRPC go where. As in Gateway API.",
                                      describe_spec());
}

}  // namespace skiff
