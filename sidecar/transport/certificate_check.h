#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/openssl_handles.h"
#include "base/result.h"
#include "sidecar/transport/tls.h"

namespace skiff {

// By how much the clocks of a mesh may differ: a certificate is taken this long before and after
// its time.
constexpr std::int64_t clock_skew_allowance_s = 60;

// A chain for which a root of the trust domain that its leaf claims vouches.
struct Verified {
  std::string identity;
  std::int64_t not_before = 0;  // Of the whole chain, root included: the latest beginning,
  std::int64_t not_after = 0;   // and the earliest end. Seconds since 1970.
};

struct Refusal {
  TlsFailure failure = TlsFailure::none;
  std::string detail;  // For the log: which certificate, and what of it. May hold foreign text.
};

// What a leaf's holder does with it: the peer's role, when a peer is checked.
using TlsRole = TlsRequest::Role;

// What is asked of any leaf: one SPIFFE id with a path, a leaf's usages and those of its `role`.
// Gives the id. Usages that a leaf does not say are not restricted (RFC 5280, 4.2.1.3
// and 4.2.1.12); X509-SVID, 4.3, would have it say them, but authorities made by hand seldom do.
Result<std::string, Refusal> check_leaf(const X509& leaf, TlsRole role);

// The roots that are trusted, each only for its own trust domain: a root of one may not vouch for
// an id of another. Const after it is made. Source: SPIFFE X509-SVID, section 5; SPIFFE federation.
class TrustedRoots final {
 public:
  // Of bundles whose PEM has been checked. A bundle may be empty: nobody of its domain is trusted.
  explicit TrustedRoots(const std::vector<TrustBundle>& bundles);

  // The whole check of a peer: leaf, chain, strength of keys and signatures, time. `chain` may hold
  // the leaf too, and certificates that do not belong.
  Result<Verified, Refusal> verify(X509& leaf, STACK_OF(X509) * chain, TlsRole role,
                                   std::int64_t now) const;

 private:
  struct Domain {
    std::string name;
    RootStorePtr roots;
  };

  const Domain* find(std::string_view trust_domain) const;
  Refusal unknown_root(X509& leaf, STACK_OF(X509) * chain, const Domain& claimed) const;

  std::vector<Domain> domains_;
};

// Within its life, the allowance included.
bool is_current(const Verified& verified, std::int64_t now);

}  // namespace skiff
