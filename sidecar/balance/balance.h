#pragma once

#include "base/random.h"
#include "sidecar/balance/endpoint_set.h"
#include "sidecar/http/forwarder.h"

namespace skiff {

// Leads to the endpoints of a target; the way to one is made when it is first used.
class EndpointForwarders {
 public:
  virtual Forwarder& make_forwarder(Endpoint& endpoint) = 0;  // Also sets endpoint.forwarder.

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
  // One that has room, where that is not hard to find.
  Endpoint* pick(const Exchange& exchange);

  EndpointSet& endpoints_;
  EndpointForwarders& forwarders_;
  Random& random_;
  const Clock& clock_;
};

}  // namespace skiff
