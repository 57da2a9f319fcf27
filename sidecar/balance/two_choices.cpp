#include "sidecar/balance/two_choices.h"

namespace skiff {

void TwoChoices::rebuild(std::span<Endpoint* const> usable) {
  draw_.rebuild(usable);
  slow_start_.rebuild(usable);
  double sum = 0;
  for (const Endpoint* endpoint : usable) sum += endpoint->weight;
  mean_weight_ = usable.empty() ? 1 : sum / static_cast<double>(usable.size());
}

TwoChoices::Pair TwoChoices::draw(const Pick& pick, Random& random) const {
  if (draw_.size() == 0) return {nullptr, nullptr};
  if (draw_.size() == 1) return {draw_[0], draw_[0]};
  const Pair pair = draw_two(random);
  if (pick.avoid == nullptr && slow_start_.is_over(pick.now)) return pair;
  return filter(pair, pick, random);
}

TwoChoices::Pair TwoChoices::draw_two(Random& random) const {
  if (!draw_.weights_are_equal()) {
    Endpoint* first = draw_.draw(random);
    return {first, draw_.draw(random)};
  }
  const std::uint64_t bits = random.next();  // One number for both: half of it for each.
  const std::uint64_t count = draw_.size();
  const std::uint64_t first = ((bits >> 32) * count) >> 32;
  std::uint64_t second = ((bits & 0xffffffff) * (count - 1)) >> 32;
  if (second >= first) ++second;
  return {draw_[first], draw_[second]};
}

TwoChoices::Pair TwoChoices::filter(Pair pair, const Pick& pick, Random& random) const {
  // Those that do not take part are drawn anew; in the end somebody must serve.
  for (int tries = 0; tries < 16 && !slow_start_.is_over(pick.now); ++tries) {
    const bool first = slow_start_.admits(*pair.first, pick.now, random);
    const bool second = slow_start_.admits(*pair.second, pick.now, random);
    if (first && !second) pair.second = pair.first;
    if (second && !first) pair.first = pair.second;
    if (first || second) break;
    pair = draw_two(random);
  }
  if (pair.first == pick.avoid) pair.first = pair.second;
  if (pair.second == pick.avoid) pair.second = pair.first;
  if (pair.first != pick.avoid) return pair;
  Endpoint* other = draw_.draw_other_than(pick.avoid, random);
  return {other, other};
}

}  // namespace skiff
