#include "sidecar/app/application.h"

#include <algorithm>
#include <utility>

#include "config/schema/spiffe_id.h"
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

Application::Application(const TargetContext& context, const InboundListener& listener,
                         std::string service, WorkerMetrics& metrics)
    : service_(std::move(service)),
      metrics_(metrics),
      target_(context, spec_of(listener)),
      unnamed_(metrics.requests({.direction = Direction::inbound,
                                 .source = {},
                                 .destination = service_,
                                 .route = "application"})) {}

void Application::forward(Exchange& exchange, Reply& reply) {
  exchange.marks.route = "application";
  exchange.marks.target = service_;
  mark_routed(exchange, cells_of(exchange.client_identity));
  target_.forward(exchange, reply);
}

RequestCells& Application::cells_of(std::string_view identity) {
  if (identity.empty()) return *unnamed_;
  const auto found = named_.find(identity);
  if (found != named_.end()) return *found->second;
  if (named_.size() >= most_named) return *unnamed_;
  auto cells = metrics_.requests({.direction = Direction::inbound,
                                  .source = name_of(identity),
                                  .destination = service_,
                                  .route = "application"});
  return *named_.emplace(identity, std::move(cells)).first->second;
}

}  // namespace skiff
