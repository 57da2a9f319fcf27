#include "sidecar/route/endpoint_index.h"

#include <algorithm>
#include <tuple>

#include "base/hash.h"

namespace skiff {
namespace {

std::uint32_t hash_of(std::string_view address) {
  return static_cast<std::uint32_t>(mix_hash(stable_hash(address)));
}

}  // namespace

EndpointIndex::EndpointIndex(const std::vector<TargetSpec>& targets) : targets_(targets) {
  std::size_t endpoints = 0;
  for (const TargetSpec& target : targets) endpoints += target.endpoints.size();
  places_.reserve(endpoints);
  for (std::uint32_t i = 0; i < targets.size(); ++i) {
    for (std::uint32_t k = 0; k < targets[i].endpoints.size(); ++k) {
      places_.push_back({hash_of(targets[i].endpoints[k].address), i, k});
    }
  }
  const auto order_of = [&targets](const Place& place) {
    const auto others = targets[place.target].endpoints.size();
    return std::tuple(place.hash, ~others, place.target);
  };
  std::ranges::sort(places_, {}, order_of);
}

const TargetSpec* EndpointIndex::find(std::string_view address) const {
  for (const Place& place : std::ranges::equal_range(places_, hash_of(address), {}, &Place::hash)) {
    const TargetSpec& target = targets_[place.target];
    if (target.endpoints[place.endpoint].address == address) return &target;
  }
  return nullptr;
}

}  // namespace skiff
