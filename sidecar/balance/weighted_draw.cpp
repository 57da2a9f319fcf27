#include "sidecar/balance/weighted_draw.h"

#include <algorithm>

namespace skiff {

void WeightedDraw::rebuild(std::span<Endpoint* const> endpoints) {
  endpoints_ = endpoints;
  ends_.clear();
  const auto differs = [&](const Endpoint* e) { return e->weight != endpoints.front()->weight; };
  if (std::none_of(endpoints.begin(), endpoints.end(), differs)) return;

  std::uint64_t sum = 0;
  for (const Endpoint* endpoint : endpoints) ends_.push_back(sum += endpoint->weight);
}

Endpoint* WeightedDraw::draw(Random& random) const {
  if (ends_.empty()) return endpoints_[random.below(endpoints_.size())];
  const std::uint64_t point = random.below(ends_.back());
  const auto end = std::upper_bound(ends_.begin(), ends_.end(), point);
  return endpoints_[static_cast<std::size_t>(end - ends_.begin())];
}

Endpoint* WeightedDraw::draw_other_than(const Endpoint* avoid, Random& random) const {
  Endpoint* drawn = draw(random);
  // Drawing again keeps the others' shares exact; after some tries `avoid` has nearly all weight.
  for (int tries = 0; drawn == avoid && tries < 16; ++tries) drawn = draw(random);
  if (drawn != avoid) return drawn;
  const auto other = std::find_if(endpoints_.begin(), endpoints_.end(),
                                  [&](const Endpoint* e) { return e != avoid; });
  return other == endpoints_.end() ? drawn : *other;
}

}  // namespace skiff
