#include "sidecar/app/policies.h"

#include <malloc.h>

#include <filesystem>
#include <set>
#include <utility>

#include "base/log.h"
#include "config/schema/warnings.h"
#include "sidecar/app/config_text.h"

namespace skiff {

namespace {

// Of the own service; null: no policy names it.
std::shared_ptr<const Authorizer> make_authorizer(const SidecarConfig& config,
                                                  const InboundPlan& inbound) {
  if (inbound.policies.empty()) return nullptr;
  std::string_view trust_domain;
  if (config.identity.has_value()) trust_domain = config.identity->trust_domain;
  return std::make_shared<const Authorizer>(inbound.policies, trust_domain);
}

// Their keys are made ready once for all workers. Null: nothing here asks for this one.
TokenRules make_token_rules(const Resources& resources, const RoutePlan& plan) {
  std::set<PolicyIndex> asked = {plan.inbound.jwt};
  for (const auto& rule : plan.rules) asked.insert(rule->jwt);
  for (const GatewayPlan& gateway : plan.gateways) asked.insert(gateway.jwt);
  asked.erase(no_policy);
  if (asked.empty()) return {};
  TokenRules rules(resources.jwt_policies.size());
  for (const PolicyIndex i : asked)
    rules[i] = std::make_shared<const JwtRules>(resources.jwt_policies[i], plan.claims);
  return rules;
}

}  // namespace

Policies::Policies(const SidecarConfig& config, Apply apply)
    : config_(config), apply_(std::move(apply)) {}

bool Policies::load() {
  const bool good = read_and_apply();
  ::malloc_trim(0);  // What reading took is not needed again for long.
  return good;
}

bool Policies::read_and_apply() {
  const Result<Resources, Violations> read = config_.policies.empty()
                                                 ? Result<Resources, Violations>(Resources{})
                                                 : load_resources({config_.policies});
  violations_ = read ? check_sidecar(config_, *read) : read.error();
  if (!violations_.empty()) {
    refuse();
    return false;
  }
  // The resources themselves go when this returns: the plan has what requests need, in a fraction
  // of the memory, and the text what an operator wants to see.
  for (const Violation& warning : warnings_of(*read)) {
    log::warn(Component::config, "{}", to_text(warning));
  }
  text_ = SpooledText(config_text(config_, *read));
  gateways_ = read->gateways;
  plan_ = make_route_plan(*read, config_.ns, config_.service);
  ++loaded_;
  std::shared_ptr<const EndpointIndex> endpoints;
  if (config_.capture.has_value()) {
    endpoints = std::make_shared<const EndpointIndex>(plan_->targets);
  }
  apply_({++number_, plan_, make_authorizer(config_, plan_->inbound), std::move(endpoints),
          make_token_rules(*read, *plan_)});
  log::info(Component::config, "generation {}: {} targets, {} rules", number_,
            plan_->targets.size(), plan_->rules.size());
  return true;
}

void Policies::refuse() {
  ++refused_;
  for (const Violation& violation : violations_) {
    log::error(Component::config, "{}", to_text(violation));
  }
  log::error(Component::config, "{} violations: generation {} stays in force", violations_.size(),
             number_);
}

}  // namespace skiff
