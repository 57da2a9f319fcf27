#include "sidecar/transport/tls_library.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/openssl_handles.h"
#include "tests/support/certificates.h"

namespace skiff {
namespace {

// A certificate with this key, signed by itself, as a peer would send it.
std::string encoded_certificate(EVP_PKEY& key) {
  const CertificatePtr made(X509_new());
  X509_set_pubkey(made.get(), &key);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 60);
  const bool hashes_itself =
      EVP_PKEY_is_a(&key, "ED25519") == 1 || EVP_PKEY_is_a(&key, "ED448") == 1;
  X509_sign(made.get(), &key, hashes_itself ? nullptr : EVP_sha256());
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(made.get(), &bytes);
  std::string text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return text;
}

// Reads it there, and verifies it with its own key.
bool verifies(OSSL_LIB_CTX* library, const std::string& text) {
  X509* read = X509_new_ex(library, nullptr);
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const bool could_read = d2i_X509(&read, &at, static_cast<long>(text.size())) != nullptr;
  const CertificatePtr certificate(read);
  EVP_PKEY* const key = could_read ? X509_get0_pubkey(certificate.get()) : nullptr;
  const bool verified = key != nullptr && X509_verify(certificate.get(), key) == 1;
  ERR_clear_error();
  return verified;
}

KeyPtr make_key(const char* kind) { return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, kind)); }

TEST(TlsLibrary, ReadsTheKeysThatTlsKnows) {
  ASSERT_NE(tls_library(), nullptr);
  for (const char* curve : {"P-256", "P-384", "P-521"}) {
    const KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
    EXPECT_TRUE(verifies(tls_library(), encoded_certificate(*key))) << curve;
  }
  EXPECT_TRUE(verifies(tls_library(), encoded_certificate(*test::make_rsa_key(2048))));
  EXPECT_TRUE(verifies(tls_library(), encoded_certificate(*make_key("ED25519"))));
}

TEST(TlsLibrary, LeavesOutOthers) {
  const std::string text = encoded_certificate(*make_key("ED448"));
  EXPECT_TRUE(verifies(nullptr, text));
  EXPECT_FALSE(verifies(tls_library(), text));
}

TEST(TlsLibrary, IsTheDefaultOfTheThreadWhileItIsUsed) {
  OSSL_LIB_CTX* const before = OSSL_LIB_CTX_set0_default(nullptr);
  {
    const UseTlsLibrary use;
    EXPECT_EQ(OSSL_LIB_CTX_set0_default(nullptr), tls_library());
  }
  EXPECT_EQ(OSSL_LIB_CTX_set0_default(nullptr), before);
}

TEST(TlsLibrary, HasAllThatAContextOfTlsNeeds) {
  const SslContextPtr context(SSL_CTX_new_ex(tls_library(), nullptr, TLS_method()));
  ASSERT_NE(context, nullptr);
  EXPECT_EQ(SSL_CTX_set1_groups_list(context.get(), "X25519:P-256"), 1);
}

}  // namespace
}  // namespace skiff
