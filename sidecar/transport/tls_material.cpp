#include <fmt/format.h>
#include <openssl/err.h>

#include <optional>
#include <utility>

#include "base/certificate.h"
#include "base/spiffe.h"
#include "sidecar/transport/certificate_check.h"
#include "sidecar/transport/tls.h"

namespace skiff {
namespace {

using Wrong = std::optional<std::string>;  // What is wrong, if anything is.

Wrong check_key(const Certificates& chain, const std::string& pem) {
  const auto key = read_key(pem);
  if (!key) return "key: " + key.error();
  bool fits_another = false;
  for (const CertificatePtr& certificate : chain) {
    const bool fits = X509_check_private_key(certificate.get(), key->get()) == 1;
    ERR_clear_error();
    if (fits && certificate == chain.front()) return std::nullopt;
    fits_another = fits_another || fits;
  }
  return fits_another ? "certificate: the leaf, which the key belongs to, must come first"
                      : "key: does not belong to the certificate";
}

Wrong check_order(const Certificates& chain) {
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (X509_check_issued(chain[i].get(), chain[i - 1].get()) == X509_V_OK) continue;
    return fmt::format("certificate: block {} did not issue block {}, which stands before it",
                       i + 1, i);
  }
  return std::nullopt;
}

Wrong check_bundle(const TrustBundle& bundle) {
  if (!is_trust_domain(bundle.trust_domain)) {
    return fmt::format("bundle {}: no trust domain's name", bundle.trust_domain);
  }
  const auto roots = read_certificates(bundle.roots);
  if (!roots) return fmt::format("bundle {}: {}", bundle.trust_domain, roots.error());
  for (std::size_t i = 0; i < roots->size(); ++i) {
    if (X509_check_ca((*roots)[i].get()) != 0) continue;
    return fmt::format("bundle {}: block {} is no authority's", bundle.trust_domain, i + 1);
  }
  return std::nullopt;
}

Wrong check_bundles(const std::vector<TrustBundle>& bundles) {
  if (bundles.empty()) return "bundles: none, not even of the own trust domain";
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    if (Wrong wrong = check_bundle(bundles[i])) return wrong;
    for (std::size_t other = 0; other < i; ++other) {
      if (bundles[other].trust_domain != bundles[i].trust_domain) continue;
      return fmt::format("bundle {}: named twice", bundles[i].trust_domain);
    }
  }
  if (bundles.front().roots.find("-----BEGIN ") == std::string::npos) {
    return fmt::format("bundle {}: the own trust domain's is empty", bundles.front().trust_domain);
  }
  return std::nullopt;
}

// As peers will check it, in both roles.
Wrong check_leaf_and_roots(const Certificates& chain, const TlsMaterial& material,
                           std::int64_t now) {
  for (const TlsRole role : {TlsRole::client, TlsRole::server}) {
    const auto identity = check_leaf(*chain.front(), role);
    if (!identity) return "certificate: " + identity.error().detail;
    const std::string_view domain = parse_spiffe_id(*identity)->trust_domain;
    if (domain != material.bundles.front().trust_domain) {
      return fmt::format("certificate: is of {}, and not of the own trust domain {}", domain,
                         material.bundles.front().trust_domain);
    }
  }
  const TrustedRoots roots({material.bundles.front()});
  const CertificateListPtr list(sk_X509_new_null());
  for (const CertificatePtr& certificate : chain) sk_X509_push(list.get(), certificate.get());
  const auto verified = roots.verify(*chain.front(), list.get(), TlsRole::server, now);
  if (verified) return std::nullopt;
  return "certificate: " + verified.error().detail;
}

}  // namespace

Result<LeafInfo, std::string> check_material(const TlsMaterial& material, std::int64_t now) {
  const auto chain = read_certificates(material.certificate);
  if (!chain) return "certificate: " + chain.error();
  if (chain->empty()) return std::string("certificate: holds no PEM");
  if (Wrong wrong = check_key(*chain, material.key)) return std::move(*wrong);
  if (Wrong wrong = check_order(*chain)) return std::move(*wrong);
  if (Wrong wrong = check_bundles(material.bundles)) return std::move(*wrong);
  if (Wrong wrong = check_leaf_and_roots(*chain, material, now)) return std::move(*wrong);

  const CertificateFacts facts = facts_of(*chain->front());
  return LeafInfo{.identity = facts.uris.front(),
                  .trust_domain = material.bundles.front().trust_domain,
                  .serial = facts.serial,
                  .not_before = facts.validity.not_before,
                  .not_after = facts.validity.not_after};
}

Result<LeafInfo, std::string> check_material(const TlsMaterial& material) {
  return check_material(material, wall_seconds());
}

}  // namespace skiff
