#include <algorithm>
#include <limits>
#include <vector>

#include "base/hash.h"
#include "sidecar/balance/algorithms.h"

namespace skiff {
namespace {

// Source: D. Eisenbud et al., "Maglev: a fast and reliable software network load balancer" (2016),
// 3.4; the table is filled in turns by weight, as Envoy does.
class Maglev final : public Balancer {
 public:
  explicit Maglev(std::uint32_t table_size) : table_size_(table_size) {}

  void rebuild(std::span<Endpoint* const> usable, TimePoint) override {
    usable_ = usable;
    table_.assign(usable.empty() ? 0 : table_size_, empty);
    if (usable.empty()) return;
    std::vector<Filler> fillers = make_fillers();
    std::uint32_t filled = 0;
    while (filled < table_size_) {
      for (Filler& filler : fillers) {
        filler.credit += usable_[filler.index]->weight;
        if (filler.credit < heaviest_) continue;
        filler.credit -= heaviest_;
        take_slot(filler);
        if (++filled == table_size_) break;
      }
    }
  }

  Endpoint* pick(const Pick& pick, Random& random) override {
    if (usable_.empty()) return nullptr;
    if (usable_.size() == 1) return usable_.front();
    std::size_t slot = (pick.hash != 0 ? pick.hash : random.next()) % table_size_;
    for (std::uint32_t i = 0; i < table_size_ && usable_[table_[slot]] == pick.avoid; ++i)
      slot = (slot + 1) % table_size_;
    return usable_[table_[slot]];
  }

 private:
  static constexpr std::uint32_t empty = std::numeric_limits<std::uint32_t>::max();

  // An endpoint on its walk through the table: all slots, each once, in an order of its own.
  struct Filler {
    std::uint32_t index;  // In usable_.
    std::uint64_t slot;
    std::uint64_t skip;
    std::uint64_t credit;
  };

  // By hash, so that the table does not depend on the order in which endpoints are listed.
  std::vector<Filler> make_fillers() {
    std::vector<Filler> fillers;
    heaviest_ = 0;
    for (std::uint32_t i = 0; i < usable_.size(); ++i) {
      const std::uint64_t hash = usable_[i]->hash;
      const std::uint64_t skip = mix_hash(hash) % std::max(table_size_ - 1, 1u) + 1;
      fillers.push_back({i, hash % table_size_, skip, 0});
      heaviest_ = std::max<std::uint64_t>(heaviest_, usable_[i]->weight);
    }
    std::sort(fillers.begin(), fillers.end(), [&](const Filler& a, const Filler& b) {
      return usable_[a.index]->hash < usable_[b.index]->hash;
    });
    return fillers;
  }

  // Needs an empty slot.
  void take_slot(Filler& filler) {
    while (table_[filler.slot] != empty) filler.slot = (filler.slot + filler.skip) % table_size_;
    table_[filler.slot] = filler.index;
  }

  std::uint32_t table_size_;  // A prime, so that each walk meets each slot.
  std::span<Endpoint* const> usable_;
  std::vector<std::uint32_t> table_;  // Indexes into usable_.
  std::uint64_t heaviest_ = 0;
};

// The schema allows primes only; with anything else a walk might never meet an empty slot.
std::uint32_t next_prime(std::uint32_t n) {
  const auto is_prime = [](std::uint64_t candidate) {
    for (std::uint64_t d = 2; d * d <= candidate; ++d)
      if (candidate % d == 0) return false;
    return candidate >= 2;
  };
  while (!is_prime(n)) ++n;
  return n;
}

}  // namespace

std::unique_ptr<Balancer> make_maglev(const LoadBalancingConfig& config) {
  return std::make_unique<Maglev>(next_prime(config.table_size));
}

}  // namespace skiff
