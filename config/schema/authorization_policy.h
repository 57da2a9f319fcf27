#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/schema/common.h"
#include "config/schema/described.h"

namespace skiff {

// Who asks: what is named of both must hold.
struct AuthorizationSource {
  // Proved by its certificate: exact, or `spiffe://DOMAIN/PREFIX*`; `*`: whoever proves one at all.
  std::vector<std::string> identities;
  std::vector<std::string> namespaces;  // Of an identity of the own trust domain.
};

// What is asked for: all that is named must hold; of each list any item.
struct AuthorizationOperation {
  std::vector<std::string> methods;
  std::vector<std::string> paths;    // Exact, or `/PREFIX/*`: /PREFIX and all below it.
  std::vector<std::uint16_t> ports;  // Of the service.
};

// Exactly one of `exact`, `regex` and `present`. Where the header stands several times, ALLOW needs
// all its values to match, DENY any.
struct AuthorizationHeader {
  std::string name;
  std::optional<std::string> exact;
  std::optional<std::string> regex;  // RE2, of the whole value.
  std::optional<bool> present;
};

// Exactly one of `exact`, `regex` and `present`. Of a claim that is a list one item is enough.
struct AuthorizationClaim {
  std::string name;  // `sub`; or, by JSON Pointer, `/realm/tenant`.
  std::optional<std::string> exact;
  std::optional<std::string> regex;  // RE2, of the whole value.
  std::optional<bool> present;
  Position position;
};

// Matches when any of `from`, any of `to`, all of `headers` and all of `claims` do; an empty list
// holds always.
struct AuthorizationRule {
  std::string name;
  std::vector<AuthorizationSource> from;
  std::vector<AuthorizationOperation> to;
  std::vector<AuthorizationHeader> headers;
  std::vector<AuthorizationClaim> claims;  // Of the token that a JWTPolicy verified.
  Position position;
};

// Who may ask a service for what: refused where a rule of DENY matches, else let through where a
// rule of ALLOW does, else refused where there is any ALLOW, else let through. All policies that
// name the service count together with those of its whole namespace.
struct AuthorizationPolicy {
  enum class Action { allow, deny };
  enum class Mode { enforce, shadow };  // A shadow only says what it would do.
  Metadata metadata;
  std::vector<ObjectRef> target_refs;  // Services. Empty: all of the namespace.
  Action action = Action::allow;
  Mode mode = Mode::enforce;
  std::vector<AuthorizationRule> rules;
  Position position;
};

Shape describe(Of<AuthorizationSource>);
Shape describe(Of<AuthorizationOperation>);
Shape describe(Of<AuthorizationHeader>);
Shape describe(Of<AuthorizationClaim>);
Shape describe(Of<AuthorizationRule>);
Shape describe(Of<AuthorizationPolicy>);

}  // namespace skiff
