#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "config/schema/sidecar.h"
#include "sidecar/app/arrivals.h"
#include "sidecar/app/client_connections.h"
#include "sidecar/app/endpoint_way.h"
#include "sidecar/app/generation.h"
#include "sidecar/app/mesh_identity.h"
#include "sidecar/app/probe.h"
#include "sidecar/app/stack.h"
#include "sidecar/listener/listener.h"
#include "sidecar/transport/loop.h"

namespace skiff {

// One listener as the workers are told to open it.
struct ListenerPlan {
  enum class Kind { inbound, outbound, gateway };
  Kind kind = Kind::inbound;
  std::size_t index = 0;  // In the SidecarConfig's list of that kind.
  SocketAddress address{};
  std::string name{};  // For the log: `inbound http 0.0.0.0:15001`.
  Protocol protocol = Protocol::http;
  bool only_messages = false;  // With Protocol::detect: what is not HTTP/2 is HTTP/1.
  bool captured = false;       // The kernel redirected what comes: it was meant for elsewhere.
  // Of what others meant for a port that no inbound listener serves: made when it is first met.
  std::optional<InboundListener> implied{};
};

// One thread that carries requests, with all that belongs to it; it shares nothing with the others
// but the plan in force. Until start() the caller's thread uses it, then others only post to it.
class Worker final : private Timer {
 public:
  // `states` is what the workers share; it outlives them.
  Worker(const SidecarConfig& config, unsigned index, WorkerMetrics& metrics, AccessLog* access_log,
         PolicyStates& states);
  ~Worker();

  // Takes over the listening descriptor. Before start().
  void add_listener(const ListenerPlan& plan, int fd);
  void start();

  // From any thread.
  void set_identity(const TlsMaterial& material, const LeafInfo& leaf);  // Before apply() at first.
  void apply(const SharedPlans& plans);
  void set_healthy(const std::string& target, const std::string& address, bool healthy);
  // Asks one endpoint; `done` is called in this worker's thread.
  void probe(const std::string& target, const std::string& address, const ProbeRequest& request,
             OwnCalls::Done done);
  void drain(ListenerPlan::Kind kind);
  void cut();   // All connections close now.
  void stop();  // The thread ends.
  void post(std::function<void(Worker&)> work);

  // Connections from clients at listeners of that kind; from any thread.
  std::size_t connections(ListenerPlan::Kind kind) const;

  // In the worker's thread only.
  Generations& generations() { return generations_; }

 private:
  struct OpenListener;

  void expired(TimePoint now) override;
  bool is_full() const;
  void accepted(OpenListener& listener, int fd, const SocketAddress& from);
  void accepted_captured(OpenListener& listener, int fd, const SocketAddress& from);
  void take(OpenListener& listener, int fd, Peer peer, ArrivalRules rules);
  OpenListener* inbound_for(OpenListener& captured, const SocketAddress& meant);
  OpenListener* implied_for(OpenListener& captured, const SocketAddress& meant);
  const InboundListener& inbound_of(const ListenerPlan& plan) const;
  ArrivalRules rules_of(const ListenerPlan& plan);
  std::unique_ptr<Stack> make_stack(const ListenerPlan& plan);
  TlsMode tls_mode(const ListenerPlan& plan);

  const SidecarConfig& config_;
  WorkerMetrics& metrics_;
  Loop loop_;
  Exchanges exchanges_;
  const PoolCounters pool_counters_;
  const Http2ClientSettings client_settings_;
  MeshIdentity identity_;
  const ConnectorContext connecting_;
  Pauses pauses_;
  BulkheadWaits waits_;
  EndpointWays ways_;
  const TargetContext targets_;
  LimitMaker limits_;
  Generations generations_;
  OwnCalls own_calls_;
  Mirrors mirrors_;
  const StackContext stacks_;
  std::vector<std::unique_ptr<OpenListener>> listeners_;
  std::thread thread_;
};

}  // namespace skiff
