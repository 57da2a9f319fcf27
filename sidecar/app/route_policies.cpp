#include "sidecar/app/route_policies.h"

#include <utility>

namespace skiff {
namespace {

AnswerLimits limits_of(const FallbackStep& step) {
  return {step.max_age, step.max_bytes.count, step.max_entries};
}

PolicyIndex first_of(PolicyIndex one, PolicyIndex other) { return one != no_policy ? one : other; }

}  // namespace

RoutePolicies::RoutePolicies(const TargetContext& context, const RoutePlan& plan,
                             const std::vector<Target*>& targets)
    : plan_(plan), targets_(targets) {
  for (const FaultPolicy& policy : plan.faults)
    faults_.push_back(context.states.faults.find(policy));
  for (const FallbackSpec& spec : plan.fallbacks)
    fallbacks_.push_back(make_fallback(context, spec));
}

std::unique_ptr<Fallback> RoutePolicies::make_fallback(const TargetContext& context,
                                                       const FallbackSpec& spec) {
  std::shared_ptr<AnswerStore> store;
  std::vector<ReadyStep> steps;
  std::size_t others = 0;
  for (const FallbackStep& config : spec.steps) {
    ReadyStep& step = steps.emplace_back();
    step.config = &config;
    if (config.type == FallbackStep::Type::cached) {
      store = context.states.answers(spec.name, limits_of(config));
    } else if (config.type == FallbackStep::Type::cluster) {
      const std::uint32_t other = spec.others[others++];
      step.other = targets_[other];
      step.faults = rules(plan_.targets[other].fault);
    }
  }
  return std::make_unique<Fallback>(std::move(steps), std::move(store), context.pauses,
                                    context.loop);
}

const FaultRules* RoutePolicies::rules(PolicyIndex fault) const {
  return fault == no_policy ? nullptr : faults_[fault].get();
}

void RoutePolicies::set_faults(const RouteRule& rule, std::uint32_t target,
                               std::string_view gateway, Exchange& exchange) const {
  if (faults_.empty()) [[likely]]
    return;
  PolicyIndex fault = first_of(rule.fault, plan_.targets[target].fault);
  if (fault == no_policy && !gateway.empty()) fault = plan_.gateway_fault(gateway);
  exchange.faults = rules(fault);
}

void RoutePolicies::set_faults_of(std::uint32_t target, Exchange& exchange) const {
  exchange.faults = rules(plan_.targets[target].fault);
}

void RoutePolicies::forward(const RouteRule& rule, std::uint32_t target, Exchange& exchange,
                            Reply& reply) {
  Target& to = *targets_[target];
  if (fallbacks_.empty()) [[likely]]
    return to.forward(exchange, reply);
  const PolicyIndex fallback = first_of(rule.fallback, plan_.targets[target].fallback);
  if (fallback == no_policy) return to.forward(exchange, reply);
  fallbacks_[fallback]->forward(exchange, reply, to);
}

}  // namespace skiff
