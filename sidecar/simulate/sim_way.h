#pragma once

#include <cstdint>
#include <string>

#include "sidecar/app/way.h"
#include "sidecar/simulate/sim_instance.h"
#include "sidecar/simulate/spread.h"

namespace skiff {

// Of all ways of one sidecar.
struct SimWaySettings {
  std::string zone;      // The sidecar's.
  std::string identity;  // As which it calls.
  Spread latency;        // One way.
};

// What went out from one sidecar to one target.
struct SimSent {
  std::uint64_t attempts = 0;
  std::uint64_t retries = 0;  // Those among them that were not the first of their request.
  std::uint64_t copies = 0;   // For mirrors; not among them.
};

// The network between one sidecar and one instance, with the connections that are kept there.
class SimWay final : public Way {
 public:
  // All outlive it.
  SimWay(SimContext& context, const SimWaySettings& settings, const WaySettings& calling,
         SimInstance& to, SimSent& sent);

  void configure() override {}
  void retire() override { retired_ = true; }
  bool unused() const override { return in_flight() + under_way == 0; }

  bool is_cut() const;
  // Whether a kept connection is there to be used.
  bool take_idle();
  void give_idle();

  Spread latency() const { return settings_.latency; }
  const std::string& identity() const { return settings_.identity; }
  Duration connect_timeout() const { return calling_.pool.connect_timeout; }
  SimInstance& to() { return to_; }
  SimSent& sent() { return sent_; }
  std::uint32_t under_way = 0;  // Attempts.

 private:
  // What is sent when there is room.
  class Wire final : public Forwarder {
   public:
    explicit Wire(SimWay& way) : way_(way) {}
    void forward(Exchange& exchange, Reply& reply) override;

   private:
    SimWay& way_;
  };

  SimContext& context_;
  const SimWaySettings& settings_;
  const WaySettings& calling_;
  SimInstance& to_;
  SimSent& sent_;
  std::uint32_t idle_ = 0;
  bool retired_ = false;
  Wire wire_{*this};
};

}  // namespace skiff
