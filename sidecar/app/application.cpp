#include "sidecar/app/application.h"

#include <utility>

#include "sidecar/observe/observe.h"

namespace skiff {
namespace {

TargetSpec spec_of(const InboundListener& listener) {
  TargetSpec spec;
  spec.name = "application";
  spec.protocol = listener.protocol;
  spec.policy.timeouts.request *= 2;
  spec.policy.timeouts.connect *= 2;
  EndpointSpec application;
  application.address = listener.application;
  spec.endpoints = std::vector{application};
  return spec;
}

}  // namespace

Application::Application(const TargetContext& context, const InboundListener& listener,
                         std::string service, WorkerMetrics& metrics)
    : service_(std::move(service)),
      target_(context, spec_of(listener)),
      cells_(metrics.requests({.direction = Direction::inbound,
                               .source = {},
                               .destination = service_,
                               .route = "application"})) {}

void Application::forward(Exchange& exchange, Reply& reply) {
  exchange.marks.route = "application";
  exchange.marks.target = service_;
  mark_routed(exchange, *cells_);
  target_.forward(exchange, reply);
}

}  // namespace skiff
