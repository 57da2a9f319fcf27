#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/text_map.h"
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
  RequestCells& cells_of(std::string_view identity);

  const std::string service_;
  WorkerMetrics& metrics_;
  Target target_;
  std::shared_ptr<RequestCells> unnamed_;         // Of callers who have not proved who they are.
  TextMap<std::shared_ptr<RequestCells>> named_;  // By identity.
};

}  // namespace skiff
