#include <algorithm>
#include <vector>

#include "sidecar/balance/algorithms.h"
#include "sidecar/balance/slow_start.h"
#include "sidecar/balance/weighted_draw.h"

namespace skiff {
namespace {

// Earliest deadline first: an endpoint is due again 1 / weight after it was due last. With equal
// weights that is a circle. Each rebuild begins at random places, so that not all sidecars begin
// with the same endpoint. Source: gRPC and Envoy, "EDF scheduler".
class RoundRobin final : public Balancer {
 public:
  explicit RoundRobin(const SlowStartConfig& slow_start) : slow_start_(slow_start) {}

  void rebuild(std::span<Endpoint* const> usable, TimePoint) override {
    usable_ = usable;
    slow_start_.rebuild(usable);
    begun_ = false;
  }

  Endpoint* pick(const Pick& pick, Random& random) override {
    if (usable_.empty()) return nullptr;
    if (!begun_) begin(random);
    Endpoint* next = take(pick.avoid);
    for (int tries = 0; tries < 64 && !slow_start_.admits(*next, pick.now, random); ++tries)
      next = take(pick.avoid);
    return next;
  }

 private:
  struct Turn {
    double due;
    Endpoint* endpoint;
    // For a heap with the earliest on top.
    bool operator<(const Turn& other) const { return due > other.due; }
  };

  void begin(Random& random) {
    begun_ = true;
    next_ = random.below(usable_.size());
    turns_.clear();
    const auto differs = [&](const Endpoint* e) { return e->weight != usable_.front()->weight; };
    if (std::none_of(usable_.begin(), usable_.end(), differs)) return;
    for (Endpoint* endpoint : usable_)
      turns_.push_back({random.unit() / endpoint->weight, endpoint});
    std::make_heap(turns_.begin(), turns_.end());
  }

  Endpoint* take(const Endpoint* avoid) {
    Endpoint* const next = take_next();
    if (next != avoid || usable_.size() == 1) return next;
    if (turns_.empty() || turns_.front().endpoint != avoid) return take_next();
    // It is due again at once: set it aside while another takes its turn.
    std::pop_heap(turns_.begin(), turns_.end());
    Endpoint* const other = take_top(turns_.end() - 1);
    std::push_heap(turns_.begin(), turns_.end());
    return other;
  }

  Endpoint* take_next() {
    if (!turns_.empty()) return take_top(turns_.end());
    next_ = next_ + 1 < usable_.size() ? next_ + 1 : 0;
    return usable_[next_];
  }

  // Of the heap from the beginning to `end`.
  Endpoint* take_top(std::vector<Turn>::iterator end) {
    std::pop_heap(turns_.begin(), end);
    Turn& turn = *(end - 1);
    Endpoint* const taken = turn.endpoint;
    turn.due += 1.0 / taken->weight;
    std::push_heap(turns_.begin(), end);
    return taken;
  }

  SlowStart slow_start_;
  std::span<Endpoint* const> usable_;
  std::vector<Turn> turns_;  // A heap; empty where all weights are equal.
  std::size_t next_ = 0;     // In usable_, where all weights are equal.
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<Balancer> make_round_robin(const SlowStartConfig& slow_start) {
  return std::make_unique<RoundRobin>(slow_start);
}

}  // namespace skiff
