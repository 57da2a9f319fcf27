#include "sidecar/app/stack.h"

namespace skiff {

// What a request of the application meets, from the last stage to the first.
std::unique_ptr<Stack> make_outbound_stack(const StackContext& context,
                                           const OutboundListener& listener) {
  auto stack = std::make_unique<Stack>();
  // 4 The route is found; its target goes on: timeouts, retry, balance, pool (Target).
  Forwarder& router = stack->put_in_front<Router>(router_tools(context), scope_of(listener),
                                                  counting_of(context, Direction::outbound));
  // 3 As a proxy's, CONNECT asks for bytes to a service; of a listener for one service it does not.
  Forwarder& connect = stack->put_in_front<Connect>(
      listener.service.empty() ? Connect::Answer::tunnel : Connect::Answer::refuse, router);
  // 2 The request is given an id and says which way it came.
  Forwarder& identified = stack->put_in_front<Identify>(Direction::outbound, context.identity.id,
                                                        context.loop.random(), connect);
  // 1 Counted and logged, whatever becomes of it.
  stack->put_in_front(make_observe(observe_settings(context, Direction::outbound), identified));
  return stack;
}

}  // namespace skiff
