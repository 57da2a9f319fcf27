#include "sidecar/app/application.h"

#include <algorithm>
#include <utility>

#include "config/schema/spiffe_id.h"
#include "sidecar/observe/observe.h"

namespace skiff {
namespace {

TargetSpec spec_of(const InboundListener& listener) {
  TargetSpec spec;
  spec.name = "application:" + listener.application;
  spec.protocol = listener.protocol;
  spec.is_application = true;
  spec.policy = policy_of_application();
  EndpointSpec application;
  application.address = listener.application;
  spec.endpoints = std::vector{application};
  return spec;
}

// `order.shop` of `spiffe://DOMAIN/ns/shop/sa/order`; of another form, what follows the domain.
std::string name_of(std::string_view identity) {
  const auto path = identity.substr(std::min(identity.find('/', 9), identity.size()));
  const std::string_view ns = namespace_of_path(path);
  if (ns.empty()) return std::string(path);
  return std::string(path.substr(path.rfind('/') + 1)).append(".").append(ns);
}

// More callers than that are counted together with those who have no name.
constexpr std::size_t most_named = 1'000;

}  // namespace

TrafficPolicy policy_of_application() {
  TrafficPolicy policy;
  policy.timeouts.request *= 2;
  policy.timeouts.connect *= 2;
  return policy;
}

void spare_application(const InboundPort* port, TrafficPolicy& policy) {
  const TrafficPolicy known = port == nullptr ? TrafficPolicy() : port->policy;
  policy.bulkhead.caller = known.bulkhead.caller;
  policy.wait_for_ready = known.wait_for_ready;
  policy.circuit_breaker = known.circuit_breaker;
  policy.criticality = known.criticality;
}

Application::Application(const Context& context, const InboundListener& listener,
                         std::string service)
    : context_(context),
      service_(std::move(service)),
      service_port_(listener.service_port),
      spec_(spec_of(listener)),
      target_(context.targets, spec_),
      unnamed_(context.metrics.requests({.direction = Direction::inbound,
                                         .source = {},
                                         .destination = service_,
                                         .route = "application"})) {}

void Application::forward(Exchange& exchange, Reply& reply) {
  const Generation* const current = context_.generations.current();
  if (current != nullptr && current->number != generation_) take(*current);
  exchange.marks.route = "application";
  exchange.marks.target = service_;
  mark_routed(exchange, cells_of(exchange.client_identity));
  told_.forward(exchange, reply);
}

void Application::take(const Generation& generation) {
  generation_ = generation.number;
  spare_application(generation.plan->inbound.find(service_port_), spec_.policy);
  target_.update(spec_);
}

RequestCells& Application::cells_of(std::string_view identity) {
  if (identity.empty()) return *unnamed_;
  const auto found = named_.find(identity);
  if (found != named_.end()) return *found->second;
  if (named_.size() >= most_named) return *unnamed_;
  auto cells = context_.metrics.requests({.direction = Direction::inbound,
                                          .source = name_of(identity),
                                          .destination = service_,
                                          .route = "application"});
  return *named_.emplace(identity, std::move(cells)).first->second;
}

}  // namespace skiff
