#pragma once

#include "base/random.h"
#include "sidecar/balance/endpoint_set.h"
#include "sidecar/http/forwarder.h"

namespace skiff {

// Leads to the endpoints of a target; the way to one is made when it is first used.
class EndpointForwarders {
 public:
  // Also sets endpoint.forwarder, and endpoint.full where there is a limit.
  virtual Forwarder& make_forwarder(Endpoint& endpoint) = 0;

 protected:
  ~EndpointForwarders() = default;
};

// Sends each attempt to one endpoint of a target, and tells the balancer how it went.
class Balance final : public Forwarder {
 public:
  Balance(EndpointSet& endpoints, EndpointForwarders& forwarders, Random& random,
          const Clock& clock)
      : endpoints_(endpoints), forwarders_(forwarders), random_(random), clock_(clock) {}

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  Forwarder& way_to(Endpoint& endpoint);
  // Other workers may have filled it before this one used it, so it makes the way to it.
  bool is_full(Endpoint& endpoint);
  // One that has room, where that is not hard to find.
  Endpoint* pick(const Exchange& exchange);

  EndpointSet& endpoints_;
  EndpointForwarders& forwarders_;
  Random& random_;
  const Clock& clock_;
};

}  // namespace skiff
