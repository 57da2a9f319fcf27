#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema/authorization_policy.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/http/token_claims.h"

namespace skiff {

// What is asked, and by whom.
struct AuthorizationInput {
  std::string_view identity;  // Proved by the caller's certificate, `spiffe://…`; empty: none.
  std::uint16_t port = 0;     // Of the service.
  // In its canonical form; of Version::bytes, nothing of it is looked at.
  const Request& request;
  const TokenClaims* claims = nullptr;  // Of the verified token; null: there is none.
  // The token is not looked at yet: of its claims, what is best for the caller is assumed. Who is
  // refused then would be refused with any token and without one.
  bool token_comes_later = false;
};

// What a decision goes by: a rule, or that rules of ALLOW are there and none matched.
struct AuthorizationReason {
  std::uint32_t index = 0;  // Dense, from 0; see Authorizer::reasons().
  std::string policy;       // `NAMESPACE/NAME`; empty: no ALLOW matched.
  std::string rule;         // Empty: no ALLOW matched.
  std::string name;         // `NAMESPACE/NAME/RULE`, or `no-allow`.
};

struct AuthorizationDecision {
  bool allowed = false;
  const AuthorizationReason* reason = nullptr;  // Null: no policy says anything.
};

struct Verdict {
  AuthorizationDecision enforced;
  // As if the policies in shadow were enforced too; without any of them the same as `enforced`.
  AuthorizationDecision shadow;
};

// The policies of one service, made ready. Refused where a rule of DENY matches; else let through
// where a rule of ALLOW matches; else refused where there is a policy of ALLOW; else let through.
// Of several rules that match, the first in the order of policies (as given) and rules is named.
//
// What cannot be known counts against the caller, which fulfils a condition of DENY and fails one
// of ALLOW: who a caller without an identity is (but not that it has one, `*`); methods, paths and
// headers of bytes; the claims of a caller without a token, and one that is neither text, number,
// boolean nor a list of these; a value that is not UTF-8 for a regular expression; an expression
// that RE2 does not take. Paths are compared with their escapes decoded. All values of a repeated
// header are looked at: ALLOW needs each to match; for DENY one is enough, also one item of a list,
// or all of them joined.
//
// Immutable; any thread may ask it. Allocates only for paths with escapes and for DENY by a header
// that stands several times.
class Authorizer final {
 public:
  // `namespaces` in rules mean those of `trust_domain`; empty: none.
  Authorizer(const std::vector<AuthorizationPolicy>& policies, std::string_view trust_domain);
  Authorizer(const Authorizer&) = delete;
  Authorizer& operator=(const Authorizer&) = delete;
  ~Authorizer();

  Verdict decide(const AuthorizationInput& input) const;

  // By index.
  std::span<const AuthorizationReason> reasons() const;
  bool has_shadows() const;
  bool has_claims() const;  // In any rule.

 private:
  struct Compiled;
  std::unique_ptr<const Compiled> compiled_;
};

// Where decisions are counted; the app binds it to metrics.
class AuthorizationCounts {
 public:
  virtual void count(const Authorizer& authorizer, const AuthorizationDecision& decision,
                     AuthorizationPolicy::Mode mode) = 0;

 protected:
  ~AuthorizationCounts() = default;
};

// Refuses with ErrorKind::denied what the policies of the sidecar's own service do not let through,
// and names the rule in Marks::policy; a caller with an identity is told it too.
class Authorize final : public Forwarder {
 public:
  // What is known of the caller's token: nothing, as none is asked for; nothing yet, so that only
  // who is refused with any token is refused here, and another of these behind this one decides
  // about the others and counts them; or what Exchange::claims says.
  enum class Tokens { none, later, verified };

  // `port` is the service's. `counts` and `inner` outlive it.
  Authorize(std::shared_ptr<const Authorizer> authorizer, std::uint16_t port,
            AuthorizationCounts& counts, Forwarder& inner, Tokens tokens = Tokens::none);

  // From the next request on.
  void configure(std::shared_ptr<const Authorizer> authorizer);

  void forward(Exchange& exchange, Reply& reply) override;

 private:
  AuthorizationDecision without_token(AuthorizationInput asked) const;

  std::shared_ptr<const Authorizer> authorizer_;
  const std::uint16_t port_;
  AuthorizationCounts& counts_;
  Forwarder& inner_;
  const Tokens tokens_;
};

}  // namespace skiff
