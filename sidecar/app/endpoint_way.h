#pragma once

#include <memory>

#include "config/schema/common.h"
#include "sidecar/app/backend_connector.h"
#include "sidecar/http/forwarder.h"
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
  // `context`, `counters` and `settings` outlive it; call configure() when the latter's pool
  // changed.
  EndpointWay(const ConnectorContext& context, const PoolCounters& counters,
              const SocketAddress& to, const WaySettings& settings);
  ~EndpointWay() override;

  void forward(Exchange& exchange, Reply& reply) override;

  void configure();
  void retire();  // Keeps nothing idle any more.
  bool unused() const;

 private:
  // A connector and the pool over it.
  template <typename AnyPool>
  struct Lane;

  Forwarder& lane(Speaks speaks);
  PoolSettings for_bytes() const;

  const ConnectorContext& context_;
  const PoolCounters& counters_;
  const SocketAddress to_;
  const WaySettings& settings_;
  std::unique_ptr<Lane<Pool>> http1_;
  std::unique_ptr<Lane<StreamPool>> http2_;
  std::unique_ptr<Lane<Pool>> bytes_;
};

}  // namespace skiff
