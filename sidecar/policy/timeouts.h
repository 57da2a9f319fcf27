#pragma once

#include "config/schema/traffic_policy.h"
#include "sidecar/http/forwarder.h"

namespace skiff {

// Says how long an exchange may take; whoever reads the request watches it (Exchange::deadlines).
class Timeouts final : public Forwarder {
 public:
  Timeouts(const TimeoutsConfig& config, Forwarder& inner) : config_(config), inner_(inner) {}

  void configure(const TimeoutsConfig& config) { config_ = config; }
  void forward(Exchange& exchange, Reply& reply) override;

 private:
  TimeoutsConfig config_;
  Forwarder& inner_;
};

}  // namespace skiff
