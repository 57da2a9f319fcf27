#include "sidecar/app/application.h"
#include "sidecar/app/guard.h"
#include "sidecar/app/inbound_limits.h"
#include "sidecar/app/stack.h"

namespace skiff {

// What a request from others meets, from the last stage to the first.
std::unique_ptr<Stack> make_inbound_stack(const StackContext& context,
                                          const InboundListener& listener) {
  auto stack = std::make_unique<Stack>();
  // 6 The application: timeouts, what each caller may have in flight, retry of what it has not
  // read, its pool.
  Forwarder& application = stack->put_in_front<Application>(
      Application::Context{context.targets, context.generations, context.metrics}, listener,
      context.config.service);
  // 5 Nobody tunnels to the application past its policies.
  Forwarder& connect = stack->put_in_front<Connect>(Connect::Answer::refuse, application);
  // 4 Who may ask does so no more often than the limits say.
  Forwarder& limited =
      stack->put_in_front<InboundLimits>(context.generations, context.loop, connect);
  // 3 Who may not ask, or has no good token where one is asked for, is refused.
  Forwarder& guard = stack->put_in_front<Guard>(
      Guard::Context{context.generations, context.metrics.named.verdicts, listener.service_port},
      limited);
  // 2 The request is given an id and says which way it came.
  Forwarder& identified = stack->put_in_front<Identify>(Direction::inbound, context.identity.id,
                                                        context.loop.random(), guard);
  // 1 Counted and logged, whatever becomes of it.
  stack->put_in_front(make_observe(observe_settings(context, Direction::inbound), identified));
  return stack;
}

}  // namespace skiff
