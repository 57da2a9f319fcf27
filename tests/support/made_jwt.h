#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/openssl_handles.h"
#include "config/schema/jwt_policy.h"

namespace skiff::test {

// RFC 4648, 5, without padding.
std::string to_base64url(std::string_view bytes);

// HEADER.PAYLOAD of two texts of JSON, not signed.
std::string unsigned_jwt(std::string_view header, std::string_view payload);

// Whoever signs tokens: a pair of keys, or a secret.
class JwtSigner final {
 public:
  static JwtSigner rsa(unsigned bits = 2'048);
  static JwtSigner curve(const char* name);  // `P-256`
  static JwtSigner secret(std::string_view bytes);

  // The public part as a JWK (a secret is its own); `more` is further members, with a comma first.
  std::string jwk(std::string_view kid, std::string_view more = "") const;

  // A token, signed by OpenSSL.
  std::string sign(JwtAlgorithm algorithm, std::string_view header, std::string_view payload) const;
  // The same with `{"alg":…,"kid":KID}`.
  std::string token(JwtAlgorithm algorithm, std::string_view kid, std::string_view payload) const;

  // What libjwt makes and takes: PEM, or the secret itself.
  std::string private_key() const;
  std::string public_key() const;

  EVP_PKEY& key() const { return *key_; }

 private:
  JwtSigner(KeyPtr key, std::string secret) : key_(std::move(key)), secret_(std::move(secret)) {}

  KeyPtr key_;
  std::string secret_;
};

// One that all tests of the program share: keys of RSA take long to make.
const JwtSigner& rsa_signer();
const JwtSigner& p256_signer();

std::string jwk_set(std::initializer_list<std::string> keys);

// By libjwt: a token of these claims; whether it takes one, by the algorithm that the token says.
std::string made_by_libjwt(const JwtSigner& signer, JwtAlgorithm algorithm, std::string_view kid,
                           std::string_view payload);
bool is_taken_by_libjwt(const JwtSigner& signer, const std::string& token);

}  // namespace skiff::test
