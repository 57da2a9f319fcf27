#pragma once

#include <memory>
#include <string>

#include "config/schema/common.h"
#include "sidecar/app/backend_connector.h"
#include "sidecar/http/endpoint_spec.h"
#include "sidecar/policy/with_admission.h"
#include "sidecar/policy/with_bulkhead.h"
#include "sidecar/pool/pool.h"

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

// The way to one endpoint of a target: its limit and who is told results, then whatever is behind
// them, a network or a simulated one.
class Way : public Forwarder {
 public:
  void forward(Exchange& exchange, Reply& reply) final { watched_.forward(exchange, reply); }

  // The way past its limit and past who is told results: for probes, which are no requests.
  Forwarder& for_probes() { return behind_; }

  // Of this endpoint, always the same; from the next request on. Null: no limit.
  void limit_by(std::shared_ptr<Bulkhead> bulkhead);

  // The same for what results are told to; null: nothing.
  void watch_by(std::shared_ptr<Admission> watch);

  virtual void configure() = 0;  // The settings' pool changed.
  virtual void retire() = 0;     // Keeps nothing idle any more.
  virtual bool unused() const = 0;

 protected:
  // Both outlive it.
  Way(BulkheadWaits& waits, Forwarder& behind);

  std::uint32_t in_flight() const { return limit_.in_flight(); }

 private:
  Forwarder& behind_;
  std::shared_ptr<Bulkhead> bulkhead_;  // Kept while it is off, for who is still in it.
  WithBulkhead limit_;
  std::shared_ptr<Admission> watch_;  // Kept as well.
  WithAdmission watched_;
};

// Makes the ways of one worker's targets.
class Ways {
 public:
  // `settings` outlives the way, and this too.
  virtual std::unique_ptr<Way> make(const std::string& target, const KnownEndpoint& to,
                                    const WaySettings& settings) = 0;

 protected:
  ~Ways() = default;
};

}  // namespace skiff
