#include "sidecar/app/stack.h"

namespace skiff {

RouterTools router_tools(const StackContext& context) {
  return {context.loop, context.generations, context.mirrors};
}

ObserveSettings observe_settings(const StackContext& context, Direction direction) {
  return {context.metrics, context.access_log, direction, context.loop};
}

RouterCounting counting_of(const StackContext& context, Direction direction) {
  return {context.metrics,
          {.direction = direction,
           .source = direction == Direction::outbound ? context.config.service : std::string{},
           .destination = {},
           .route = {}}};
}

RouteScope scope_of(const OutboundListener& listener) {
  if (listener.service.empty()) return {.kind = RouteScope::Kind::mesh, .name = {}};
  return {.kind = RouteScope::Kind::service,
          .name = listener.service,
          .service_port = listener.service_port,
          .listener_port = listener.port};
}

RouteScope scope_of(const GatewayListener& listener, const std::string& ns, std::uint16_t port) {
  const bool is_full = listener.gateway.find('.') != std::string::npos;
  const std::string gateway = is_full ? listener.gateway : listener.gateway + "." + ns;
  return {.kind = RouteScope::Kind::gateway,
          .name = gateway + "/" + listener.section_name,
          .listener_port = port};
}

}  // namespace skiff
