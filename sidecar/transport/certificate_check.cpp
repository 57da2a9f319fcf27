#include "sidecar/transport/certificate_check.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/certificate.h"
#include "base/spiffe.h"

namespace skiff {
namespace {

constexpr int deepest_chain = 6;  // Certificates between leaf and root.
constexpr int least_rsa_bits = 2048;
constexpr int least_security_bits = 128;  // Of other keys: P-256 has 128, Ed25519 too.

bool has_usage(const X509& certificate, std::uint32_t usage) {
  return (X509_get_key_usage(const_cast<X509*>(&certificate)) & usage) != 0;
}

// X509_get_key_usage() says "all" where the extension is absent.
bool says_usage(const X509& certificate) {
  return X509_get_key_usage(const_cast<X509*>(&certificate)) != UINT32_MAX;
}

// Each check gives TlsFailure::none where nothing is wrong.
Refusal wrong_usage(const char* why) { return {TlsFailure::wrong_usage, why}; }

Refusal check_usage(const X509& leaf, TlsRole role) {
  auto* const unchanged = const_cast<X509*>(&leaf);
  if ((X509_get_extension_flags(unchanged) & EXFLAG_CA) != 0 || X509_check_ca(unchanged) != 0) {
    return wrong_usage("the leaf is an authority's");
  }
  if (says_usage(leaf)) {
    if (has_usage(leaf, KU_KEY_CERT_SIGN | KU_CRL_SIGN)) {
      return wrong_usage("the leaf's key may sign certificates or revocations");
    }
    if (!has_usage(leaf, KU_DIGITAL_SIGNATURE)) {
      return wrong_usage("the leaf lacks digitalSignature");
    }
  }
  const bool is_client = role == TlsRole::client;
  const std::uint32_t purposes = X509_get_extended_key_usage(unchanged);  // Absent: all.
  if ((purposes & (is_client ? XKU_SSL_CLIENT : XKU_SSL_SERVER)) == 0) {
    return wrong_usage(is_client ? "the leaf lacks clientAuth" : "the leaf lacks serverAuth");
  }
  return {};
}

Result<std::string, Refusal> identity_of(const X509& leaf) {
  std::vector<std::string> uris = uris_of(leaf);
  if (uris.empty()) {
    return Refusal{TlsFailure::no_identity, "the leaf has no URI among its alternative names"};
  }
  if (uris.size() > 1) {
    return Refusal{TlsFailure::several_identities,
                   fmt::format("the leaf has {} URIs among its alternative names", uris.size())};
  }
  if (!parse_spiffe_id(uris.front())) {
    return Refusal{TlsFailure::no_identity, "the leaf's URI is no workload's SPIFFE id"};
  }
  return std::move(uris.front());
}

bool is_strong_key(const X509& certificate) {
  const EVP_PKEY* key = X509_get0_pubkey(&certificate);
  if (key == nullptr) return false;
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA || EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA_PSS) {
    return EVP_PKEY_get_bits(key) >= least_rsa_bits;
  }
  return EVP_PKEY_get_security_bits(key) >= least_security_bits;
}

bool is_strong_signature(X509& certificate) {
  int digest = NID_undef;
  int key = NID_undef;
  if (X509_get_signature_info(&certificate, &digest, &key, nullptr, nullptr) != 1) return false;
  return key == NID_ED25519 || key == NID_ED448 || digest == NID_sha256 || digest == NID_sha384 ||
         digest == NID_sha512;
}

// `leaf`, `intermediate 1`, `root`: the `index`th of a chain of `size`.
std::string place(int index, int size) {
  if (index == 0) return "the leaf";
  if (index == size - 1) return "the root";
  return fmt::format("intermediate {}", index);
}

// A root's own signature proves nothing: it is trusted because it is there.
Refusal check_strength(const STACK_OF(X509) * chain) {
  const int size = sk_X509_num(chain);
  for (int i = 0; i < size; ++i) {
    X509* const certificate = sk_X509_value(chain, i);
    if (!is_strong_key(*certificate)) {
      return Refusal{TlsFailure::weak_key, fmt::format("the key of {}", place(i, size))};
    }
    if (i + 1 < size && !is_strong_signature(*certificate)) {
      return Refusal{TlsFailure::weak_key, fmt::format("the signature of {}", place(i, size))};
    }
  }
  return {};
}

Refusal check_time(const STACK_OF(X509) * chain, std::int64_t now, Verified& life) {
  const int size = sk_X509_num(chain);
  life.not_before = std::numeric_limits<std::int64_t>::min();
  life.not_after = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < size; ++i) {
    const Validity validity = validity_of(*sk_X509_value(chain, i));
    if (now > validity.not_after + clock_skew_allowance_s) {
      return Refusal{TlsFailure::expired,
                     fmt::format("{} expired at {}", place(i, size), utc_text(validity.not_after))};
    }
    if (now < validity.not_before - clock_skew_allowance_s) {
      return Refusal{TlsFailure::not_yet_valid, fmt::format("{} is valid from {}", place(i, size),
                                                            utc_text(validity.not_before))};
    }
    life.not_before = std::max(life.not_before, validity.not_before);
    life.not_after = std::min(life.not_after, validity.not_after);
  }
  return {};
}

