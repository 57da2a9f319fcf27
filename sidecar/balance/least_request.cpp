#include "sidecar/balance/algorithms.h"
#include "sidecar/balance/two_choices.h"

namespace skiff {
namespace {

class LeastRequest final : public Balancer {
 public:
  explicit LeastRequest(const SlowStartConfig& slow_start) : choices_(slow_start) {}

  void rebuild(std::span<Endpoint* const> usable, TimePoint) override { choices_.rebuild(usable); }

  Endpoint* pick(const Pick& pick, Random& random) override {
    const auto [first, second] = choices_.draw(pick, random);
    if (first == second) return first;
    // in_flight / weight, without dividing.
    const std::uint64_t load_of_first = std::uint64_t{first->in_flight} * second->weight;
    const std::uint64_t load_of_second = std::uint64_t{second->in_flight} * first->weight;
    return load_of_second < load_of_first ? second : first;
  }

 private:
  TwoChoices choices_;
};

}  // namespace

std::unique_ptr<Balancer> make_least_request(const SlowStartConfig& slow_start) {
  return std::make_unique<LeastRequest>(slow_start);
}

}  // namespace skiff
