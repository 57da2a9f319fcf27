#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "sidecar/app/generation.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/observe/worker_metrics.h"
#include "sidecar/policy/mirror.h"

namespace skiff {

// Which part of the routes a listener sees.
struct RouteScope {
  enum class Kind { mesh, service, gateway, captured };
  Kind kind = Kind::mesh;
  std::string name;  // Of the service (`NAME.NAMESPACE`) or the gateway (`…/SECTION`).
  std::uint16_t service_port = 0;
  std::uint16_t listener_port = 0;
};

// What all routers of a worker need; outlives them.
struct RouterTools {
  Loop& loop;
  Generations& generations;
  Mirrors& mirrors;
};

// Where a router's requests are counted.
struct RouterCounting {
  WorkerMetrics& metrics;
  SeriesLabels labels;  // Destination and route are filled in.
};

// Finds the rule for each request, does what its filters say, and hands the request to a target.
class Router final : public Forwarder {
 public:
  // `elsewhere` takes what is captured and means no service; it outlives this.
  Router(const RouterTools& tools, RouteScope scope, RouterCounting counting,
         Forwarder* elsewhere = nullptr);

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  class Limited;

  RouteTable::Found find(const RoutePlan& plan, Exchange& exchange) const;
  static RouteTable::Found find_captured(const RoutePlan& plan, Exchange& exchange);
  const RouteBackend* choose(const RouteRule& rule, const Exchange& exchange);
  std::span<const std::uint32_t> limits_of(const RoutePlan& plan, const RouteRule* rule,
                                           Arena& arena) const;
  PolicyIndex jwt_of(const RoutePlan& plan, const RouteRule* rule) const;
  void go_on(Generation& generation, const RouteTable::Found& found, Exchange& exchange,
             Reply& reply);
  void send(Generation& generation, const RouteTable::Found& found, Exchange& exchange,
            Reply& reply);
  Reply& mirror(Generation& generation, const RouteRule& rule, Exchange& exchange, Reply& reply);
  RequestCells& cells(const Generation& generation, const RouteRule& rule, std::size_t backend,
                      const std::string& target);

  const RouterTools tools_;
  const RouteScope scope_;
  const RouterCounting counting_;
  Forwarder* const elsewhere_;
  std::uint64_t cells_generation_ = 0;
  std::vector<std::shared_ptr<RequestCells>> cells_;  // Of each rule's first backend, by its index.
  std::unordered_map<const RouteBackend*, std::shared_ptr<RequestCells>> more_cells_;
};

}  // namespace skiff
