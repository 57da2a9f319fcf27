#include "tests/support/made_jwt.h"

#include <jwt.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace skiff::test {
namespace {

using ContextPtr = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using PairPtr = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string bytes_of(const BIGNUM* number, std::size_t size = 0) {
  if (size == 0) size = static_cast<std::size_t>(BN_num_bytes(number));
  std::string bytes(size, '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size));
  return bytes;
}

std::string parameter(EVP_PKEY* key, const char* name, std::size_t size = 0) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(key, name, &number);
  const NumberPtr owner(number);
  return to_base64url(bytes_of(number, size));
}

std::size_t coordinate_size(EVP_PKEY* key) {
  return static_cast<std::size_t>((EVP_PKEY_get_bits(key) + 7) / 8);
}

const char* digest_of(JwtAlgorithm algorithm) {
  constexpr const char* digests[] = {"SHA256", "SHA384", "SHA512"};
  return digests[static_cast<std::size_t>(algorithm) % 3];
}

std::string_view name_of(JwtAlgorithm algorithm) {
  return jwt_algorithm_names()[static_cast<std::size_t>(algorithm)];
}

// r and s one after the other.
std::string from_der(const std::string& der, std::size_t size) {
  const unsigned char* at = bytes_of(der);
  const PairPtr pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  return bytes_of(ECDSA_SIG_get0_r(pair.get()), size) +
         bytes_of(ECDSA_SIG_get0_s(pair.get()), size);
}

std::string text_of(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

std::string to_base64url(std::string_view bytes) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) text.push_back(alphabet[bits >> (count - 6) & 63]);
  }
  if (count > 0) text.push_back(alphabet[bits << (6 - count) & 63]);
  return text;
}

std::string unsigned_jwt(std::string_view header, std::string_view payload) {
  return to_base64url(header) + "." + to_base64url(payload);
}

JwtSigner JwtSigner::rsa(unsigned bits) {
  return {KeyPtr(EVP_RSA_gen(static_cast<std::size_t>(bits))), {}};
}

JwtSigner JwtSigner::curve(const char* name) { return {KeyPtr(EVP_EC_gen(name)), {}}; }

JwtSigner JwtSigner::secret(std::string_view bytes) {
  return {
      KeyPtr(EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, nullptr, bytes_of(bytes), bytes.size())),
      std::string(bytes)};
}

std::string JwtSigner::jwk(std::string_view kid, std::string_view more) const {
  std::string text = R"({"kid":")" + std::string(kid) + "\"" + std::string(more);
  if (!secret_.empty()) {
    return text + R"(,"kty":"oct","k":")" + to_base64url(secret_) + "\"}";
  }
  if (EVP_PKEY_is_a(key_.get(), "RSA") == 1) {
    return text + R"(,"kty":"RSA","n":")" + parameter(key_.get(), OSSL_PKEY_PARAM_RSA_N) +
           R"(","e":")" + parameter(key_.get(), OSSL_PKEY_PARAM_RSA_E) + "\"}";
  }
  const std::size_t size = coordinate_size(key_.get());
  const char* const name = size == 32 ? "P-256" : size == 48 ? "P-384" : "P-521";
  return text + R"(,"kty":"EC","crv":")" + name + R"(","x":")" +
         parameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, size) + R"(","y":")" +
         parameter(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, size) + "\"}";
}

std::string JwtSigner::sign(JwtAlgorithm algorithm, std::string_view header,
                            std::string_view payload) const {
  const std::string text = unsigned_jwt(header, payload);
  const ContextPtr context(EVP_MD_CTX_new());
  std::string signature(1'024, '\0');
  std::size_t size = signature.size();
  if (EVP_DigestSignInit_ex(context.get(), nullptr, digest_of(algorithm), nullptr, nullptr,
                            key_.get(), nullptr) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(text), text.size()) != 1) {
    throw std::runtime_error("the key does not sign so");
  }
  signature.resize(size);
  if (EVP_PKEY_is_a(key_.get(), "EC") == 1)
    signature = from_der(signature, coordinate_size(key_.get()));
  return text + "." + to_base64url(signature);
}

std::string JwtSigner::token(JwtAlgorithm algorithm, std::string_view kid,
                             std::string_view payload) const {
  return sign(
      algorithm,
      R"({"alg":")" + std::string(name_of(algorithm)) + R"(","kid":")" + std::string(kid) + "\"}",
      payload);
}

std::string JwtSigner::private_key() const {
  if (!secret_.empty()) return secret_;
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio.get());
}

std::string JwtSigner::public_key() const {
  if (!secret_.empty()) return secret_;
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PUBKEY(bio.get(), key_.get());
  return text_of(bio.get());
}

const JwtSigner& rsa_signer() {
  static const JwtSigner one = JwtSigner::rsa();
  return one;
}

const JwtSigner& p256_signer() {
  static const JwtSigner one = JwtSigner::curve("P-256");
  return one;
}

std::string jwk_set(std::initializer_list<std::string> keys) {
  std::string text = R"({"keys":[)";
  for (const std::string& key : keys) {
    if (!text.ends_with('[')) text += ",";
    text += key;
  }
  return text + "]}";
}

std::string made_by_libjwt(const JwtSigner& signer, JwtAlgorithm algorithm, std::string_view kid,
                           std::string_view payload) {
  const std::string key = signer.private_key();
  jwt_t* jwt = nullptr;
  jwt_new(&jwt);
  const std::unique_ptr<jwt_t, FreeWith<jwt_free>> owner(jwt);
  jwt_add_header(jwt, "kid", std::string(kid).c_str());
  jwt_add_grants_json(jwt, std::string(payload).c_str());
  jwt_set_alg(jwt, jwt_str_alg(std::string(name_of(algorithm)).c_str()),
              reinterpret_cast<const unsigned char*>(key.data()), static_cast<int>(key.size()));
  const std::unique_ptr<char, FreeWith<std::free>> text(jwt_encode_str(jwt));
  return text == nullptr ? std::string() : std::string(text.get());
}

bool is_taken_by_libjwt(const JwtSigner& signer, const std::string& token) {
  const std::string key = signer.public_key();
  jwt_t* jwt = nullptr;
  const int refused =
      jwt_decode(&jwt, token.c_str(), reinterpret_cast<const unsigned char*>(key.data()),
                 static_cast<int>(key.size()));
  const std::unique_ptr<jwt_t, FreeWith<jwt_free>> owner(jwt);
  return refused == 0;
}

}  // namespace skiff::test
