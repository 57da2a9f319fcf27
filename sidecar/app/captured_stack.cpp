#include "sidecar/app/egress.h"
#include "sidecar/app/stack.h"

namespace skiff {

// What the application's captured requests and connections meet, from the last stage to the first.
std::unique_ptr<Stack> make_captured_stack(const StackContext& context) {
  auto stack = std::make_unique<Stack>();
  const RouterCounting counting = counting_of(context, Direction::outbound);
  // 5 What means no service: one endpoint, the world outside, or nowhere.
  Forwarder& egress = stack->put_in_front<Egress>(context.targets, context.generations,
                                                  context.config.capture->egress, counting);
  // 4 The route is found by name or address; its target goes on (Target).
  Forwarder& router = stack->put_in_front<Router>(
      router_tools(context),
      RouteScope{.kind = RouteScope::Kind::captured,
                 .name = {},
                 .listener_port = context.config.capture->outbound_port},
      counting, &egress);
  // 3 Nobody meant us to be a proxy.
  Forwarder& connect = stack->put_in_front<Connect>(Connect::Answer::refuse, router);
  // 2 The request is given an id and says which way it came.
  Forwarder& identified = stack->put_in_front<Identify>(Direction::outbound, context.identity.id,
                                                        context.loop.random(), connect);
  // 1 Counted and logged, whatever becomes of it.
  stack->put_in_front(make_observe(observe_settings(context, Direction::outbound), identified));
  return stack;
}

}  // namespace skiff
