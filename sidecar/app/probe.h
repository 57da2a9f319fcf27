#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sidecar/http/forwarder.h"
#include "sidecar/transport/loop.h"

namespace skiff {

// A GET of our own, to see how an endpoint is.
struct ProbeRequest {
  std::string path;  // With a query, if any.
  std::string host;
  Duration timeout = std::chrono::seconds(1);
};

// The probes of one worker that are under way. They go the way of all requests from the pool on, so
// that an endpoint is asked in the protocol, and by the identity, that its callers use.
class Probes final : private Deferred {
 public:
  // With the answer's status, once; 0: there was none in time.
  using Done = std::function<void(std::uint16_t status)>;

  Probes(Loop& loop, Exchanges& exchanges);
  ~Probes();

  // `done` may be called within this call. `endpoint` outlives the probe.
  void send(Forwarder& endpoint, const ProbeRequest& request, Done done);

 private:
  class Probe;

  void ended(Probe& probe);
  void run_deferred() override;

  Loop& loop_;
  Exchanges& exchanges_;
  std::vector<std::unique_ptr<Probe>> under_way_;
  std::vector<std::unique_ptr<Probe>> dead_;
};

}  // namespace skiff
