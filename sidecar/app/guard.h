#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sidecar/app/generation.h"
#include "sidecar/app/token_gate.h"
#include "sidecar/observe/labelled_counters.h"
#include "sidecar/policy/authorize.h"

namespace skiff {

// Asks the AuthorizationPolicies in force for each request from others, and the JWTPolicy for its
// token: those of this sidecar's own service, at the port that a listener serves. First go the
// rules that need no token, so that who is refused by them costs no signature check; then the token
// is verified; then go the rules by claims.
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
  // In the order in which a request meets them; null: there is nothing to ask.
  std::unique_ptr<Authorize> authorize_;
  std::unique_ptr<TokenGate> tokens_;
  std::unique_ptr<Authorize> by_claims_;
  Forwarder* first_;
  // By reason, and by denied or allowed, enforced or in shadow; filled in when first counted.
  std::vector<std::array<LabelledCounters::Cell*, 4>> cells_;
};

}  // namespace skiff
