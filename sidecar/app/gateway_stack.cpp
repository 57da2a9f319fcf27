#include "sidecar/app/stack.h"

namespace skiff {

// What a request from outside the mesh meets, from the last stage to the first.
std::unique_ptr<Stack> make_gateway_stack(const StackContext& context,
                                          const GatewayListener& listener, std::uint16_t port) {
  auto stack = std::make_unique<Stack>();
  // 4 The route is found; its target goes on: timeouts, retry, balance, pool (Target).
  Forwarder& router = stack->put_in_front<Router>(router_tools(context),
                                                  scope_of(listener, context.config.ns, port),
                                                  counting_of(context, Direction::gateway));
  // 3 Nobody tunnels into the mesh from outside.
  Forwarder& connect = stack->put_in_front<Connect>(Connect::Answer::refuse, router);
  // 2 What only the mesh may say is taken away; the request is given an id and says whence it came.
  Forwarder& identified = stack->put_in_front<Identify>(Direction::gateway, context.identity.id,
                                                        context.loop.random(), connect);
  // 1 Counted and logged, whatever becomes of it.
  stack->put_in_front(make_observe(observe_settings(context, Direction::gateway), identified));
  return stack;
}

}  // namespace skiff
