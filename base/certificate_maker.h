#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/openssl_handles.h"

namespace skiff {

// What a certificate is to say. OpenSSL's notation for the usages; empty: none is said.
struct CertificateOrder {
  std::string common_name;
  std::vector<std::string> uris;
  std::vector<std::string> dns_names;
  std::int64_t not_before = 0;  // Seconds since 1970.
  std::int64_t not_after = 0;
  bool authority = false;
  std::string key_usage = "critical,digitalSignature";
  std::string extended_key_usage = "serverAuth,clientAuth";
  std::string digest = "SHA256";
};

// How long before its making a certificate begins to be valid, for clocks that are slow.
constexpr std::int64_t backdated_seconds = 60;

// A root of the trust domain, and a workload's leaf with the SPIFFE id `id`, as SPIFFE X509-SVID
// has them.
CertificateOrder order_root(std::string_view name, std::string_view trust_domain, std::int64_t now,
                            std::int64_t valid_seconds);
CertificateOrder order_leaf(std::string_view id, std::int64_t now, std::int64_t valid_seconds);

KeyPtr make_key();  // ECDSA P-256.

// A certificate for the holder of `key`, signed by `signer`, which belongs to `issuer`; null: by
// itself, a root. With a random serial of 127 bits. Null where OpenSSL refuses the order.
CertificatePtr make_certificate(const CertificateOrder& order, EVP_PKEY& key, const X509* issuer,
                                EVP_PKEY& signer);

std::string to_pem(const X509& certificate);
std::string to_pem(const EVP_PKEY& key);  // PKCS 8, not encrypted.

}  // namespace skiff
