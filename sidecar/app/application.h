#pragma once

#include <memory>
#include <string>

#include "config/schema/sidecar.h"
#include "sidecar/app/target.h"
#include "sidecar/observe/worker_metrics.h"

namespace skiff {

// The application beside this sidecar: one endpoint on loopback, called with looser timeouts than
// those of the callers, so that theirs come first.
class Application final : public Forwarder {
 public:
  // `service` names it in metrics and logs.
  Application(const TargetContext& context, const InboundListener& listener, std::string service,
              WorkerMetrics& metrics);

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  const std::string service_;
  Target target_;
  std::shared_ptr<RequestCells> cells_;
};

}  // namespace skiff
