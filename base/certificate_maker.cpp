#include "base/certificate_maker.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstddef>

namespace skiff {
namespace {

constexpr int serial_bits = 127;  // Positive, and within the 20 bytes of RFC 5280, 4.1.2.2.

constexpr std::size_t most_common_name = 64;  // X.520, ub-common-name.

std::string text_in(BIO* out) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  return {text, static_cast<std::size_t>(size)};
}

bool set_serial(X509& certificate) {
  const std::unique_ptr<BIGNUM, FreeWith<BN_free>> serial(BN_new());
  return BN_rand(serial.get(), serial_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

bool set_names(X509& certificate, const std::string& common_name, const X509* issuer) {
  X509_NAME* const subject = X509_get_subject_name(&certificate);
  const auto* const text = reinterpret_cast<const unsigned char*>(common_name.data());
  if (X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text,
                                 static_cast<int>(common_name.size()), -1, 0) != 1) {
    return false;
  }
  return X509_set_issuer_name(&certificate,
                              issuer == nullptr ? subject : X509_get_subject_name(issuer)) == 1;
}

void add_name(GENERAL_NAMES& names, int type, const std::string& text) {
  ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
  ASN1_STRING_set(value, text.data(), static_cast<int>(text.size()));
  GENERAL_NAME* const name = GENERAL_NAME_new();
  GENERAL_NAME_set0_value(name, type, value);
  sk_GENERAL_NAME_push(&names, name);
}

bool add_alternative_names(X509& certificate, const CertificateOrder& order) {
  if (order.uris.empty() && order.dns_names.empty()) return true;
  const AltNamesPtr names(sk_GENERAL_NAME_new_null());
  for (const std::string& uri : order.uris) add_name(*names, GEN_URI, uri);
  for (const std::string& name : order.dns_names) add_name(*names, GEN_DNS, name);
  return X509_add1_ext_i2d(&certificate, NID_subject_alt_name, names.get(), 0,
                           X509V3_ADD_DEFAULT) == 1;
}

bool add_extension(X509& certificate, const X509* issuer, int kind, const std::string& value) {
  if (value.empty()) return true;
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, const_cast<X509*>(issuer == nullptr ? &certificate : issuer),
                 &certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) return false;
  const int added = X509_add_ext(&certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return added == 1;
}

bool add_extensions(X509& certificate, const CertificateOrder& order, const X509* issuer) {
  const auto add = [&](int kind, const std::string& value) {
    return add_extension(certificate, issuer, kind, value);
  };
  return add(NID_basic_constraints, order.authority ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
         add(NID_key_usage, order.key_usage) && add(NID_ext_key_usage, order.extended_key_usage) &&
         add(NID_subject_key_identifier, "hash") &&
         (issuer == nullptr || add(NID_authority_key_identifier, "keyid")) &&
         add_alternative_names(certificate, order);
}

}  // namespace

CertificateOrder order_root(std::string_view name, std::string_view trust_domain, std::int64_t now,
                            std::int64_t valid_seconds) {
  return {.common_name = std::string(name),
          .uris = {std::string("spiffe://").append(trust_domain)},
          .dns_names = {},
          .not_before = now - backdated_seconds,
          .not_after = now + valid_seconds,
          .authority = true,
          .key_usage = "critical,keyCertSign,cRLSign",
          .extended_key_usage = ""};
}

CertificateOrder order_leaf(std::string_view id, std::int64_t now, std::int64_t valid_seconds) {
  const std::string_view last = id.substr(id.rfind('/') + 1);  // All of it where there is no `/`.
  return {.common_name = std::string(last.substr(0, most_common_name)),
          .uris = {std::string(id)},
          .dns_names = {},
          .not_before = now - backdated_seconds,
          .not_after = now + valid_seconds};
}

KeyPtr make_key() { return KeyPtr(EVP_EC_gen("P-256")); }

CertificatePtr make_certificate(const CertificateOrder& order, EVP_PKEY& key, const X509* issuer,
                                EVP_PKEY& signer) {
  CertificatePtr certificate(X509_new());
  X509& made = *certificate;
  const EVP_MD* const digest =
      order.digest.empty() ? nullptr : EVP_get_digestbyname(order.digest.c_str());
  const bool ok = X509_set_version(&made, X509_VERSION_3) == 1 && set_serial(made) &&
                  set_names(made, order.common_name, issuer) &&
                  ASN1_TIME_set(X509_getm_notBefore(&made), order.not_before) != nullptr &&
                  ASN1_TIME_set(X509_getm_notAfter(&made), order.not_after) != nullptr &&
                  X509_set_pubkey(&made, &key) == 1 && add_extensions(made, order, issuer) &&
                  X509_sign(&made, &signer, digest) != 0;
  ERR_clear_error();
  if (!ok) return nullptr;
  return certificate;
}

std::string to_pem(const X509& certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), const_cast<X509*>(&certificate));
  return text_in(out.get());
}

std::string to_pem(const EVP_PKEY& key) {
  const BioPtr out(BIO_new(BIO_s_secmem()));
  PEM_write_bio_PKCS8PrivateKey(out.get(), &key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_in(out.get());
}

}  // namespace skiff
