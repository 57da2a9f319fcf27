#include "sidecar/policy/claim_condition.h"

namespace skiff {

bool ClaimCondition::holds(const TokenClaims* claims, bool unknown) const {
  using Form = TokenClaim::Form;
  if (claims == nullptr) return unknown;
  bool is_there = false;
  for (const TokenClaim& claim : claims->all) {
    if (claim.name != name_) continue;
    is_there = true;
    if (present_) break;
    if (claim.form == Form::other) return unknown;
    if (claim.form != Form::list && value_.holds(claim.value, unknown)) return true;
  }
  return present_ && *present_ == is_there;
}

}  // namespace skiff
