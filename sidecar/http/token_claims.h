#pragma once

#include <span>
#include <string_view>

namespace skiff {

// One of a token's claims, or an item of one.
struct TokenClaim {
  // A text, number or boolean; a list, whose items come behind it; an item of it; something else,
  // or too long or too many.
  enum class Form { text, list, item, other };
  std::string_view name;   // As who asks for it names it.
  std::string_view value;  // Empty for a list and something else.
  Form form = Form::text;
};

// Those claims of a verified token that a limit or a rule asks for. Who reads them trusts them:
// nothing else may put them into an exchange.
struct TokenClaims {
  std::string_view issuer;  // Who answers for them: the same claim of another issuer is another.
  std::span<const TokenClaim> all;

  // Null: the token does not have it, or not as text, number or boolean.
  const TokenClaim* find(std::string_view name) const {
    for (const TokenClaim& claim : all)
      if (claim.name == name && claim.form == TokenClaim::Form::text) return &claim;
    return nullptr;
  }
};

}  // namespace skiff
