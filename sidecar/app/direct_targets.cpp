#include "sidecar/app/direct_targets.h"

namespace skiff {

using namespace std::chrono_literals;

namespace {

constexpr Duration look_every = 5s;

}  // namespace

class DirectTargets::Use final : public EndHook {
 public:
  Use(DirectTargets& owner, Held& held) : owner_(owner), held_(held) { ++held.in_use; }
  void ended(Exchange&, const Error&) override {
    --held_.in_use;
    held_.last_use = owner_.context_.loop.now();
  }

 private:
  DirectTargets& owner_;
  Held& held_;
};

DirectTargets::DirectTargets(const TargetContext& context) : context_(context) {
  context.loop.arm(*this, context.loop.now() + look_every);
}

DirectTargets::~DirectTargets() = default;

void DirectTargets::forward(std::string_view key, std::uint64_t generation,
                            const std::function<TargetSpec()>& spec, Exchange& exchange,
                            Reply& reply) {
  auto found = targets_.find(key);
  if (found == targets_.end()) {
    if (targets_.size() >= most) return reply.failed(exchange, {.kind = ErrorKind::overload});
    auto held = std::make_unique<Held>();
    held->target = std::make_unique<Target>(context_, spec());
    held->generation = generation;
    found = targets_.emplace(key, std::move(held)).first;
  }
  Held& held = *found->second;
  if (held.generation != generation) {
    held.target->update(spec());
    held.generation = generation;
  }
  exchange.at_end(*exchange.arena.make<Use>(*this, held));
  exchange.marks.target = held.target->name();
  held.target->forward(exchange, reply);
}

void DirectTargets::expired(TimePoint now) {
  std::erase_if(targets_, [now](const auto& entry) {
    return entry.second->in_use == 0 && now - entry.second->last_use >= kept;
  });
  for (const auto& [key, held] : targets_) held->target->tidy();
  context_.loop.arm(*this, now + look_every);
}

}  // namespace skiff
