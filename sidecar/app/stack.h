#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/schema/sidecar.h"
#include "sidecar/app/connect.h"
#include "sidecar/app/generation.h"
#include "sidecar/app/identify.h"
#include "sidecar/app/router.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/observe/observe.h"
#include "sidecar/transport/loop.h"

namespace skiff {

// What one worker gives to the stacks of its listeners; outlives them.
struct StackContext {
  Loop& loop;
  Generations& generations;
  Mirrors& mirrors;
  const TargetContext& targets;
  WorkerMetrics& metrics;
  AccessLog* access_log;  // Null: off.
  const SidecarConfig& config;
  const MeshIdentity& identity;
};

// The stages of one listener, built from the last to the first.
class Stack final {
 public:
  template <typename Stage, typename... Args>
  Stage& put_in_front(Args&&... args) {
    auto stage = std::make_unique<Stage>(std::forward<Args>(args)...);
    Stage& added = *stage;
    stages_.push_back(std::move(stage));
    return added;
  }
  Forwarder& put_in_front(std::unique_ptr<Forwarder> stage) {
    return *stages_.emplace_back(std::move(stage));
  }

  Forwarder& entry() { return *stages_.back(); }

 private:
  std::vector<std::unique_ptr<Forwarder>> stages_;
};

RouterTools router_tools(const StackContext& context);
ObserveSettings observe_settings(const StackContext& context, Direction direction);
RouterCounting counting_of(const StackContext& context, Direction direction);
RouteScope scope_of(const OutboundListener& listener);
// `port` is the one that it is bound to.
RouteScope scope_of(const GatewayListener& listener, const std::string& ns, std::uint16_t port);

// From others to the application beside this sidecar. inbound_stack.cpp
std::unique_ptr<Stack> make_inbound_stack(const StackContext& context,
                                          const InboundListener& listener);
// From the application to others. outbound_stack.cpp
std::unique_ptr<Stack> make_outbound_stack(const StackContext& context,
                                           const OutboundListener& listener);
// From the application to others, captured; needs config.capture. captured_stack.cpp
std::unique_ptr<Stack> make_captured_stack(const StackContext& context);
// From outside the mesh to its services. gateway_stack.cpp
std::unique_ptr<Stack> make_gateway_stack(const StackContext& context,
                                          const GatewayListener& listener, std::uint16_t port);

}  // namespace skiff
