#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sidecar/route/route_table.h"

namespace skiff {

// Which target has an endpoint at an address: where a captured connection goes whose client called
// one endpoint itself, as names without an address of their own lead to. Twelve bytes an endpoint,
// as the addresses stay with the targets. Immutable; any thread may read.
class EndpointIndex final {
 public:
  // `targets` outlives it.
  explicit EndpointIndex(const std::vector<TargetSpec>& targets);

  // By what EndpointSpec::address says. Of several, the one with the most endpoints, as those of a
  // subset are the whole service's too; then the first. Null: none.
  const TargetSpec* find(std::string_view address) const;

 private:
  struct Place {
    std::uint32_t hash;
    std::uint32_t target;    // Index into targets_.
    std::uint32_t endpoint;  // Index into its endpoints.
  };

  const std::vector<TargetSpec>& targets_;
  std::vector<Place> places_;  // By hash; those of one hash the best first.
};

}  // namespace skiff
