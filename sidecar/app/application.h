#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/text_map.h"
#include "config/schema/sidecar.h"
#include "sidecar/app/generation.h"
#include "sidecar/app/target.h"
#include "sidecar/observe/worker_metrics.h"
#include "sidecar/policy/unprocessed.h"

namespace skiff {

// What holds for an application that says nothing itself: looser timeouts than those of its
// callers, so that theirs come first.
TrafficPolicy policy_of_application();
// Of the own service's policy, what spares the application; the rest is for its callers. Null: the
// service, or its port, is not known.
void spare_application(const InboundPort* port, TrafficPolicy& policy);

// The application beside this sidecar: one endpoint on loopback, called with looser timeouts than
// those of the callers, so that theirs come first.
class Application final : public Forwarder {
 public:
  // What outlives it.
  struct Context {
    const TargetContext& targets;
    Generations& generations;
    WorkerMetrics& metrics;
  };

  // `service` names it in metrics and logs.
  Application(const Context& context, const InboundListener& listener, std::string service);

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  void take(const Generation& generation);
  RequestCells& cells_of(std::string_view identity);

  const Context context_;
  const std::string service_;
  const std::uint16_t service_port_;  // As in InboundListener.
  TargetSpec spec_;                   // What the listener says; without the service's policy.
  std::uint64_t generation_ = 0;      // Whose policy is in force.
  Target target_;
  TellUnprocessed told_{target_};
  std::shared_ptr<RequestCells> unnamed_;         // Of callers who have not proved who they are.
  TextMap<std::shared_ptr<RequestCells>> named_;  // By identity.
};

}  // namespace skiff
