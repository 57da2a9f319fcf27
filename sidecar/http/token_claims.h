#pragma once

#include <span>
#include <string_view>

namespace skiff {

// One of a token's claims, as text.
struct TokenClaim {
  std::string_view name;  // As the key of a limit names it.
  std::string_view value;
};

// Those claims of a verified token that some limit asks for. Who reads them trusts them: nothing
// else may put them into an exchange.
struct TokenClaims {
  std::string_view issuer;  // Who answers for them: the same claim of another issuer is another.
  std::span<const TokenClaim> all;

  // Null: the token does not have it, or not as text, number or boolean.
  const TokenClaim* find(std::string_view name) const {
    for (const TokenClaim& claim : all)
      if (claim.name == name) return &claim;
    return nullptr;
  }
};

}  // namespace skiff
