#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sidecar/http/forwarder.h"
#include "sidecar/policy/with_admission.h"
#include "sidecar/policy/with_bulkhead.h"
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
  SimWay(SimContext& context, const SimWaySettings& settings, SimInstance& to);

  void forward(Exchange& exchange, Reply& reply) override { watched_.forward(exchange, reply); }

  // Of this endpoint; null: no limit.
  void limit_by(std::shared_ptr<Bulkhead> bulkhead);
  // What results are told to; null: nothing.
  void watch_by(std::shared_ptr<Admission> watch);

  bool is_cut() const;
  // Whether a kept connection is there to be used.
  bool take_idle();
  void give_idle() { ++idle_; }

  const SimWaySettings& settings() const { return settings_; }
  SimInstance& to() { return to_; }
  std::uint64_t attempts = 0;  // Requests that went out.
  std::uint64_t retries = 0;   // Those among them that were not the first of theirs.

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
  SimInstance& to_;
  std::uint32_t idle_ = 0;
  std::shared_ptr<Bulkhead> bulkhead_;
  Wire wire_{*this};
  WithBulkhead limit_;
  std::shared_ptr<Admission> watch_;
  WithAdmission watched_;
};

}  // namespace skiff
