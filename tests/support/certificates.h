#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/certificate_maker.h"
#include "sidecar/transport/tls.h"

namespace skiff::test {

// When tests with certificates play: 2026-01-01T00:00:00Z.
constexpr std::int64_t certificate_epoch = 1767225600;
constexpr std::int64_t one_day = 86400;

// A certificate with its key, and what stands between it and its root.
struct Issued {
  CertificatePtr certificate;
  KeyPtr key;
  std::string intermediates;  // PEM.

  std::string chain_pem() const { return to_pem(*certificate) + intermediates; }
  std::string key_pem() const { return to_pem(*key); }
};

// An authority that issues whatever it is told to, wrong or right.
class TestAuthority final {
 public:
  explicit TestAuthority(std::string trust_domain, std::int64_t now = certificate_epoch);

  const std::string& trust_domain() const { return trust_domain_; }
  std::string root_pem() const { return to_pem(*root_.certificate); }
  TrustBundle bundle() const { return {trust_domain_, root_pem()}; }

  CertificateOrder leaf_order(std::string_view service) const;  // A right one, of namespace `shop`.
  std::string id_of(std::string_view service) const;

  // Signed by the root, or by `issuer`. With a new P-256 key, or with `key`.
  Issued issue(const CertificateOrder& order) const { return issue(order, make_key(), root_); }
  Issued issue(const CertificateOrder& order, KeyPtr key) const {
    return issue(order, std::move(key), root_);
  }
  Issued issue(const CertificateOrder& order, KeyPtr key, const Issued& issuer) const;
  Issued issue_intermediate(std::int64_t not_after) const;
  Issued issue_leaf(std::string_view service) const { return issue(leaf_order(service)); }

  // Of `service`, which trusts this authority, and `others` too.
  TlsMaterial material(std::string_view service, std::vector<TrustBundle> others = {}) const;

 private:
  std::string trust_domain_;
  std::int64_t now_;
  Issued root_;
};

KeyPtr make_rsa_key(unsigned bits);
KeyPtr make_ec_key(const char* curve);

}  // namespace skiff::test
