#define OPENSSL_SUPPRESS_DEPRECATED

#include "sidecar/policy/jwt_signature.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/sha.h>

#include <memory>
#include <string>

#include "base/openssl_handles.h"
#include "sidecar/transport/tls_library.h"

namespace skiff {
namespace {

using ContextPtr = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

const char* digest_of(JwtAlgorithm algorithm) {
  switch (algorithm) {
    case JwtAlgorithm::rs256:
    case JwtAlgorithm::es256:
    case JwtAlgorithm::hs256:
      return "SHA256";
    case JwtAlgorithm::rs384:
    case JwtAlgorithm::es384:
    case JwtAlgorithm::hs384:
      return "SHA384";
    default:
      return "SHA512";
  }
}

// Of a coordinate of the algorithm's curve; 0: it is no curve's.
std::size_t coordinate_bytes(JwtAlgorithm algorithm) {
  switch (algorithm) {
    case JwtAlgorithm::es256:
      return 32;
    case JwtAlgorithm::es384:
      return 48;
    case JwtAlgorithm::es512:
      return 66;
    default:
      return 0;
  }
}

bool is_by_secret(JwtAlgorithm algorithm) { return algorithm >= JwtAlgorithm::hs256; }

// r and s one after the other (RFC 7518, 3.4) as OpenSSL wants them, in DER. Empty: they are none.
std::string to_der(std::string_view signature, std::size_t bytes) {
  using SignaturePtr = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;
  if (signature.size() != 2 * bytes) return {};
  const int size = static_cast<int>(bytes);
  const SignaturePtr pair(ECDSA_SIG_new());
  if (pair == nullptr ||
      ECDSA_SIG_set0(pair.get(), BN_bin2bn(bytes_of(signature), size, nullptr),
                     BN_bin2bn(bytes_of(signature.substr(bytes)), size, nullptr)) != 1) {
    return {};
  }
  std::string der(static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), nullptr)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  i2d_ECDSA_SIG(pair.get(), &at);
  return der;
}

bool holds_by_secret(EVP_MD_CTX* context, std::string_view text, std::string_view signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> expected;
  std::size_t size = expected.size();
  if (EVP_DigestSign(context, expected.data(), &size, bytes_of(text), text.size()) != 1)
    return false;
  return size == signature.size() &&
         CRYPTO_memcmp(expected.data(), signature.data(), signature.size()) == 0;
}

bool holds_by_key(EVP_MD_CTX* context, std::string_view text, std::string_view signature) {
  return EVP_DigestVerify(context, bytes_of(signature), signature.size(), bytes_of(text),
                          text.size()) == 1;
}

}  // namespace

// By functions that OpenSSL 3 would rather not have called: the others take memory for each text.
TokenHash hash_of_token(std::string_view token) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, token.data(), token.size());
  TokenHash hash;
  SHA256_Final(hash.data(), &context);
  return hash;
}

bool holds_signature(JwtAlgorithm algorithm, EVP_PKEY& key, std::string_view text,
                     std::string_view signature) {
  std::string der;
  if (const std::size_t bytes = coordinate_bytes(algorithm); bytes != 0) {
    der = to_der(signature, bytes);
    if (der.empty()) return false;
    signature = der;
  }
  const bool by_secret = is_by_secret(algorithm);
  const ContextPtr context(EVP_MD_CTX_new());
  const auto begin = by_secret ? &EVP_DigestSignInit_ex : &EVP_DigestVerifyInit_ex;
  ERR_set_mark();
  bool good = context != nullptr && begin(context.get(), nullptr, digest_of(algorithm),
                                          tls_library(), nullptr, &key, nullptr) == 1;
  if (good) good = (by_secret ? &holds_by_secret : &holds_by_key)(context.get(), text, signature);
  ERR_pop_to_mark();
  return good;
}

}  // namespace skiff
