#pragma once

#include <memory>

#include "config/schema/common.h"
#include "sidecar/app/backend_connector.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/policy/with_admission.h"
#include "sidecar/policy/with_bulkhead.h"
#include "sidecar/pool/pool.h"
#include "sidecar/pool/stream_pool.h"

namespace skiff {

// How the endpoints of one target are called.
struct WaySettings {
  Protocol protocol = Protocol::http;
  BackendTls tls;
  PoolSettings pool;

  // What is spoken for this request. Between sidecars messages go by HTTP/2, whatever the
  // applications speak; where that is not known, only calls of gRPC need it.
  Speaks spoken_for(const Request& request) const;
};

// The way to one endpoint: a pool for each thing that is spoken with it, made when it is first
// needed.
class EndpointWay final : public Forwarder {
 public:
  // All but `to` outlive it; call configure() when the settings' pool changed.
  EndpointWay(const ConnectorContext& context, const PoolCounters& counters, BulkheadWaits& waits,
              const SocketAddress& to, const WaySettings& settings);
  ~EndpointWay() override;

  void forward(Exchange& exchange, Reply& reply) override { watched_.forward(exchange, reply); }

  // The way past its limit and past who is told results: for probes, which are no requests.
  Forwarder& for_probes() { return lanes_; }

  // Of this endpoint, always the same; from the next request on. Null: no limit.
  void limit_by(std::shared_ptr<Bulkhead> bulkhead);

  // The same for what results are told to; null: nothing.
  void watch_by(std::shared_ptr<Admission> watch);

  void configure();
  void retire();  // Keeps nothing idle any more.
  bool unused() const;

 private:
  // A connector and the pool over it.
  template <typename AnyPool>
  struct Lane;

  // Leads to the pool for what is spoken.
  class Lanes final : public Forwarder {
   public:
    explicit Lanes(EndpointWay& way) : way_(way) {}
    void forward(Exchange& exchange, Reply& reply) override;

   private:
    EndpointWay& way_;
  };

  Forwarder& lane(Speaks speaks);
  PoolSettings for_bytes() const;

  const ConnectorContext& context_;
  const PoolCounters& counters_;
  const SocketAddress to_;
  const WaySettings& settings_;
  std::unique_ptr<Lane<Pool>> http1_;
  std::unique_ptr<Lane<StreamPool>> http2_;
  std::unique_ptr<Lane<Pool>> bytes_;
  Lanes lanes_{*this};
  std::shared_ptr<Bulkhead> bulkhead_;  // Kept while it is off, for who is still in it.
  WithBulkhead limit_;
  std::shared_ptr<Admission> watch_;  // Kept as well.
  WithAdmission watched_;
};

}  // namespace skiff
