#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sidecar/app/generation.h"
#include "sidecar/observe/labelled_counters.h"
#include "sidecar/policy/authorize.h"

namespace skiff {

// Asks the AuthorizationPolicies in force for each request from others: those of this sidecar's own
// service, at the port that a listener serves.
class Guard final : public Forwarder, private AuthorizationCounts {
 public:
  // What outlives it. `service_port` as in InboundListener.
  struct Context {
    Generations& generations;
    LabelledCounters& verdicts;  // Labels policy, rule, verdict, mode.
    std::uint16_t service_port;
  };

  Guard(const Context& context, Forwarder& inner);
  ~Guard() override;

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  void take(const Generation& generation);
  void count(const Authorizer& authorizer, const AuthorizationDecision& decision,
             AuthorizationPolicy::Mode mode) override;

  const Context context_;
  Forwarder& inner_;
  std::uint64_t generation_ = 0;
  std::unique_ptr<Authorize> authorize_;  // Null: no policy says anything.
  // By reason, and by denied or allowed, enforced or in shadow; filled in when first counted.
  std::vector<std::array<LabelledCounters::Cell*, 4>> cells_;
};

}  // namespace skiff
