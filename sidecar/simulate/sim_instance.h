#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "base/units.h"
#include "sidecar/http/endpoint_spec.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/simulate/sim_context.h"

namespace skiff {

class SimService;
class SimSidecar;

// What is wrong with an instance. All of it at once is possible.
struct SimTrouble {
  bool down = false;         // Connections are refused.
  bool hung = false;         // It accepts, and nothing in it goes on.
  bool unreachable = false;  // Nothing gets there or comes from there.
  Duration slower{};         // Work takes so much longer.
  Ratio errors{0};           // So many are answered at once with `error_status`.
  std::uint16_t error_status = 503;
  Ratio resets{0};                   // For so many the connection breaks instead of an answer,
  bool resets_after_reading = true;  // when they were executed already, or before.
};

// One running copy of an application. What comes to it waits for one of its places to work at, so
// that overload is as it is: a queue that grows.
class SimInstance final : public Forwarder {
 public:
  SimInstance(SimContext& context, SimService& service, EndpointSpec endpoint);
  ~SimInstance() override;

  // To the application itself.
  void forward(Exchange& exchange, Reply& reply) override;
  // Where requests for it arrive: its sidecar's chain, or the application.
  Forwarder& inlet() { return inlet_ != nullptr ? *inlet_ : *this; }

  // By whose sidecar it calls others; both may be null, and outlive it.
  void stand_beside(SimSidecar* sidecar, Forwarder* inlet);

  // All connections to it break; what it was doing is lost.
  void crash();
  void start();
  void begin_cold();  // As if it had started just now.
  void hang(bool hung);

  // Whether the registry names it: callers hear of a change by SimSidecar::refresh().
  void leave_registry() { registered_ = false; }
  bool is_registered() const { return registered_; }

  SimTrouble& trouble() { return trouble_; }
  const SimTrouble& trouble() const { return trouble_; }
  SimService& service() { return service_; }
  SimSidecar* sidecar() { return sidecar_; }
  const EndpointSpec& endpoint() const { return endpoint_; }
  const std::string& address() const { return endpoint_.address; }
  const std::string& zone() const { return endpoint_.zone; }
  std::uint64_t handled() const { return handled_; }  // Attempts that reached it.
  std::uint32_t busy() const { return busy_; }
  std::size_t queued() const { return waiting_; }
  std::uint32_t most_at_once() const { return most_at_once_; }

  // Who waits for an answer of it; they are told when it crashes.
  Group<SimAttempt>& attempts() { return attempts_; }

  // By jobs: one gave up waiting, one ended, and how long the work of one takes.
  void unqueued() { --waiting_; }
  void ended(SimJob& job);
  Duration draw_work();

 private:
  void begin(SimJob& job);
  void begin_next();
  bool is_full() const;
  bool befalls(Ratio share);

  SimContext& context_;
  SimService& service_;
  const EndpointSpec endpoint_;
  SimSidecar* sidecar_ = nullptr;
  Forwarder* inlet_ = nullptr;
  SimTrouble trouble_;
  TimePoint started_{};
  bool registered_ = true;
  std::uint64_t handled_ = 0;
  std::uint32_t busy_ = 0;
  std::uint32_t most_at_once_ = 0;
  std::deque<SimJob*> queue_;  // With those that gave up.
  std::size_t waiting_ = 0;    // Without them.
  Group<SimJob> working_;
  Group<SimAttempt> attempts_;
};

}  // namespace skiff
