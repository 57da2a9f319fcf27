#include <algorithm>
#include <bit>
#include <vector>

#include "base/hash.h"
#include "sidecar/balance/algorithms.h"

namespace skiff {
namespace {

// Source: D. Karger et al., "Consistent hashing and random trees" (1997); points by weight as in
// R. Jones, "libketama" (2007).
class RingHash final : public Balancer {
 public:
  explicit RingHash(std::uint32_t least_points) : least_points_(least_points) {}

  void rebuild(std::span<Endpoint* const> usable, TimePoint) override {
    usable_ = usable;
    ring_.clear();
    std::uint64_t total = 0;
    for (const Endpoint* endpoint : usable) total += endpoint->weight;
    for (std::uint32_t i = 0; i < usable.size(); ++i) {
      const std::uint64_t points = points_of(usable[i]->weight, total);
      for (std::uint64_t n = 0; n < points; ++n) {
        const std::uint64_t hash = mix_hash(usable[i]->hash + n * 0x9e3779b97f4a7c15);
        ring_.push_back({static_cast<std::uint32_t>(hash >> 32), i});
      }
    }
    std::sort(ring_.begin(), ring_.end(), [&](const Point& a, const Point& b) {
      return a.at != b.at ? a.at < b.at : usable_[a.index]->hash < usable_[b.index]->hash;
    });
  }

  Endpoint* pick(const Pick& pick, Random& random) override {
    if (ring_.empty()) return nullptr;
    const std::uint64_t hash = mix_hash(pick.hash != 0 ? pick.hash : random.next());
    const auto at = static_cast<std::uint32_t>(hash >> 32);
    const auto start = std::lower_bound(ring_.begin(), ring_.end(), at,
                                        [](const Point& p, std::uint32_t x) { return p.at < x; });
    std::size_t i = static_cast<std::size_t>(start - ring_.begin()) % ring_.size();
    if (usable_.size() > 1)
      while (usable_[ring_[i].index] == pick.avoid) i = (i + 1) % ring_.size();
    return usable_[ring_[i].index];
  }

 private:
  struct Point {
    std::uint32_t at;
    std::uint32_t index;  // In usable_.
  };

  // Per unit of weight a power of two, which seldom changes when endpoints come or go: so the
  // others keep their points.
  std::uint64_t points_of(std::uint32_t weight, std::uint64_t total) const {
    if (total <= least_points_) return weight * std::bit_ceil((least_points_ + total - 1) / total);
    const std::uint64_t divisor = std::bit_floor(total / least_points_);
    return (weight + divisor - 1) / divisor;
  }

  std::uint64_t least_points_;
  std::span<Endpoint* const> usable_;
  std::vector<Point> ring_;  // By `at`.
};

}  // namespace

std::unique_ptr<Balancer> make_ring_hash(const LoadBalancingConfig& config) {
  return std::make_unique<RingHash>(std::max<std::uint32_t>(config.table_size, 1));
}

}  // namespace skiff
