#include "base/random.h"

#include "sidecar/balance/algorithms.h"
#include "sidecar/balance/slow_start.h"
#include "sidecar/balance/weighted_draw.h"

namespace skiff {
namespace {

class RandomChoice final : public Balancer {
 public:
  explicit RandomChoice(const SlowStartConfig& slow_start) : slow_start_(slow_start) {}

  void rebuild(std::span<Endpoint* const> usable, TimePoint) override {
    draw_.rebuild(usable);
    slow_start_.rebuild(usable);
  }

  Endpoint* pick(const Pick& pick, Random& random) override {
    if (draw_.size() == 0) return nullptr;
    Endpoint* drawn = draw_.draw_other_than(pick.avoid, random);
    for (int tries = 0; tries < 16 && !slow_start_.admits(*drawn, pick.now, random); ++tries)
      drawn = draw_.draw_other_than(pick.avoid, random);
    return drawn;
  }

 private:
  WeightedDraw draw_;
  SlowStart slow_start_;
};

}  // namespace

std::unique_ptr<Balancer> make_random(const SlowStartConfig& slow_start) {
  return std::make_unique<RandomChoice>(slow_start);
}

}  // namespace skiff
