#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/spooled_text.h"
#include "config/schema/sidecar.h"
#include "config/schema/snapshot.h"
#include "sidecar/app/generation.h"

namespace skiff {

// The policies that are in force, and what became of the last attempt to change them. Used by the
// control thread.
class Policies final {
 public:
  using Apply = std::function<void(const SharedPlans& plans)>;

  // `config` outlives it; `apply` puts plans in force at all workers.
  Policies(const SidecarConfig& config, Apply apply);

  // Reads the directory. Good: the plan is applied and true returned. Bad, in any part: what is in
  // force stays, violations() says why.
  bool load();

  std::uint64_t number() const { return number_; }  // Of the plans in force, counted from 1.
  const std::shared_ptr<const RoutePlan>& plan() const { return plan_; }
  const Violations& violations() const { return violations_; }  // Of the last load(); empty: good.
  const std::vector<Gateway>& gateways() const { return gateways_; }  // In force.
  std::uint64_t loaded() const { return loaded_; }                    // Good loads.
  std::uint64_t refused() const { return refused_; }                  // Bad ones.
  std::string text() const { return text_.read(); }                   // What is in force, as YAML.

 private:
  bool read_and_apply();
  void refuse();

  const SidecarConfig& config_;
  Apply apply_;
  std::uint64_t number_ = 0;
  std::uint64_t loaded_ = 0;
  std::uint64_t refused_ = 0;
  std::shared_ptr<const RoutePlan> plan_;
  Violations violations_;
  SpooledText text_;
  std::vector<Gateway> gateways_;
};

}  // namespace skiff