RootStorePtr make_store(const std::string& pem) {
  RootStorePtr store(X509_STORE_new());
  const auto roots = read_certificates(pem);
  if (!roots) return store;  // Checked before; else nobody is trusted.
  for (const CertificatePtr& root : *roots) X509_STORE_add_cert(store.get(), root.get());
  ERR_clear_error();
  return store;
}

// Looks for a path from `leaf` to one of `roots`. The time is looked at later, with its allowance.
RootCheckPtr find_path(X509_STORE& roots, X509& leaf, STACK_OF(X509) * chain, bool& found) {
  RootCheckPtr check(X509_STORE_CTX_new());
  X509_STORE_CTX_init(check.get(), &roots, &leaf, chain);
  X509_STORE_CTX_set_flags(check.get(), X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_TRUSTED_FIRST);
  X509_STORE_CTX_set_depth(check.get(), deepest_chain);
  found = X509_verify_cert(check.get()) == 1;
  ERR_clear_error();
  return check;
}

}  // namespace

Result<std::string, Refusal> check_leaf(const X509& leaf, TlsRole role) {
  auto identity = identity_of(leaf);
  if (!identity) return identity;
  Refusal refusal = check_usage(leaf, role);
  if (refusal.failure != TlsFailure::none) return refusal;
  return identity;
}

bool is_current(const Verified& verified, std::int64_t now) {
  return now >= verified.not_before - clock_skew_allowance_s &&
         now <= verified.not_after + clock_skew_allowance_s;
}

TrustedRoots::TrustedRoots(const std::vector<TrustBundle>& bundles) {
  for (const TrustBundle& bundle : bundles) {
    domains_.push_back({bundle.trust_domain, make_store(bundle.roots)});
  }
}

const TrustedRoots::Domain* TrustedRoots::find(std::string_view trust_domain) const {
  const auto found = std::ranges::find(domains_, trust_domain, &Domain::name);
  return found == domains_.end() ? nullptr : &*found;
}

// Tells a stranger from a domain that speaks for another.
Refusal TrustedRoots::unknown_root(X509& leaf, STACK_OF(X509) * chain,
                                   const Domain& claimed) const {
  for (const Domain& domain : domains_) {
    bool found = false;
    if (&domain == &claimed) continue;
    find_path(*domain.roots, leaf, chain, found);
    if (found) {
      return {TlsFailure::trust_domain,
              fmt::format("a root of {} vouches for an id of {}", domain.name, claimed.name)};
    }
  }
  return {TlsFailure::unknown_root, fmt::format("no root of {} vouches for it", claimed.name)};
}

Result<Verified, Refusal> TrustedRoots::verify(X509& leaf, STACK_OF(X509) * chain, TlsRole role,
                                               std::int64_t now) const {
  auto identity = check_leaf(leaf, role);
  if (!identity) return identity.error();
  const std::string_view trust_domain = parse_spiffe_id(*identity)->trust_domain;
  const Domain* const domain = find(trust_domain);
  if (domain == nullptr) {
    return Refusal{TlsFailure::trust_domain, fmt::format("{} is not trusted here", trust_domain)};
  }
  bool found = false;
  const RootCheckPtr check = find_path(*domain->roots, leaf, chain, found);
  if (!found) return unknown_root(leaf, chain, *domain);

  Verified verified{std::move(*identity)};
  const STACK_OF(X509)* const path = X509_STORE_CTX_get0_chain(check.get());
  Refusal refusal = check_strength(path);
  if (refusal.failure == TlsFailure::none) refusal = check_time(path, now, verified);
  if (refusal.failure != TlsFailure::none) return refusal;
  return verified;
}

}  // namespace skiff
