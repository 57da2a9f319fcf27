#pragma once

#include <cstdint>
#include <string>

#include "sidecar/http/forwarder.h"
#include "sidecar/simulate/sim_instance.h"
#include "sidecar/simulate/spread.h"

namespace skiff {

// Of all ways of one sidecar.
struct SimWaySettings {
  std::string zone;      // The sidecar's.
  std::string identity;  // As which it calls.
  Spread latency;        // One way.
  Duration connect_timeout{};
};

// The network between one sidecar and one instance, with the connections that are kept there.
class SimWay final : public Forwarder {
 public:
  SimWay(SimContext& context, const SimWaySettings& settings, SimInstance& to)
      : context_(context), settings_(settings), to_(to) {}

  void forward(Exchange& exchange, Reply& reply) override;

  bool is_cut() const;
  // Whether a kept connection is there to be used.
  bool take_idle();
  void give_idle() { ++idle_; }

  const SimWaySettings& settings() const { return settings_; }
  SimInstance& to() { return to_; }
  std::uint64_t attempts = 0;  // Requests that went out.

 private:
  SimContext& context_;
  const SimWaySettings& settings_;
  SimInstance& to_;
  std::uint32_t idle_ = 0;
};

}  // namespace skiff
