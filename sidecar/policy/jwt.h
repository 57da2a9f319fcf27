#pragma once

#include <array>
#include <atomic>
#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/openssl_handles.h"
#include "config/schema/jwt_policy.h"
#include "sidecar/http/forwarder.h"
#include "sidecar/policy/jwt_memory.h"
#include "sidecar/policy/jwt_signature.h"
#include "sidecar/policy/jwt_token.h"

namespace skiff {

// A JWTPolicy, with its keys ready. Immutable; all workers ask it.
class JwtRules final {
 public:
  // `claims`: those that limits and rules ask for.
  JwtRules(const JWTPolicy& policy, std::vector<std::string> claims);

  struct Key {
    std::string id;
    std::bitset<jwt_algorithm_count> algorithms;  // That the provider allows and the key fits.
    KeyPtr key;
  };
  struct Provider {
    std::string issuer;
    std::vector<std::string> audiences;
    std::bitset<jwt_algorithm_count> algorithms;
    std::vector<Key> keys;
    std::chrono::seconds leeway{};
    std::size_t header = 0;  // Index.
  };
  struct Header {
    std::string name;  // In lower case.
    FieldId id;
  };

  const std::string& name() const { return name_; }  // `NAMESPACE/NAME`
  bool is_required() const { return is_required_; }
  std::size_t token_bytes() const { return token_bytes_; }
  std::size_t max_remembered() const { return max_remembered_; }
  const std::vector<std::string>& claims() const { return claims_; }
  const std::vector<Header>& headers() const { return headers_; }  // Of all providers, each once.
  const std::vector<Provider>& providers() const { return providers_; }
  // Equal where the same tokens are good, but for the time, and the same is asked of them.
  const TokenHash& fingerprint() const { return fingerprint_; }

 private:
  // Appends to `text` what the fingerprint is of.
  void add(const JWTProvider& config, std::string& text);

  const std::string name_;
  const bool is_required_;
  const std::size_t token_bytes_;
  const std::size_t max_remembered_;
  const std::vector<std::string> claims_;
  std::vector<Header> headers_;
  std::vector<Provider> providers_;
  TokenHash fingerprint_;
};

// What a policy decided; counted by any thread.
struct JwtCounts {
  using Cell = std::atomic<std::uint64_t>;
  Cell* valid;
  Cell* none;  // There was no token, and none is asked for.
  // By reason, from jwt_missing on.
  std::array<Cell*, 1 + static_cast<std::size_t>(ErrorKind::jwt_audience) -
                        static_cast<std::size_t>(ErrorKind::jwt_missing)>
      refused;
  Cell* signatures;  // That were checked.
};

// A JWTPolicy at one worker: asks a request for its token, and remembers those whose signatures it
// checked: the good ones, and apart from them, so that they take no place of theirs, an eighth as
// many that were refused. Whether a remembered token is expired is asked anew each time. Refuses
// with an ErrorKind of jwt_missing to jwt_audience; the answer has `WWW-Authenticate` (RFC 6750,
// 3). Sources: RFC 7519, 7.2; RFC 8725, 3.
class Jwt final {
 public:
  Jwt(std::shared_ptr<const JwtRules> rules, const JwtCounts& counts);

  const std::string& name() const { return rules_->name(); }

  // Goes on with what `before` remembers, if the same tokens are good for both; else with nothing.
  // `before` is asked no more, and of the same worker.
  void take_memory_of(Jwt& before);

  // True: the request may go on, and exchange.claims is what its token says; null: it has none.
  // They live as long as the exchange and this. False: it was refused.
  bool lets_through(Exchange& exchange, Reply& reply, WallSeconds now);

 private:
  // Where a token stands.
  struct Found {
    std::string_view token;  // data() null: nowhere.
    std::size_t header = 0;
    std::optional<JwtProblem> problem{};
  };

  Found find(const Request& request) const;
  // Null: `memory` does not have the token, or it stood elsewhere.
  const RememberedToken* recall(JwtMemory& memory, const TokenHash& hash, const Found& found) const;
  // Nothing: it is good; its claims are in `exchange`.
  std::optional<JwtProblem> check(const Found& found, Exchange& exchange, WallSeconds now);
  void remember(const TokenHash& hash, RememberedToken token, bool is_good);
  // Nothing: the signature was checked, and `read` is what to remember.
  std::optional<JwtProblem> verify(const Found& found, RememberedToken& read) const;
  // Nothing: it was checked, and read.problem says if it is not right.
  std::optional<JwtProblem> verify_signature(const JwtRules::Provider& provider,
                                             const JwtToken& token, RememberedToken& read) const;
  std::optional<JwtProblem> judge(const RememberedToken& token, WallSeconds now) const;
  void give_claims(const RememberedToken& token, Exchange& exchange) const;
  void refuse(const JwtProblem& problem, Exchange& exchange, Reply& reply) const;

  const std::shared_ptr<const JwtRules> rules_;
  const JwtCounts counts_;
  JwtMemory good_;
  JwtMemory refused_;
};

}  // namespace skiff
