#include "tests/support/certificates.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <utility>

#include "config/schema/spiffe_id.h"

namespace skiff::test {

TestAuthority::TestAuthority(std::string trust_domain, std::int64_t now)
    : trust_domain_(std::move(trust_domain)), now_(now) {
  root_.key = make_key();
  root_.certificate =
      make_certificate(order_root("root of " + trust_domain_, trust_domain_, now_, 365 * one_day),
                       *root_.key, nullptr, *root_.key);
}

std::string TestAuthority::id_of(std::string_view service) const {
  return full_identity(workload_path("shop", service), trust_domain_);
}

CertificateOrder TestAuthority::leaf_order(std::string_view service) const {
  return order_leaf(id_of(service), now_, one_day);
}

Issued TestAuthority::issue(const CertificateOrder& order, KeyPtr key, const Issued& issuer) const {
  Issued issued;
  issued.certificate = make_certificate(order, *key, issuer.certificate.get(), *issuer.key);
  issued.key = std::move(key);
  if (&issuer != &root_) issued.intermediates = issuer.chain_pem();
  return issued;
}

Issued TestAuthority::issue_intermediate(std::int64_t not_after) const {
  CertificateOrder order = order_root("intermediate", trust_domain_, now_, one_day);
  order.not_after = not_after;
  return issue(order);
}

TlsMaterial TestAuthority::material(std::string_view service,
                                    std::vector<TrustBundle> others) const {
  const Issued leaf = issue_leaf(service);
  others.insert(others.begin(), bundle());
  return {.certificate = leaf.chain_pem(), .key = leaf.key_pem(), .bundles = std::move(others)};
}

KeyPtr make_rsa_key(unsigned bits) { return KeyPtr(EVP_RSA_gen(bits)); }
KeyPtr make_ec_key(const char* curve) { return KeyPtr(EVP_EC_gen(curve)); }

}  // namespace skiff::test
