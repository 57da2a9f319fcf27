#include "sidecar/app/generation.h"

#include <algorithm>
#include <span>
#include <utility>

namespace skiff {

class Generations::Use final : public EndHook {
 public:
  Use(Generations& owner, Generation& generation) : owner_(owner), generation_(generation) {}
  void ended(Exchange&, const Error&) override { owner_.released(generation_); }

 private:
  Generations& owner_;
  Generation& generation_;
};

void Generations::apply(SharedPlans plans) {
  const std::vector<TargetSpec>& specs = plans.route->targets;
  auto next = std::make_unique<Generation>();
  next->number = plans.number;
  next->targets.reserve(specs.size());
  std::unordered_map<std::string, std::unique_ptr<Target>> kept;
  kept.reserve(specs.size());
  for (const TargetSpec& spec : specs) {
    auto& slot = kept[spec.name];
    const auto found = targets_.find(spec.name);
    if (found != targets_.end() && found->second != nullptr) {
      slot = std::move(found->second);
      slot->update(spec);
    } else {
      slot = std::make_unique<Target>(context_, spec);
    }
    next->targets.push_back(slot.get());
  }
  for (auto& [name, target] : targets_) {
    if (target != nullptr) removed_.push_back(std::move(target));
  }
  targets_ = std::move(kept);
  next->limits = limits_.make(*plans.route);
  std::span<const std::unique_ptr<Jwt>> tokens_before;
  if (current_ != nullptr) tokens_before = current_->tokens;
  next->tokens = limits_.make(plans.tokens, tokens_before);
  next->plan = std::move(plans.route);
  next->authorizer = std::move(plans.authorizer);
  next->endpoints = std::move(plans.endpoints);
  next->policies = std::make_unique<RoutePolicies>(context_, *next->plan, next->targets);
  if (current_ != nullptr) old_.push_back(std::move(current_));
  current_ = std::move(next);
  tidy();
}

void Generations::use(Generation& generation, Exchange& exchange) {
  ++generation.in_use;
  exchange.at_end(*exchange.arena.make<Use>(*this, generation));
}

void Generations::released(Generation& generation) { --generation.in_use; }

void Generations::tidy() {
  std::erase_if(old_, [](const auto& generation) { return generation->in_use == 0; });
  if (old_.empty()) removed_.clear();
  for (auto& [name, target] : targets_) target->tidy();
}

void Generations::set_healthy(const std::string& target, std::string_view address, bool healthy) {
  const auto found = targets_.find(target);
  if (found != targets_.end()) found->second->set_healthy(address, healthy);
}

}  // namespace skiff
