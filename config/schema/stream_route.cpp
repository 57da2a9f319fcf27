#include "config/schema/stream_route.h"

#include "config/schema/resource_shape.h"
#include "config/schema/route_shapes.h"

namespace skiff {
namespace {

template <typename Route>
void describe_rules(Shape& shape) {
  shape
      .field("rules", &Route::rules,
             "One: nothing tells the connections of one route from each other.")
      .items(1, 1)
      .required();
}

Shape describe_tcp_spec() {
  Shape shape = Shape::of<TCPRoute>("Which connections go where.");
  describe_parents<TCPRoute>(shape);
  describe_rules<TCPRoute>(shape);
  return shape;
}

Shape describe_tls_spec() {
  Shape shape = Shape::of<TLSRoute>("Which connections of TLS go where.");
  describe_parents<TLSRoute>(shape);
  describe_hostnames<TLSRoute>(
      shape,
      "Only connections that name these servers (SNI): names, or *. and a name. Left out: all.");
  describe_rules<TLSRoute>(shape);
  return shape;
}

}  // namespace

Shape describe(Of<StreamRouteRule>) {
  Shape shape = Shape::of<StreamRouteRule>("Where connections go.");
  describe_rule_name<StreamRouteRule>(shape);
  shape.field("backendRefs", &StreamRouteRule::backend_refs, "Where they go, by weight.")
      .shaped(describe_backend(RouteFilters::none))
      .items(1, 16)
      .required();
  shape.position(&StreamRouteRule::position);
  shape.check<StreamRouteRule>([](const StreamRouteRule& rule, const Complain& complain) {
    check_weights(rule.backend_refs, complain);
  });
  return shape;
}

Shape describe(Of<TCPRoute>) {
  return describe_resource<TCPRoute>("TCPRoute", {"gateway.networking.k8s.io/v1alpha2"},
                                     "Which connections go where. As in Gateway API.",
                                     describe_tcp_spec());
}

Shape describe(Of<TLSRoute>) {
  return describe_resource<TLSRoute>(
      "TLSRoute", {"gateway.networking.k8s.io/v1alpha3", "gateway.networking.k8s.io/v1alpha2"},
      "Which connections of TLS go where, by the server that they name. As in Gateway API.",
      describe_tls_spec());
}

}  // namespace skiff
