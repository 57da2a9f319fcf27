#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <vector>

namespace skiff {

template <auto free_it>
struct FreeWith {
  template <typename T>
  void operator()(T* held) const {
    free_it(held);
  }
};

// What OpenSSL hands out, each with one owner.
using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, FreeWith<X509_free>>;
using RootStorePtr = std::unique_ptr<X509_STORE, FreeWith<X509_STORE_free>>;
using RootCheckPtr = std::unique_ptr<X509_STORE_CTX, FreeWith<X509_STORE_CTX_free>>;
using AltNamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<GENERAL_NAMES_free>>;
using SslPtr = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using SslSessionPtr = std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>>;

// A list of certificates that belong to others.
inline void free_certificate_list(STACK_OF(X509) * list) { sk_X509_free(list); }
using CertificateListPtr = std::unique_ptr<STACK_OF(X509), FreeWith<free_certificate_list>>;

using Certificates = std::vector<CertificatePtr>;

}  // namespace skiff
