#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <string_view>

#include "base/openssl_handles.h"
#include "config/schema/jwt_policy.h"

namespace skiff {

// SHA-256 of a token: nobody can find another with the same.
using TokenHash = std::array<unsigned char, 32>;

// OpenSSL's part of tokens, in the library context that handshakes use (transport/tls_library.h):
// it is made when first needed. One worker's.
class JwtSignatures final {
 public:
  // Whether `signature` is that of `text` by the key, whose type fits the algorithm (jwk_set.h).
  // Leaves no error in OpenSSL's queue.
  bool holds(JwtAlgorithm algorithm, EVP_PKEY& key, std::string_view text,
             std::string_view signature);

  // Needs no memory after the first time. False: OpenSSL has no SHA-256.
  bool hash(std::string_view token, TokenHash& hash);

 private:
  using ContextPtr = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
  using DigestPtr = std::unique_ptr<EVP_MD, FreeWith<EVP_MD_free>>;

  ContextPtr context_;  // Null before the first use.
  DigestPtr sha256_;
};

}  // namespace skiff
