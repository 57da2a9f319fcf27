#pragma once

#include <string>

#include "config/schema/authorization_policy.h"
#include "sidecar/http/token_claims.h"
#include "sidecar/policy/value_condition.h"

namespace skiff {

// What a rule asks of a claim. Immutable; any thread.
class ClaimCondition final {
 public:
  explicit ClaimCondition(const AuthorizationClaim& said)
      : name_(said.name), present_(said.present), value_(said.exact, said.regex) {}

  // Of a list one item is enough. `claims` null: there is no verified token. `unknown`: what it is
  // without a token, and of a value that is neither text, number, boolean nor a list of these.
  bool holds(const TokenClaims* claims, bool unknown) const;

 private:
  const std::string name_;
  const std::optional<bool> present_;
  const ValueCondition value_;
};

}  // namespace skiff
