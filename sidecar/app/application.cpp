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
  spec.policy.timeouts.request *= 2;
  spec.policy.timeouts.connect *= 2;
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
  target_.forward(exchange, reply);
}

// Of the own service's policy, what spares the application; the rest is for its callers.
void Application::take(const Generation& generation) {
  generation_ = generation.number;
  const InboundPort* const port = generation.plan->inbound.find(service_port_);
  TrafficPolicy& policy = spec_.policy;
  policy.bulkhead.caller.reset();
  policy.circuit_breaker.reset();
  policy.criticality = Criticality::normal;
  if (port != nullptr) {
    policy.bulkhead.caller = port->policy.bulkhead.caller;
    policy.circuit_breaker = port->policy.circuit_breaker;
    policy.criticality = port->policy.criticality;
  }
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
