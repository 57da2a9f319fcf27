#pragma once

#include <memory>
#include <string>

#include "sidecar/app/way.h"
#include "sidecar/pool/stream_pool.h"

namespace skiff {

// The way to one endpoint by the network: a pool for each thing that is spoken with it, made when
// it is first needed.
class EndpointWay final : public Way {
 public:
  // All but `to` outlive it.
  EndpointWay(const ConnectorContext& context, const PoolCounters& counters, BulkheadWaits& waits,
              const SocketAddress& to, const WaySettings& settings);
  ~EndpointWay() override;

  void configure() override;
  void retire() override;
  bool unused() const override;

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
};

class EndpointWays final : public Ways {
 public:
  // All outlive it and its ways.
  EndpointWays(const ConnectorContext& context, const PoolCounters& counters, BulkheadWaits& waits)
      : context_(context), counters_(counters), waits_(waits) {}

  std::unique_ptr<Way> make(const std::string& target, const KnownEndpoint& to,
                            const WaySettings& settings) override;

 private:
  const ConnectorContext& context_;
  const PoolCounters& counters_;
  BulkheadWaits& waits_;
};

}  // namespace skiff
