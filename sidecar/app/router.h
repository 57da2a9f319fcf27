#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "sidecar/app/generation.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/observe/cells.h"

namespace skiff {

// Which part of the routes a listener sees.
struct RouteScope {
  enum class Kind { mesh, service, gateway };
  Kind kind = Kind::mesh;
  std::string name;  // Of the service (`NAME.NAMESPACE`) or the gateway (`…/SECTION`).
  std::uint16_t service_port = 0;
  std::uint16_t listener_port = 0;
};

// Finds the rule for each request, does what its filters say, and hands the request to a target.
class Router final : public Forwarder {
 public:
  // `labels` of the route's counters; destination and route are filled in.
  Router(Loop& loop, Generations& generations, RouteScope scope, WorkerMetrics& metrics,
         RequestLabels labels);

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  RouteTable::Found find(const RoutePlan& plan, Exchange& exchange) const;
  const RouteBackend* choose(const RouteRule& rule, const Exchange& exchange);
  void send(Generation& generation, const RouteTable::Found& found, Exchange& exchange,
            Reply& reply);
  RequestCells& cells(const Generation& generation, const RouteRule& rule, std::size_t backend,
                      const std::string& target);

  Loop& loop_;
  Generations& generations_;
  const RouteScope scope_;
  WorkerMetrics& metrics_;
  const RequestLabels labels_;
  std::uint64_t cells_generation_ = 0;
  std::vector<RequestCells*> cells_;  // Of each rule's first backend, by its index.
  std::unordered_map<const RouteBackend*, RequestCells*> more_cells_;  // Of the others.
};

}  // namespace skiff
